"""What comes back after an edition was sent: bounces, complaints, unsubscribing by mail.

`doors/` are the places that reports come in by. `reports/` reads a message that arrived at the
bounce address, `providers/` the webhooks of mail providers.
`recorder` records a report or an event in one transaction, with what follows from it.
`matching` finds the delivery that it is about, by references that nobody can forge.
`event_intake` records the events of a provider's call; `record_failure` is a report or an event
that could not be recorded.
`held_reports` keeps what waits for a person, and `held_decision` lets it count.
`policy` decides whether it may change anything, and `effects` does what follows.
"""
