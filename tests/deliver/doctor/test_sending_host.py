"""What the doctor finds about the hosts that mail leaves from."""

from syndicate.deliver.doctor.checkup import checkup
from syndicate.deliver.doctor.findings import FindingState
from tests.deliver.dns_zone import BROKEN, Zone
from tests.deliver.doctor.findings import FROM, HERE, findings, only

LOCAL = {"transport": "smtp", "host": "localhost", "security": "none"}


def test_a_provider_that_sends_from_elsewhere_is_no_failure(ours, zone):
    zone.put("smtp.relay.example", "A", "192.0.2.77")
    found = findings(ours, zone, "SPF")[1]

    assert (found.state, found.fails) == (FindingState.UNKNOWN, False)
    assert "does not permit 192.0.2.77; that is fine if" in found.said


def test_a_relay_without_an_address_is_told(ours, zone):
    del zone.records["smtp.relay.example", "A"], zone.records["smtp.relay.example", "AAAA"]

    assert only(ours, zone, "relay").state is FindingState.MISSING


def test_our_own_relay_needs_spf_and_a_name_that_leads_back(config, zone):
    given = config("rsa", "ed25519", mail=LOCAL)
    pointer = "9.113.0.203.in-addr.arpa"
    own = [HERE]
    permitted = findings(given, zone, "SPF", own=own)[1]
    assert (permitted.state, permitted.fails) == (FindingState.WRONG, True)
    assert permitted.publish.value == "v=spf1 ip4:203.0.113.9 include:relay.example -all"

    nameless = only(given, zone, "PTR", own=own)
    assert (nameless.state, nameless.publish.name) == (FindingState.MISSING, pointer)
    zone.put(pointer, "PTR", "mail.post.example")
    astray = only(given, zone, "PTR", own=own)
    assert (astray.state, astray.publish.name) == (FindingState.WRONG, "mail.post.example")
    zone.put("mail.post.example", "A", HERE)
    assert only(given, zone, "PTR", own=own).state is FindingState.OK
    zone.put(FROM, "TXT", permitted.publish.value)
    assert not any(one.fails for one in checkup(given, zone, own=own))


def test_a_relay_named_by_our_own_address_is_ours(config, zone):
    zone.put("smtp.relay.example", "A", HERE)
    del zone.records["smtp.relay.example", "AAAA"]

    assert only(config("rsa"), zone, "PTR", own=[HERE]).state is FindingState.MISSING
    assert findings(config("rsa"), zone, "PTR", own=["192.0.2.5"]) == []


def test_behind_a_nat_it_says_what_it_can_not_know(config, zone):
    found = only(config("rsa", mail=LOCAL), zone, "relay")

    assert (found.state, found.fails) == (FindingState.UNKNOWN, False)


def test_every_relay_is_looked_at(config, zone):
    relays = [
        {"name": "good", "host": "smtp.relay.example"},
        {"name": "open", "host": "mx.elsewhere.example", "security": "none", "weight": 0},
        {"name": "again", "host": "mx.elsewhere.example", "security": "tls", "verify": False},
        {"name": "lost", "host": "lost.example"},
        {"name": "own", "host": "localhost", "security": "none"},
    ]
    given = config("rsa", "ed25519", mail={"transport": "smtp", "relays": relays})
    zone.put("mx.elsewhere.example", "A", "192.0.2.9")
    zone.put("lost.example", "A", *BROKEN)
    found = list(checkup(given, zone, own=[HERE]))

    def states(check):
        return [(one.where, one.state) for one in found if one.check == check]

    assert states("TLS") == [
        ("mail.relays.good.security", FindingState.UNKNOWN),
        ("mail.relays.open.security", FindingState.WRONG),
        ("mail.relays.again.security", FindingState.UNKNOWN),
        ("mail.relays.again.verify", FindingState.WRONG),
        ("mail.relays.lost.security", FindingState.UNKNOWN),
        ("mail.relays.own.security", FindingState.UNKNOWN),
    ]
    assert states("SPF") == [
        (FROM, FindingState.OK),
        ("smtp.relay.example", FindingState.OK),
        ("mx.elsewhere.example", FindingState.UNKNOWN),
        ("localhost", FindingState.WRONG),
    ]
    assert states("relay") == [("lost.example", FindingState.UNKNOWN)]
    assert states("PTR") == [(HERE, FindingState.MISSING)]


def test_an_spf_record_is_to_permit_every_relay(config):
    relays = [{"name": name, "host": f"{name}.example"} for name in ("one", "two", "gone")]
    relays.append({"name": "own", "host": "localhost"})
    zone = Zone()
    zone.put("one.example", "A", "198.51.100.1")
    zone.put("two.example", "A", "198.51.100.2")
    zone.put("gone.example", "A", *BROKEN)
    given = config("rsa", mail={"transport": "smtp", "relays": relays})
    missing = findings(given, zone, "SPF", own=[HERE])[0]

    permitted = "a:one.example a:two.example ip4:203.0.113.9 a:gone.example"
    assert missing.publish.value == f"v=spf1 {permitted} ~all"
