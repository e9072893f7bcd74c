"""What operators see of the web: probes, metrics for Prometheus, and the access log.

`readiness` answers /healthz and /readyz: it finds out what keeps the process from its work,
by writing to disks and store; `metrics` exports the figures of web, store and relays;
`instrumentation` wraps the application, counts each response in `counters`, by the kind of
its path, and logs it in `access_log`; `feed_clients` reads the User-Agent.
"""
