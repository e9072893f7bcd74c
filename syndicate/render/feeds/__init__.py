"""RSS, Atom and JSON Feed, all written from one model.

`formats` has the feeds that readers can follow and lists the writers: `rss`, `atom`, `json_feed`.
`channel` is the model of a feed and its entries, with its `history` of archives. For RSS and
Atom: `xml_elements`, `extensions`, `podcast`. `document_parts` divides a document for delta
responses; `opml` lists all feeds.
"""
