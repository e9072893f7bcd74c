"""Editions on the web, and the links in mails that lead to the web.

`shelf` shows the newsletters to subscribe to or read, `archive` their editions and feeds;
`public_copy` makes a web page of an edition, without the reader's data, and serves it as "View in
browser";
`click_tracking` redirects and counts clicks, and tells those of mail filters from people's.
"""
