"""Push: notify feed readers and search engines of changes at once.

`change_notifier` sees what builds changed; `feed_documents` are the feeds, to compare and to send;
`websub` pings other hubs; `indexnow` submits pages to search engines;
`hub` is our own hub; `alarm_webhook` calls the operator's webhook;
`call_sender` makes the queued calls to one endpoint, and chooses when to retry;
`http_client` calls other servers; `ssrf_guard` refuses private addresses.
"""
