"""What operators see of the web: probes, metrics for Prometheus, and the access log.

`endpoints` answers /healthz, /readyz and /metrics; `readiness` finds out what keeps the
process from its work, by writing to disks and store; `metrics` exports the
figures of web, store and relays; `instrumentation` wraps the application, counts each
response in `counters` and logs it in `access_log`, labelled by `request_kinds` (of the
path) and `feed_clients` (of the User-Agent).
"""
