"""The publication's own pages, files beside config.toml that are not kept in the store.

`page_files` reads the folder again when it changes; `page_fields` reads one file.
"""
