"""What operators see of the web: probes, metrics for Prometheus, and the access log.

`readiness` answers /healthz and /readyz: it finds out what keeps the process from its work,
by writing to disks and store; `metrics` exports the figures of web, store and relays;
`counters` has the responses by the kind of their path, and `access_log` a line for each;
`feed_clients` reads the User-Agent.
"""
