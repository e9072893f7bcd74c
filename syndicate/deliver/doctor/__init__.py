"""Whether mail from here will be taken: what DNS says, held against the configuration.

`checkup`   goes through everything, in the order in which it is told
`senders`   what DNS says of a domain that mail is from: SPF, DKIM, DMARC, MX
`relay`     … of the host that mail leaves from: SPF, PTR
`spf`       reads SPF records as a mail server does (RFC 7208)
`finding`   what was found of one thing, and what to publish
`resolver`  who is asked: DNS by dnspython, or a table
"""
