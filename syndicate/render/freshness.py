"""How long a copy of what is published may be used without asking."""

from datetime import timedelta

FEEDS = timedelta(minutes=1)
"""Feeds: no reader needs to ask more often than the shortest schedule runs.

Whole minutes that divide an hour, since `<ttl>` counts minutes and
`sy:updateFrequency` counts the times in an hour.
"""
