// What several templates are made of.
import { readFileSync } from "node:fs";

export const SITE = "https://news.example.org";
export const TITLE = "Bench Post";
export const DESCRIPTION = "News from the harbour, the islands and the coast";
export const SECTIONS = ["City", "Islands", "Business", "Culture", "Science", "Sport", "Weather", "Opinion"];
const NEWSLETTER = "The Morning Post";
const PROMISE = "What happened on the coast overnight, before your first coffee.";
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

export const SHARE_CARD = `<meta property="og:image" content="${SITE}/assets/share-card.png">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta property="og:image:type" content="image/png">
<meta property="og:image:alt" content="${TITLE}">
<meta name="twitter:card" content="summary_large_image">`;

const ICONS = `<link rel="icon" href="/favicon.ico">
<link rel="apple-touch-icon" href="/apple-touch-icon.png">
<meta name="theme-color" content="#FFFDF9" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#14161A" media="(prefers-color-scheme: dark)">
${feedLinks(TITLE, "/")}`;

// The head of a page, for a root and the section that it is of or in ("page" or "true").
const header = once((root, current, as) => `<header class="masthead">
<div class="sheet topline">
<p class="nameplate"><a href="${root}" rel="home">${TITLE}</a></p>
<div class="acts">
<a class="to-shelf" href="${SITE}/newsletters/">Newsletters</a>
<a class="join" href="${root}subscribe/">Subscribe</a>
</div>
</div>
<nav class="sections" aria-label="Main menu">
<ul class="sheet">
${SECTIONS.map((name) => `<li><a href="${root}category/${slug(name)}/"${name === current ? ` aria-current="${as}"` : ""}>${name}</a></li>`).join("\n")}
</ul>
</nav>
</header>`);

const footer = once((root) => `<footer class="imprint">
<div class="sheet">
<div class="about">
<p class="title"><a href="${root}">${TITLE}</a></p>
<p>${DESCRIPTION}</p>
</div>
<nav aria-labelledby="foot-sections">
<h2 id="foot-sections">Sections</h2>
<ul>
${SECTIONS.map((name) => `<li><a href="${root}category/${slug(name)}/">${name}</a></li>`).join("\n")}
</ul>
</nav>
<nav aria-labelledby="foot-newsletters">
<h2 id="foot-newsletters"><a href="${SITE}/newsletters/">Newsletters</a></h2>
<ul>
<li><a href="${SITE}/newsletters/morning/">${NEWSLETTER}</a></li>
</ul>
</nav>
<nav aria-labelledby="foot-follow">
<h2 id="foot-follow">Follow us</h2>
<ul>
${FEEDS.map(([name, file, type]) => `<li><a href="${root}${file}" type="${type}">${name}</a></li>`).join("\n")}
</ul>
</nav>
<p class="rights">© ${TITLE}</p>
</div>
</footer>`);

const SIGNUP = `<form class="offer fields" method="post" action="${SITE}/signup" aria-labelledby="offer">
<p class="kicker">Newsletter</p>
<h2 id="offer">${NEWSLETTER}</h2>
<p>${PROMISE}</p>
<label for="offer-email">Email address</label>
<p class="line"><input id="offer-email" name="email" type="email" required maxlength="254" autocomplete="email" spellcheck="false" autocapitalize="none"><button>Subscribe</button></p>
<small>You can unsubscribe at any time, with one click in every email. <a href="${SITE}/newsletters/">All newsletters</a></small>
<input type="hidden" name="newsletter" value="morning">
<input type="hidden" name="card" value="1">
</form>`;

// The newsletter on the home page.
export const LETTERS = `<section class="sheet letters" aria-labelledby="letters">
<h2 id="letters"><a href="${SITE}/newsletters/">Newsletters</a></h2>
<form class="fields" method="post" action="${SITE}/signup">
<p class="single"><b lang="en" dir="auto">${NEWSLETTER}</b> <small class="promise" lang="en" dir="auto">${PROMISE}</small> <small class="rhythm">from time to time</small><input type="hidden" name="newsletter" value="morning"></p>
<div class="enter">
<label for="letters-email">Email address</label>
<p class="line"><input id="letters-email" name="email" type="email" required maxlength="254" autocomplete="email" spellcheck="false" autocapitalize="none"><button>Subscribe</button></p>
<small>You can unsubscribe at any time, with one click in every email.<br><a href="${SITE}/newsletters/">All newsletters</a></small>
</div>
<input type="hidden" name="card" value="1">
</form>
</section>`;

