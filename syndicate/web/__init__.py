"""HTTP: published files, pages for readers, editions, the outbox, probes and metrics.

`app` is the ASGI application, which counts and logs each response; `routes` lists its dynamic
pages; `server/` runs it;
`published/` serves the build's files; `readers/` has the pages for subscribers; `editions/` shows
editions and resolves their links; `review/` shows those that wait to reviewers, who decide there;
`search_pages` finds stories; `websub_hub` takes WebSub subscriptions; `webhooks` takes what mail
providers report, `webhook_refusals` counts what is refused; `outbox` shows written mail to the
operator, in `viewer`, where `forced_dark` imitates programs that invert its colours;
`preview/` shows there what a template makes of articles; `telemetry/` has probes, metrics and the
access log. `pages` renders pages on request, also those for errors; `forms` reads posted forms;
`operator_access` recognises the operator; `client_limit` slows down a client.
"""
