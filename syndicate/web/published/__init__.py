"""The published files over HTTP: found, compared, and sent as they are."""
