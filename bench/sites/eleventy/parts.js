// What several templates are made of.
import { readFileSync } from "node:fs";

export const SITE = "https://news.example.org";
export const TITLE = "Bench Post";
export const DESCRIPTION = "News from the harbour, the islands and the coast";
const BOILERPLATE = readFileSync(new URL("boilerplate.html", import.meta.url), "utf8");

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escape = (text) => String(text).replace(/[&<>"]/g, (letter) => ESCAPES[letter]);
export const slug = (name) => name.toLowerCase().replaceAll(" ", "-");
export const instant = (date) => date.toISOString().replace(".000Z", "Z");
const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

const FEEDS = [["RSS", "rss.xml", "application/rss+xml"], ["Atom", "atom.xml", "application/atom+xml"], ["JSON Feed", "feed.json", "application/feed+json"]];
export const feedLinks = (title, home) =>
  FEEDS.map(([name, file, type]) => `<link rel="alternate" type="${type}" title="${escape(title)} (${name})" href="${home}${file}">`).join("\n");

export const layout = ({ title, about, head = "", content }) => `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} – ${TITLE}</title>
${about}
<link rel="stylesheet" href="/page.css">
<link rel="icon" type="image/svg+xml" href="/favicon.svg">
${feedLinks(TITLE, "/")}
<script src="/breaking.js" defer data-strip="/breaking.html"></script>
${head}
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="masthead">
<div class="sheet">
<p class="nameplate"><a href="/" rel="home">${TITLE}</a></p>
</div>
</header>
<main id="content" tabindex="-1">
${content}
</main>
<footer class="imprint">
<div class="sheet">
<p class="title">${TITLE}</p>
<p>${DESCRIPTION}</p>
<ul aria-label="Feeds">
<li><a href="/subscribe/">Follow us</a></li>
${FEEDS.map(([name, file, type]) => `<li><a href="/${file}" type="${type}">${name}</a></li>`).join("\n")}
</ul>
</div>
</footer>
</body>
</html>
`;

export function jsonld(data, page) {
  const said = {
    "@context": "https://schema.org", "@type": "NewsArticle", mainEntityOfPage: page, url: page,
    headline: data.title, description: data.summary,
    datePublished: instant(data.date), dateModified: instant(data.date),
    author: [{ "@type": "Person", name: data.author }],
    publisher: { "@type": "NewsMediaOrganization", name: TITLE, url: `${SITE}/` },
    articleSection: data.category, keywords: data.tags, inLanguage: "en",
  };
  return `<script type="application/ld+json">${JSON.stringify(said).replaceAll("<", "\\u003c")}</script>`;
}

export const story = (data, body) => `<article class="story sheet" lang="en" dir="ltr">
<header>
<p class="kicker"><a href="/category/${slug(data.category)}/">${escape(data.category)}</a></p>
<h1 dir="auto">${escape(data.title)}</h1>
<p class="standfirst" dir="auto">${escape(data.summary)}</p>
<p class="signed">
<span class="byline">By ${escape(data.author)}</span><br>
<span class="published"><time datetime="${instant(data.date)}">${MOMENT.format(data.date)}</time></span>
</p>
</header>
<div class="body" dir="auto">
${body}
</div>
<footer>
<ul>
${data.tags.map((tag) => `<li><a href="/tags/${slug(tag)}/">${escape(tag)}</a></li>`).join("\n")}
</ul>
</footer>
</article>`;

export const ampPage = (data, page, body) => `<!doctype html>
<html amp lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(data.title)} – ${TITLE}</title>
<link rel="canonical" href="${page}">
<meta name="description" content="${escape(data.summary)}">
<script async src="https://cdn.ampproject.org/v0.js"></script>
${BOILERPLATE}
${jsonld(data, page)}
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="masthead">
<div class="sheet">
<p class="nameplate"><a href="${SITE}/">${TITLE}</a></p>
<p class="news"><a href="${SITE}/breaking.html">Breaking news</a></p>
</div>
</header>
<main id="content">
${story(data, body)}
</main>
<footer class="imprint">
<div class="sheet">
<p class="title">${TITLE}</p>
<p><a href="${page}">The full page</a></p>
</div>
</footer>
</body>
</html>
`;

export const teaser = ({ url, data }) => `<article class="teaser">
<p class="kicker"><a href="/category/${slug(data.category)}/">${escape(data.category)}</a></p>
<h2 dir="auto"><a href="${url}">${escape(data.title)}</a></h2>
<p class="line" dir="auto">${escape(data.summary)}</p>
<p class="signed"><time datetime="${instant(data.date)}">${DAY.format(data.date)}</time></p>
</article>`;
