"""RSS, Atom and JSON Feed, all written from one model.

`feed` is what readers can follow; `channel` the model of a feed and its entries, with its
`history` of archives; `formats` lists the writers: `rss`, `atom`, `json_feed`. For RSS and
Atom: `xml_elements`, `media_rss`, `podcast`, `access_restriction`. `document_parts` divides a
document for delta responses; `opml` lists all feeds.
"""
