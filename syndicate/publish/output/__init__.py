"""The output folder: its files, and how they are served.

`folder` replaces files atomically; `journal` lists paths before they are written;
`media` has the files that articles load; `formats` media types and Cache-Control;
`compression` makes .gz and .br copies; `gzip_template` compresses a document once for many readers.
"""
