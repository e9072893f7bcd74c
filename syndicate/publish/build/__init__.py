"""A build: from the store to the files of the output folder.

`publisher` builds repeatedly; `build` is one build; `site_files` has the files of the whole site;
`pagination` divides the articles of a topic into pages;
`tasks` are what to render, `page_workers` processes that do it, `report` the results;
`writer` renders and writes files; `entry_fragments` renders articles for lists and feeds,
`render_cache` keeps them; `private_feeds` are rendered on request.
"""
