"""The ledger: one row per edition and reader, with the state of the delivery.

`claims` claims rows, releases them and settles outcomes by the SQL of `transitions`.
`deliveries` counts rows and lists them, expires them, and recovers those of dead workers.
`send_limits` are what all processes keep to: quotas by rate or day, and holds on relays and
domains that get no mail for a while.
`heartbeats` keeps when mail was last accepted, and each process's send rate.
"""
