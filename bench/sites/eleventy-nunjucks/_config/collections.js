// Every selection of articles that has pages and feeds of its own, and its pages.
import metadata from "../_data/metadata.js";

const PAGE_SIZE = 30;

export default function (config) {
  const slugify = config.getFilter("slugify");
  config.addCollection("newest", newestFirst);
  config.addCollection("selections", selections);
  config.addCollection("listPages", (api) => selections(api).flatMap(pages));
  config.addCollection("sections", (api) => Object.fromEntries(sections(api).map(({ name, articles }) => [name, articles])));
  config.addCollection("earlier", (api) => Object.fromEntries(sections(api).flatMap(({ articles }) => articles.map(before))));

  const sections = (api) => grouped(newestFirst(api), "category", (data) => [data.category]);

  function selections(api) {
    const articles = newestFirst(api);
    return [
      { name: metadata.title, home: "/", articles },
      ...grouped(articles, "category", (data) => [data.category]),
      ...grouped(articles, "author", (data) => [data.author]),
      ...grouped(articles, "tags", (data) => data.tags),
    ];
  }

  function grouped(articles, kind, names) {
    const groups = new Map();
    for (const article of articles) {
      for (const name of names(article.data)) {
        if (!groups.has(name)) groups.set(name, []);
        groups.get(name).push(article);
      }
    }
    return [...groups].map(([name, inside]) => ({ name, home: `/${kind}/${slugify(name)}/`, articles: inside }));
  }
}

// An article's file, and the three articles before it in its section.
const before = ({ inputPath }, at, section) => [inputPath, section.slice(at + 1, at + 4)];

const newestFirst = (api) => api.getFilteredByGlob("content/articles/*.md").reverse();

function pages({ name, home, articles }) {
  const count = Math.ceil(articles.length / PAGE_SIZE);
  const address = (number) => (number === 1 ? home : `${home}page/${number}/`);
  return Array.from({ length: count }, (_, at) => ({
    name,
    home,
    articles: articles.slice(at * PAGE_SIZE, (at + 1) * PAGE_SIZE),
    address: address(at + 1),
    newer: at > 0 ? address(at) : null,
    older: at + 1 < count ? address(at + 2) : null,
  }));
}
