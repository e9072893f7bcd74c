"""The files about the authors, beside config.toml; what they say is not kept in the store.

`author_files` reads the folder, each file again when it changes; `author_fields` reads one file.
"""