export const layout = ({ title, about, own = "", head = "", section, as = "page", content }) => `<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} – ${TITLE}</title>
${about}
<link rel="stylesheet" href="/page.css">
${ICONS}
${own}
<script src="/breaking.js" defer data-strip="/breaking.html"></script>
${head}
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
${header("/", section, as)}
<main id="content" tabindex="-1">
${content}
</main>
${footer("/")}
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
<div class="signed">
<p>
<span class="byline">By <a rel="author" href="/author/${slug(data.author)}/">${escape(data.author)}</a></span><br>
<span class="published"><time datetime="${instant(data.date)}">${MOMENT.format(data.date)}</time></span>
<span class="reading">${minutes(body)} min read</span>
</p>
</div>
</header>
<div class="body" dir="auto">
${body}
</div>
<footer>
<ul class="tags" aria-label="Tags">
${data.tags.map((tag) => `<li dir="auto"><a rel="tag" href="/tags/${slug(tag)}/">${escape(tag)}</a></li>`).join("\n")}
</ul>
</footer>
</article>`;

const minutes = (body) => Math.max(1, Math.round(body.replace(/<[^>]*>/g, " ").trim().split(/\s+/).length / 220));

export const ending = (data, page, earlier) => `<div class="ending sheet" lang="en" dir="ltr">
<ul class="share" aria-label="Share this story" data-title="${escape(data.title)}">
<li><a href="mailto:?subject=${encodeURIComponent(data.title)}&amp;body=${encodeURIComponent(`${data.title}\r\n\r\n${page}`)}">Send by email</a></li>
<li><a class="copy" href="${page}" data-copy="Copy link" data-copied="Link copied">Link to this story</a></li>
<li hidden><button type="button">Share …</button></li>
</ul>
${SIGNUP}
${earlier.length ? `<section class="more" aria-labelledby="more">
<h2 id="more">More from <a href="/category/${slug(data.category)}/">${escape(data.category)}</a></h2>
<ul>
${earlier.map(card).join("\n")}
</ul>
</section>` : ""}
</div>`;

const card = ({ url, date, data }) => `<li>
<h3 dir="auto"><a href="${url}">${escape(data.title)}</a></h3>
<time datetime="${instant(date)}">${DAY.format(date)}</time>
</li>`;

export const ampPage = (data, page, body, earlier) => `<!doctype html>
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
${header(`${SITE}/`, data.category, "true")}
<nav class="news sheet" aria-label="Breaking news"><a href="${SITE}/breaking.html">Breaking news</a></nav>
<main id="content">
${story(data, body)}
<div class="ending sheet" lang="en" dir="ltr">
<p class="offer"><a href="${SITE}/signup?newsletter=morning">Subscribe to ${NEWSLETTER}</a></p>
${earlier.length ? `<section class="more">
<h2>More from <a href="${SITE}/category/${slug(data.category)}/">${escape(data.category)}</a></h2>
<ul>
${earlier.map(({ url, data }) => `<li><h3 dir="auto"><a href="${SITE}${url}">${escape(data.title)}</a></h3></li>`).join("\n")}
</ul>
</section>` : ""}
</div>
<p class="whole sheet"><a href="${page}">Read this article on our site</a></p>
</main>
${footer(`${SITE}/`)}
</body>
</html>
`;

export const teaser = ({ url, date, data }) => `<article class="teaser">
<p class="kicker"><a href="/category/${slug(data.category)}/">${escape(data.category)}</a></p>
<h2 dir="auto"><a href="${url}">${escape(data.title)}</a></h2>
<p class="line" dir="auto">${escape(data.summary)}</p>
<p class="signed"><span class="by" dir="auto">${escape(data.author)}</span><time datetime="${instant(date)}">${DAY.format(date)}</time></p>
</article>`;

export const line = ({ url, date, data }) =>
  `<li><a href="${url}" dir="auto">${escape(data.title)}</a> <time datetime="${instant(date)}">${DAY.format(date)}</time></li>`;

// Keeps what a function has made.
function once(make) {
  const made = new Map();
  return (...given) => {
    const key = given.join();
    if (!made.has(key)) made.set(key, make(...given));
    return made.get(key);
  };
}
