"""Signing up for newsletters.

`pages` has the form, the JSON API and the challenges; `bot_checks` the hidden field, the form's
timestamp and the proof of work; `requests` checks what was typed, and subscribes the reader or
queues the letter that asks.
"""
