"""A build: from the store to the files of the output folder.

`publisher` builds repeatedly; `build` is one build; `site_files` has the files of the whole site;
`tasks` are what to render, divided into pages and among processes, with the outcomes;
`writer` renders and writes files; `entry_fragments` renders articles for lists and feeds;
`private_feeds` are rendered on request; `search_update` has the search index follow the store.
"""
