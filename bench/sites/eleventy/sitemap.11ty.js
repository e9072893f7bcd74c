import { SITE, instant } from "./parts.js";

export default class {
  data() {
    return { permalink: "/sitemap.xml" };
  }

  render({ collections: { newest } }) {
    const urls = newest.map(({ url, date }) => `<url><loc>${SITE}${url}</loc><lastmod>${instant(date)}</lastmod></url>`);
    return `<?xml version="1.0" encoding="utf-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${urls.join("\n")}
</urlset>
`;
  }
}
