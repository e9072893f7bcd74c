"""What the commands print.

`console` prints results, notes and tables; `event_log` logs events to stderr; `reports` says
what the mirror, the hubs and the mail servers took.
"""
