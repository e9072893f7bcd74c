"""The output folder, and what is written beside the files.

`folder` replaces files atomically; `journal` lists paths before they are written;
`manifest` lists the files of the last build, in SQLite; `media` copies files of articles;
`formats` has media types and Cache-Control; `compression` makes .gz and .br copies;
`gzip_template` compresses a document once for many readers.
"""
