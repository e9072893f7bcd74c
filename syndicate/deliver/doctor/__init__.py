"""The doctor: whether our mail will be accepted, by DNS, the relays and the config.

`checkup` runs all checks in the order of the report, each with a finding;
`dns_checks` checks the domains that mail is from, and the hosts that it leaves from;
`dns_records` asks DNS, and reads SPF records (RFC 7208).
"""
