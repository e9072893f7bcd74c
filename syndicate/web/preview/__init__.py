"""The preview: what a template or an edition file makes of stored articles, as it is saved.

`samples` composes it, in memory; `pages` shows it in the viewer, and has the browser load it again;
`saved_files` watches the files that it is made from.
"""
