import { SITE, instant } from "./parts.js";

const NEWEST = 50;

export default class {
  data() {
    return {
      pagination: { data: "collections.selections", size: 1, alias: "selection" },
      permalink: ({ selection }) => `${selection.home}feed.json`,
    };
  }

  render({ selection: { name, home, articles } }) {
    return JSON.stringify({
      version: "https://jsonfeed.org/version/1.1",
      title: name,
      home_page_url: SITE + home,
      feed_url: `${SITE}${home}feed.json`,
      language: "en",
      items: articles.slice(0, NEWEST).map(item),
    });
  }
}

function item({ url, date, data, content }) {
  return {
    id: SITE + url,
    url: SITE + url,
    title: data.title,
    summary: data.summary,
    content_html: content,
    date_published: instant(date),
    date_modified: instant(date),
    authors: [{ name: data.author }],
    tags: data.tags,
  };
}
