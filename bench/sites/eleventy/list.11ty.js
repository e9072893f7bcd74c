import { DESCRIPTION, LETTERS, SECTIONS, SHARE_CARD, SITE, TITLE, escape, feedLinks, layout, line, slug, teaser } from "./parts.js";

const address = (home, at) => (at === 1 ? home : `${home}page/${at}/`);

export default class {
  data() {
    return {
      pagination: { data: "collections.listPages", size: 1, alias: "list" },
      permalink: ({ list }) => `${address(list.home, list.at)}index.html`,
    };
  }

  render({ list: { name, home, articles, at, count }, collections: { selections } }) {
    const about = `<link rel="canonical" href="${SITE}${address(home, at)}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="${TITLE}">
<meta property="og:title" content="${escape(name)}">
<meta property="og:url" content="${SITE}${home}">
<meta name="description" content="${DESCRIPTION}">
<meta property="og:description" content="${DESCRIPTION}">
${SHARE_CARD}`;
    const newer = at > 1 ? `<a class="newer" rel="prev" href="${address(home, at - 1)}">Newer stories</a>\n<span class="number">Page ${at}</span>` : "";
    const older = at < count ? `<a class="older" rel="next" href="${address(home, at + 1)}">Older stories</a>` : "";
    const pager = newer || older ? `<nav class="pager" aria-label="Pages">${newer} ${older}</nav>` : "";
    const isFront = home === "/" && at === 1;
    return layout({
      title: name,
      about,
      own: feedLinks(name, home),
      head: isFront ? WEBSITE : "",
      section: name,
      content: isFront ? front(articles, selections, pager) : listing(name, home, articles, pager),
    });
  }
}

const listing = (name, home, articles, pager) => `<div class="sheet listing">
<header>
<h1 dir="auto">${escape(name)}</h1>
<div class="ways">
<ul class="formats" aria-label="Feeds">
<li><a href="${home}rss.xml" type="application/rss+xml">RSS</a></li>
<li><a href="${home}atom.xml" type="application/atom+xml">Atom</a></li>
<li><a href="${home}feed.json" type="application/feed+json">JSON Feed</a></li>
</ul>
</div>
</header>
${articles.map(teaser).join("\n")}
${pager}
</div>`;

const WEBSITE = `<script type="application/ld+json">${JSON.stringify({ "@context": "https://schema.org", "@type": "WebSite", name: TITLE, url: `${SITE}/` })}</script>`;

const front = (articles, selections, pager) => `<div class="sheet front with-rail">
<div class="news">
${teaser(articles[0])}
<div class="field">
${articles.slice(1, 5).map(teaser).join("\n")}
</div>
</div>
<section class="rail" aria-labelledby="latest">
<h2 id="latest">Latest</h2>
<ol class="lines">
${articles.slice(5, 13).map(line).join("\n")}
</ol>
</section>
</div>
<div class="sheet blocks">
${SECTIONS.map((name) => block(name, selections, new Set(articles.slice(0, 13)))).join("\n")}
</div>
${LETTERS}
<div class="sheet beyond">${pager}</div>`;

function block(name, selections, shown) {
  const home = `/category/${slug(name)}/`;
  const inside = selections.find((selection) => selection.home === home)?.articles ?? [];
  const [first, ...others] = inside.filter((article) => !shown.has(article)).slice(0, 4);
  if (!first) return "";
  return `<section class="block" aria-labelledby="block-${slug(name)}">
<h2 id="block-${slug(name)}" dir="auto"><a href="${home}">${name}</a></h2>
${teaser(first)}
<ul class="lines">
${others.map(line).join("\n")}
</ul>
</section>`;
}
