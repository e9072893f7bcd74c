export default { layout: "article.11ty.js", permalink: (data) => `/articles/${data.page.fileSlug}/index.html` };
