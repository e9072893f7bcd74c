"""The ledger: one row per edition and reader, with the state of the delivery.

`claims` claims rows, releases them and settles outcomes by the SQL of `transitions`.
`deliveries` counts rows and lists them, expires them, and recovers those of dead workers.
`quotas` are the token buckets and daily counters that all processes share;
`holds` are relays and domains that get no mail for a while.
`heartbeats` keeps when mail was last accepted, and each process's send rate.
"""
