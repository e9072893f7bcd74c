// The same publication for Eleventy in the manner of its own starter, eleventy-base-blog: Nunjucks
// that escapes by itself, and those of its plugins that concern this output. Faster than the
// starter in two things: articles aren't templates themselves, and headings get their ids while
// Markdown is read, not by parsing every page again.
import rss from "@11ty/eleventy-plugin-rss";
import anchor from "markdown-it-anchor";

import collections from "./_config/collections.js";
import filters from "./_config/filters.js";

export default function (config) {
  config.addPlugin(rss);
  config.addPlugin(filters);
  config.addPlugin(collections);
  config.amendLibrary("md", (markdown) =>
    markdown.use(anchor, { slugify: config.getFilter("slugify"), tabIndex: false }),
  );
}

export const config = {
  markdownTemplateEngine: false,
  htmlTemplateEngine: "njk",
  dir: { input: "content", includes: "../_includes", data: "../_data", output: "public" },
};
