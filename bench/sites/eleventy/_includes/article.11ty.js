import { SHARE_CARD, SITE, TITLE, ending, escape, instant, jsonld, layout, story } from "../parts.js";

export default class {
  render({ content, page, ...data }) {
    const address = SITE + page.url;
    const about = `<link rel="canonical" href="${address}">
<link rel="amphtml" href="${address}amp/">
<meta name="robots" content="max-image-preview:large">
<meta name="description" content="${escape(data.summary)}">
<meta name="author" content="${escape(data.author)}">
<meta property="og:type" content="article">
<meta property="og:site_name" content="${TITLE}">
<meta property="og:title" content="${escape(data.title)}">
<meta property="og:description" content="${escape(data.summary)}">
<meta property="og:url" content="${address}">
<meta property="og:locale" content="en">
<meta property="article:published_time" content="${instant(page.date)}">
<meta property="article:modified_time" content="${instant(page.date)}">
<meta property="article:section" content="${escape(data.category)}">
${data.tags.map((tag) => `<meta property="article:tag" content="${escape(tag)}">`).join("\n")}
${SHARE_CARD}`;
    const told = { ...data, date: page.date };
    const earlier = data.collections.earlier.get(page.inputPath);
    return layout({
      title: data.title,
      about,
      head: `${jsonld(told, address)}\n<script src="/share.js" defer></script>`,
      section: data.category,
      as: "true",
      content: `${story(told, content)}\n${ending(told, address, earlier)}`,
    });
  }
}
