"""The records beside the output, SQLite files: the only SQL outside the store.

`manifest` lists what the last build wrote; `topic_index`, in the same file, which articles each
topic has, `section_order` which follow each other in a section, and `file_link_index` which link to
others by their files; `uploaded_files` what the
mirror has; `search_index` the words of all stories.
"""
