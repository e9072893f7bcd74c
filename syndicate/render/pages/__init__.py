"""Web pages and AMP pages as HTML: articles and configuration in, bytes out.

`article_page` renders an article's page and AMP page; `list_pages` the home page and lists;
`page_frame` is what all of them share; `amp_cache` finds where Google keeps AMP pages.
"""
