"""The queues of outgoing calls: who is notified of what, when, and after how many failures.

`pings` are feeds that WebSub hubs are notified of; `submissions` pages that search engines are.
`hub` keeps the subscriptions and requests of our own WebSub hub.
`endpoint_backoff` keeps servers that are not called for a while.
"""
