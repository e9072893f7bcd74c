"""Alarms: what is wrong, who is notified of it, and when it is over.

`causes` finds what is wrong by the store, with `reputation` what readers and mail domains hold
against us; `disk_space` and unreadable secrets are found by this machine;
`current` is what is wrong now, for the status command, the probes and the metrics;
`monitor` stores what began and what is over, and notifies people; `messages` are what they get;
`build_alarm` reports builds that failed.
"""
