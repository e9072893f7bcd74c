"""The ledger: one row per edition and reader, with the state of the delivery.

`claims` claims rows, releases them and settles outcomes by the SQL of `transitions`.
`deliveries` counts rows and lists them, expires them, and recovers those of dead workers.
`feedback` is what came back about deliveries, and the reports for a person; `feedback_figures`
counts it, and `sender_reputation` judges whether it is too much; `bounces` suppresses the addresses
that bounce for good or too often. `door_states` says when the mailbox and the Maildir that
reports arrive in were last read.
`mail_flow` has what all processes keep to, quotas by rate or day and holds on relays and domains,
and what shows whether mail flows: when it was last accepted, and each process's send rate.
"""
