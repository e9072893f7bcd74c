"""RSS, Atom and JSON Feed, all written from one model.

`formats` has the feeds that readers can follow and lists the writers: `rss`, `atom`, `json_feed`.
`channel` is the model of a feed and its archives, `entries` that of its articles; `xml_elements`
are what RSS and Atom share. `follow_page` is the page that explains feeds.
"""
