import { SITE, escape, instant } from "./parts.js";

const NEWEST = 50;

export default class {
  data() {
    return {
      pagination: { data: "collections.selections", size: 1, alias: "selection" },
      permalink: ({ selection }) => `${selection.home}atom.xml`,
    };
  }

  render({ selection: { name, home, articles } }) {
    return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title>${escape(name)}</title><id>${SITE}${home}</id><link rel="self" href="${SITE}${home}atom.xml"/><link href="${SITE}${home}"/><updated>${instant(articles[0].date)}</updated>
${articles.slice(0, NEWEST).map(entry).join("\n")}
</feed>
`;
  }
}

function entry({ url, date, data, content }) {
  const page = SITE + url;
  const kinds = [data.category, ...data.tags].map((kind) => `<category term="${escape(kind)}"/>`).join("");
  return `<entry><title>${escape(data.title)}</title><id>${page}</id><link href="${page}"/><published>${instant(date)}</published><updated>${instant(date)}</updated><author><name>${escape(data.author)}</name></author>${kinds}<summary>${escape(data.summary)}</summary><content type="html">${escape(content)}</content></entry>`;
}
