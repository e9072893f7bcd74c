"""Push: notify feed readers and search engines of changes at once.

`change_notifier` sees what builds changed; `feed_versions` compares feeds;
`websub` pings other hubs; `indexnow` submits pages to search engines;
`hub` is our own hub, `feed_documents` what it sends, `fan_out` its parallel calls;
`retry_policy` chooses when to retry; `time_budget` ends a run in time;
`http_client` calls other servers; `ssrf_guard` refuses private addresses.
"""
