"""Article files: found, parsed, matched with stored articles, and imported.

`article_files` finds and watches them, and skips those over the limits. `article_import` imports
batches: `parallel_parse` parses them in worker processes, `matching` finds a file's article in an
`article_batch`, and its slug; `refusals` records refused files. `source_file`
parses one file: `front_matter` splits its head, checks keys and suggests known ones for misspelt
ones, `front_matter_formats` reads YAML, TOML and JSON; `article_fields` reads the fields, also by
the keys of Jekyll and Hugo, `publishing` status and dates. `liquid_reader` evaluates the Liquid of
a `jekyll` site; `markdown` renders HTML; `file_links` finds links to other articles' files;
`slugify` makes slugs of text.
"""
