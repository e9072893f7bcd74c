export default {
  layout: "layouts/article.njk",
  permalink: ({ page }) => `/articles/${page.fileSlug}/`,
};
