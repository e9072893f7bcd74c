"""What the commands print.

`console` prints results, notes and tables; `event_log` logs events to stderr.
"""
