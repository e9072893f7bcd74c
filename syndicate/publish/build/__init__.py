"""A build: from the store to the files of the output folder.

`publisher` builds repeatedly; `build` is one build; `site_files` has the files of the whole site;
`pagination` divides the articles of a topic into pages;
`tasks` are what to render, here or in several processes, with the outcomes;
`writer` renders and writes files; `entry_fragments` renders articles for lists and feeds;
`private_feeds` are rendered on request.
"""
