"""Article bodies: compiled once, when an article is imported, for every channel that shows them.

A build only joins the parts of a compiled body; it parses no HTML.

`compiler` makes web page, AMP and feed HTML in one walk, with `part_writer`;
`lead_figure` separates what an article begins with; `media_markup` writes pictures and players;
`amp_rules` says what AMP allows; `missing_media` leaves out lost files; `markup` parses and
serialises bodies; `tree_edits` removes and unwraps elements.
"""
