"""Article files: found, parsed, matched with stored articles, and imported.

`watch` reports saved files, `deleted_files` those that are gone; `file_discovery` finds them.
`article_import` imports batches: `parallel_parse` parses them in worker processes, `quarantine`
skips those over the limits, `matching` finds the stored article of a file, `unique_slugs`
gives it a slug, `retained_media` keeps pictures whose files are gone.
`source_file` parses one file: `html_document` or `frontmatter/` splits its head, `fields/` reads
the keys, `jekyll/` evaluates Liquid, `highlight_tags` fences code, `markdown` renders HTML;
`slugify` makes slugs of text, `dates` parses dates.
"""
