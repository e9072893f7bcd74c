"""Outgoing calls and alarms: who is notified of what, when, and after how many failures.

`call_queue` is the queue of all calls: to hubs, to search engines and to subscribers;
`engine_positions` keeps up to which change search engines were notified;
`hub` the requests and subscriptions of our own WebSub hub;
`alarms` what is wrong, when people were notified of it, and the certificates of relays.
"""
