"""Editions on the web, and the links in mails that lead to the web.

`archive` serves the public archive, and `archive_feed` renders its feeds;
`web_view` serves "View in browser"; `public_copy` removes the reader's data from an edition;
`mail_page` makes a web page of a mail; `click_tracking` redirects and counts clicks;
`scanner_detection` tells clicks of mail filters from those of people.
"""
