"""Article bodies: compiled once, when an article is imported, for every channel that shows them.

A build only joins the parts of a compiled body; it parses no HTML.

`compiler` makes web page, AMP and feed HTML in one walk; `media_markup` writes pictures and
players; `amp_rules` says what AMP allows; `figures` separates the lead figure and leaves out lost
files; `file_links` leads to other articles; `galleries` puts figures in rows; `callouts` knows
boxes beside the story; `markup` parses, edits and serialises bodies.
"""
