"""The doctor: whether our mail will be accepted, by DNS, the relays and the config.

`checkup` runs all checks in the order of the report, each with a finding;
`bounce_checks` checks that bounces and complaints reach us;
`dns_checks` checks the domains that mail is from, and the hosts that it leaves from;
`dmarc_checks` checks the policy of a domain, and that our mail passes by it;
`dmarc` finds and reads policies (RFC 9989);
`dns_records` asks DNS, and reads SPF records (RFC 7208);
`findings` is what a check found, and the record that would put it right.
"""
