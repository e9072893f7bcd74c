"""Delivery: hands each reader's message over once, and keeps the ledger.

`worker`       drains the ledger over several connections: the one way out
`connection`   one of them, working message by message
`ledger`       this process's moves in the ledger; `owner` says who it is
`outcome`      what an answer means for a delivery
`mailings`     the editions on their way, each made ready once
`template`     an edition encoded once, filled in for each reader: `headers`, `quoted_printable`
`message`      one reader's copy, and who it is for: `links`
`dkim`         its signatures
`filling`      what is personal filled in; `leads` where an edition's links lead
`copies`       a test copy, beside the ledger
`relay`        what a way out is: a session, an envelope offered, a body handed over
`smtp`         … to a mail server: `transaction`, `replies`
`outbox`       … into a folder, to look at
`doctor`       what stands in the way of our mail, by what DNS says
`transport`    … whichever the config names
"""
