import { DESCRIPTION, SITE, escape, instant } from "./parts.js";

const NEWEST = 50;

export default class {
  data() {
    return {
      pagination: { data: "collections.selections", size: 1, alias: "selection" },
      permalink: ({ selection }) => `${selection.home}rss.xml`,
    };
  }

  render({ selection: { name, home, articles } }) {
    return `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dcterms="http://purl.org/dc/terms/"><channel>
<title>${escape(name)}</title><link>${SITE}${home}</link><description>${DESCRIPTION}</description><language>en</language>
<atom:link rel="self" type="application/rss+xml" href="${SITE}${home}rss.xml"/>
${articles.slice(0, NEWEST).map(item).join("\n")}
</channel></rss>
`;
  }
}

function item({ url, date, data, content }) {
  const page = SITE + url;
  const kinds = [data.category, ...data.tags].map((kind) => `<category>${escape(kind)}</category>`).join("");
  return `<item><title>${escape(data.title)}</title><link>${page}</link><guid isPermaLink="false">${page}</guid><pubDate>${date.toUTCString()}</pubDate><dcterms:modified>${instant(date)}</dcterms:modified><dc:creator>${escape(data.author)}</dc:creator>${kinds}<description>${escape(data.summary)}</description><content:encoded>${escape(content)}</content:encoded></item>`;
}
