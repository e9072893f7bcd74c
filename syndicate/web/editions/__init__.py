"""Editions on the web, and the links in mails that lead to the web.

`archive` serves the public archive and its feeds; `web_view` serves "View in browser";
`public_copy` makes a web page of an edition, without the reader's data;
`click_tracking` redirects and counts clicks, and tells those of mail filters from people's.
"""
