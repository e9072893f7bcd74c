"""Signing up for newsletters.

`pages` has the form, the JSON API and the challenges; `validation` checks what was typed;
`bot_checks` has the hidden field and the form's timestamp; `proof_of_work` the challenges;
`limits` the rate limits; `requests` subscribes the reader, or queues the letter that asks.
"""
