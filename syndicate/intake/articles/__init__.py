"""Article files: found, parsed, matched with stored articles, and imported.

`watch` reports files that were saved or deleted, and skips those over the limits;
`file_discovery` finds them. `article_import` imports batches: `parallel_parse` parses them in
worker processes, `matching` finds the stored article of a file, `unique_slugs` gives it a slug.
`source_file` parses one file: `frontmatter/` splits its head, `fields/` reads the keys, `jekyll/`
evaluates Liquid, `markdown` renders HTML; `slugify` makes slugs of text.
"""
