// The same publication for Eleventy. Templates are JavaScript, the fastest that it offers.
import anchor from "markdown-it-anchor";

import { slug } from "./parts.js";

const newestFirst = (api) => api.getFilteredByGlob("articles/*.md").reverse();

function grouped(articles, kind, names) {
  const groups = new Map();
  for (const article of articles) {
    for (const name of names(article.data)) {
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(article);
    }
  }
  return [...groups].map(([name, inside]) => ({ name, home: `/${kind}/${slug(name)}/`, articles: inside }));
}

function selections(api) {
  const articles = newestFirst(api);
  return [
    { name: "Bench Post", home: "/", articles },
    ...grouped(articles, "category", (data) => [data.category]),
    ...grouped(articles, "author", (data) => [data.author]),
    ...grouped(articles, "tags", (data) => data.tags),
  ];
}

// The three articles before each in its section, by its file.
function earlier(api) {
  const found = new Map();
  for (const { articles } of grouped(newestFirst(api), "category", (data) => [data.category])) {
    articles.forEach(({ inputPath }, at) => found.set(inputPath, articles.slice(at + 1, at + 4)));
  }
  return found;
}

function listPages(api) {
  const size = 30;
  return selections(api).flatMap(({ name, home, articles }) => {
    const count = Math.ceil(articles.length / size);
    return Array.from({ length: count }, (_, at) => ({
      name,
      home,
      articles: articles.slice(at * size, (at + 1) * size),
      at: at + 1,
      count,
    }));
  });
}

export default function (config) {
  config.amendLibrary("md", (markdown) => markdown.use(anchor, { slugify: slug, tabIndex: false }));
  config.ignores.add("boilerplate.html"); // a part of pages
  config.addCollection("newest", newestFirst);
  config.addCollection("selections", selections);
  config.addCollection("listPages", listPages);
  config.addCollection("earlier", earlier);
  config.addPassthroughCopy("page.css");
  return { markdownTemplateEngine: false, dir: { output: "public" } };
}
