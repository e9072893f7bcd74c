import { SITE, ampPage } from "./parts.js";

export default class {
  data() {
    return {
      pagination: { data: "collections.newest", size: 1, alias: "article" },
      permalink: ({ article }) => `${article.url}amp/index.html`,
    };
  }

  render({ article, collections: { earlier } }) {
    return ampPage({ ...article.data, date: article.date }, SITE + article.url, article.content, earlier.get(article.inputPath));
  }
}
