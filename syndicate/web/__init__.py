"""The doors for readers: published files, the pages where they decide, editions, the outbox."""
