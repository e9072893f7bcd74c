"""The send loop: one thread sends all that is due, over all sessions with all relays.

`send_loop` drives the sessions, and commits before it sends;
`send_queue` claims what is due, the most urgent first, renders and signs ahead;
`sessions` are those that are open or being opened;
`relay_pool` knows which relays take mail, `throttling` which recipient domains, and counts the
tokens of their rate limits;
`outcomes` judges replies hard or soft, and collects what they mean for readers and senders;
`ledger` claims and records in the store, and pauses an edition that fails too often;
`refusals` has what servers refused for good, or put off too long, count against addresses;
`maintenance` takes over from dead processes, `claim_owner` says whether a process is alive.
"""
