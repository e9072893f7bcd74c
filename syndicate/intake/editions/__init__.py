"""Edition files: what an editor writes about one edition, read and matched with its slot.

`edition_names` finds schedule and slot in a file's name; `edition_fields` reads its front matter
and Markdown; `named_stories` finds the articles that it names; `edition_import` takes the folder
into the store, and reports each file.
"""
