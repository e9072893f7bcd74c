"""Feeds that can't be served as files, and subscriptions to feeds.

`private_feeds` serves the feeds of single readers; `websub_hub` takes WebSub subscriptions.
"""
