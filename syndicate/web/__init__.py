"""The doors for readers: the published files over HTTP, unsubscribe, and the outbox."""
