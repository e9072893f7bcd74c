"""Delivery: sends each reader one message, and records its outcome in the ledger.

`worker` drains the ledger, and is the one way for mail to leave;
`loop/` claims, renders and sends, with all relays in one thread;
`message/` makes a reader's message of an edition, and signs it;
`smtp/` is the transport to a mail server, `outbox` the one into a folder;
`server_connection` has the TLS of mail servers and mailboxes, and says why a connection failed;
`sample_mail` sends a test copy, outside the ledger;
`doctor/` checks in DNS and the config whether our mail will be accepted.
"""
