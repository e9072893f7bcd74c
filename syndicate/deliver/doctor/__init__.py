"""The doctor: whether our mail will be accepted, by DNS, the relays and the config.

`checkup` runs all checks in the order of the report; `finding` is the result of one;
`sender_domain` checks a domain that mail is from: SPF, DKIM, DMARC, MX;
`sending_host` checks the host that mail leaves from: SPF, PTR;
`spf` reads SPF records (RFC 7208);
`resolver` asks DNS.
"""
