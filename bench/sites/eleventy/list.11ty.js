import { DESCRIPTION, SITE, TITLE, escape, feedLinks, layout, teaser } from "./parts.js";

const address = (home, at) => (at === 1 ? home : `${home}page/${at}/`);

export default class {
  data() {
    return {
      pagination: { data: "collections.listPages", size: 1, alias: "list" },
      permalink: ({ list }) => `${address(list.home, list.at)}index.html`,
    };
  }

  render({ list: { name, home, articles, at, count } }) {
    const about = `<link rel="canonical" href="${SITE}${address(home, at)}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="${TITLE}">
<meta property="og:title" content="${escape(name)}">
<meta property="og:url" content="${SITE}${home}">
<meta name="description" content="${DESCRIPTION}">
${feedLinks(name, home)}`;
    const newer = at > 1 ? `<a rel="prev" href="${address(home, at - 1)}">Newer</a>` : "";
    const older = at < count ? `<a rel="next" href="${address(home, at + 1)}">Older</a>` : "";
    const content = `<div class="sheet listing">
<h1>${escape(name)}</h1>
${articles.map(teaser).join("\n")}
<nav>${newer} ${older}</nav>
</div>`;
    return layout({ title: name, about, content });
  }
}
