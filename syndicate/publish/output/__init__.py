"""The output folder: its files, and how they are served.

`folder` replaces files atomically, and lists them in a journal before they are written;
`media` has the files that articles load; `formats` media types, Cache-Control, and compression;
`icons` draws the icons that browsers ask for.
"""
