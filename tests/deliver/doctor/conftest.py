"""Fixtures of this folder."""

import pytest

from tests.deliver.dkim_keys import keys, records
from tests.deliver.dns_zone import Zone
from tests.deliver.doctor.findings import FROM, RELAY


@pytest.fixture
def config(publication, tmp_path):
    def make(*kinds, sender=f"news@{FROM}", url="https://www.post.example", mail=RELAY, **key):
        return publication(
            mail={**mail, "from": sender, "dkim": keys(tmp_path, *kinds, **key)}, web={"url": url}
        )

    return make


@pytest.fixture
def zone(config):
    """A zone in which all is well for a publication with both keys."""
    made = Zone()
    made.put(FROM, "TXT", "v=spf1 include:relay.example -all", "something=else")
    made.put("relay.example", "TXT", "v=spf1 ip4:198.51.100.0/24 ip6:2001:db8:7::/48 ~all")
    made.put("smtp.relay.example", "A", "198.51.100.7")
    made.put("smtp.relay.example", "AAAA", "2001:db8:7::7")
    made.put(f"_dmarc.{FROM}", "TXT", "v=DMARC1; p=none; rua=mailto:dmarc@post.example")
    made.put(FROM, "MX", "10 mx.post.example")
    made.put("mx.post.example", "A", "192.0.2.25")
    for name, record in records(config("rsa", "ed25519"), FROM).items():
        made.put(name, "TXT", record)
    return made


@pytest.fixture
def ours(config):
    return config("rsa", "ed25519")
