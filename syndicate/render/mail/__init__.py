"""Editions and letters as mail: one HTML and one text for all readers.

`edition_content` composes an edition, which is an alert of one article or a digest of several, and
`letter` a mail to one person. `context` is what every mail template may use. `html_body` and
`plain_text` render an article's body. `link_markers` numbers links whose clicks are counted.
`mjml` turns MJML into HTML; `mjml_grammar` is what it accepts.
"""
