"""What operators see of the web: probes, figures for Prometheus, and the access log."""
