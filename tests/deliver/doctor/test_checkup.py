"""What the doctor finds, with DNS as a table; and DNS itself, asked by dnspython."""

import pytest

from syndicate.deliver.doctor.checkup import checkup
from syndicate.deliver.doctor.finding import FindingState
from syndicate.deliver.doctor.resolver import Resolver, own_addresses
from syndicate.deliver.doctor.spf import SpfRecords
from syndicate.errors import CallFailed
from tests.deliver.dkim_keys import keys, records
from tests.deliver.dns_zone import BROKEN, Zone, served

FROM = "post.example"
HERE = "203.0.113.9"
RELAY = {"transport": "smtp", "host": "smtp.relay.example", "security": "starttls"}
LOCAL = {"transport": "smtp", "host": "localhost", "security": "none"}


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
    for name, record in records(config("rsa", "ed25519"), FROM).items():
        made.put(name, "TXT", record)
    return made


@pytest.fixture
def ours(config):
    return config("rsa", "ed25519")


def findings(config, zone, check, **more):
    return [one for one in checkup(config, zone, **more) if one.check == check]


def only(config, zone, check, **more):
    (one,) = findings(config, zone, check, **more)
    return one


def test_where_all_is_well_all_is_ok(ours, zone):
    found = list(checkup(ours, zone))

    checks = ["transport", "one-click", "address", "SPF", "DKIM", "DMARC", "MX"]
    seen = {(check, FindingState.OK) for check in checks} | {("TLS", FindingState.UNKNOWN)}
    assert {(one.check, one.state) for one in found} == seen
    assert not any(one.fails or one.publish for one in found)


def test_where_there_is_nothing_it_says_what_to_publish(ours):
    empty = Zone()
    empty.put("smtp.relay.example", "A", "198.51.100.7")
    published = {
        (one.publish.name, one.publish.type): one.publish.value
        for one in checkup(ours, empty)
        if one.publish
    }

    assert published == {
        (FROM, "TXT"): "v=spf1 a:smtp.relay.example ~all",
        **{(name, "TXT"): record for name, record in records(ours, FROM).items()},
        (f"_dmarc.{FROM}", "TXT"): "v=DMARC1; p=none; rua=mailto:dmarc@post.example",
        (FROM, "MX"): "10 mail.post.example",
    }


def test_what_it_says_to_publish_cures(ours):
    zone = Zone()
    zone.put("smtp.relay.example", "A", "198.51.100.7")
    for one in list(checkup(ours, zone)):
        if one.publish:
            zone.put(one.publish.name, one.publish.type, one.publish.value)

    left = [one.check for one in checkup(ours, zone) if one.state is not FindingState.OK]
    assert left == ["TLS"], "which was not tried"


# SPF


@pytest.mark.parametrize(
    ("record", "state", "said"),
    [
        ("v=spf1 include:relay.example ?all", FindingState.OK, "(1 of 10 look-ups)"),
        ("V=SPF1 a mx include:relay.example ~all", FindingState.OK, "(3 of 10 look-ups)"),
        ("v=spf1 redirect=relay.example", FindingState.OK, "(1 of 10 look-ups)"),
        ("v=spf1 ~all redirect=gone.example", FindingState.OK, "(0 of 10 look-ups)"),
        ("v=spf1 include:relay.example +all", FindingState.WRONG, "permits everybody"),
        ("v=spf1 all", FindingState.WRONG, "permits everybody"),
        ("v=spf1 ip4:0.0.0.0/0 -all", FindingState.WRONG, "permits everybody"),
        ("v=spf1 include:gone.example -all", FindingState.WRONG, "gone.example has no SPF record"),
        ("v=spf1 include:post.example -all", FindingState.WRONG, "post.example includes itself"),
        ("v=spf1 ip4:300.1.1.1 -all", FindingState.WRONG, "300.1.1.1"),
        ("v=spf1 ip4:2001:db8::/32 -all", FindingState.WRONG, "is not such a network"),
        ("v=spf1 include: -all", FindingState.WRONG, "is not an SPF term"),
        ("v=spf1 include=relay.example -all", FindingState.OK, "(0 of 10 look-ups)"),
        ("v=spf1 ipv4:198.51.100.7 -all", FindingState.WRONG, "is not an SPF term"),
        ("v=spf10 -all", FindingState.MISSING, "there is no record"),
        (" ".join(["v=spf1", *("a:x.example" for _ in range(10)), "-all"]), FindingState.OK, "(10 of 10"),
        (" ".join(["v=spf1", *("a:x.example" for _ in range(11)), "-all"]), FindingState.WRONG, "more than 10"),
    ],
)  # fmt: skip
def test_an_spf_record_is_read_as_servers_read_it(ours, zone, record, state, said):
    zone.put(FROM, "TXT", record)
    found = findings(ours, zone, "SPF")[0]

    assert (found.state, found.where) == (state, FROM)
    assert said in found.said


def test_lookups_are_counted_through_all_that_is_included(zone):
    zone.put("many.example", "TXT", "v=spf1 include:a.example include:b.example mx -all")
    zone.put("a.example", "TXT", "v=spf1 a ptr exists:%{i}.x.example include:c.example -all")
    zone.put("b.example", "TXT", "v=spf1 redirect=c.example")
    zone.put("c.example", "TXT", "v=spf1 mx:d.example ip4:192.0.2.1 exp=e.example -all")

    assert SpfRecords(zone).lookups("many.example") == 3 + 4 + 1 + 1 + 1


def test_a_tree_of_includes_without_end_is_not_followed_to_it(zone):
    for level in range(60):
        deeper = " ".join(f"include:l{level + 1}.example" for _ in range(9))
        zone.put(f"l{level}.example", "TXT", f"v=spf1 {deeper} -all")
    zone.put("l60.example", "TXT", "v=spf1 -all")

    assert SpfRecords(zone).lookups("l0.example") > 10
    assert len(zone.asked) < 100


def test_two_records_are_an_error(ours, zone):
    zone.put(FROM, "TXT", "v=spf1 -all", "v=spf1 ~all")

    assert "has 2 SPF records" in findings(ours, zone, "SPF")[0].said


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1 ip4:203.0.113.9 -all", HERE, "pass"),
        ("v=spf1 -ip4:203.0.113.9 ip4:203.0.113.0/24 -all", HERE, "fail"),
        ("v=spf1 a:host.example ~all", HERE, "pass"),
        ("v=spf1 a:host.example/24 ~all", "203.0.113.200", "pass"),
        ("v=spf1 a/24 ~all", "203.0.113.200", "softfail"),
        ("v=spf1 a:host.example//64 ~all", "2001:db8:9::1:1", "pass"),
        ("v=spf1 mx:host.example ?all", HERE, "pass"),
        ("v=spf1 include:no.example ?all", HERE, "neutral"),
        ("v=spf1 redirect=no.example", HERE, "fail"),
        ("v=spf1 ptr exists:%{i}.x.example", HERE, "neutral"),
    ],
)
def test_what_an_spf_record_says_of_an_address(record, address, result):
    zone = Zone()
    zone.put(FROM, "TXT", record)
    zone.put("host.example", "A", "203.0.113.9")
    zone.put("host.example", "AAAA", "2001:db8:9::9")
    zone.put("host.example", "MX", "10 host.example")
    zone.put("no.example", "TXT", "v=spf1 -all")

    assert SpfRecords(zone).result(FROM, address) == result


# the relay


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


# DKIM


@pytest.mark.parametrize(
    ("change", "state", "said"),
    [
        (lambda r: r, FindingState.OK, "has our key (ed25519-sha256)"),
        (lambda r: r.replace("v=DKIM1; ", ""), FindingState.OK, "has our key"),
        (
            lambda r: f"  {r.replace(' ', '')};  t=s ; h=sha1:sha256 ",
            FindingState.OK,
            "has our key",
        ),
        (lambda r: r[:-3] + "AA=", FindingState.WRONG, "another key"),
        (lambda r: r.replace("k=ed25519; ", ""), FindingState.WRONG, "another key"),
        (lambda r: r[: r.index("p=") + 2], FindingState.WRONG, "that revokes it"),
        (lambda r: r + "; h=sha1", FindingState.WRONG, "does not permit sha256"),
        (lambda r: r + "; t=y:s", FindingState.WRONG, "t=y"),
        (lambda r: r.replace("DKIM1", "DKIM2"), FindingState.WRONG, "not a DKIM record"),
    ],
)
def test_the_record_of_a_key_is_held_against_the_key(config, zone, change, state, said):
    given = config("ed25519")
    ((name, record),) = records(given, FROM).items()
    zone.put(name, "TXT", change(record))
    found = only(given, zone, "DKIM")

    assert found.state is state
    assert said in found.said
    assert (found.publish.value if found.publish else None) == (
        None if state is FindingState.OK else record
    )


def test_a_key_of_the_domain_above_is_looked_for_there(config, zone):
    given = config("ed25519", sender=f"news@mail.{FROM}", domain=FROM)

    assert only(given, zone, "DKIM").where == f"s-ed25519._domainkey.{FROM}"


@pytest.mark.parametrize("together", [True, False])
def test_it_says_whether_several_signatures_are_made_at_once(config, zone, monkeypatch, together):
    several = object() if together else None
    monkeypatch.setattr("syndicate.deliver.message.dkim.BatchRsaSigner.of", lambda *_: several)
    given = config("rsa")
    for name, record in records(given, FROM).items():
        zone.put(name, "TXT", record)

    assert ("several at once" in only(given, zone, "DKIM").said) is together


def test_without_keys_the_relay_is_to_sign_and_its_selectors_are_looked_up(config, zone):
    zone.put(f"k1._domainkey.{FROM}", "TXT", "k=rsa; p=MIGf")
    zone.put(f"k3._domainkey.{FROM}", "TXT", "k=rsa; p=")

    bare = only(config(), zone, "DKIM")
    assert (bare.state, bare.fails) == (FindingState.MISSING, True)
    named = findings(config(), zone, "DKIM", selectors=["k1", "k2", "k3"])
    assert [one.state for one in named] == [
        FindingState.OK,
        FindingState.MISSING,
        FindingState.WRONG,
    ]


# DMARC and MX


@pytest.mark.parametrize(
    ("texts", "state", "said"),
    [
        (["v=DMARC1; p=reject"], FindingState.OK, "the policy is reject"),
        (["v=DMARC1;p=none;adkim=s;aspf=s"], FindingState.OK, "the policy is none"),
        (["something", "v=DMARC1; p=none"], FindingState.OK, "the policy is none"),
        ([], FindingState.MISSING, "there is no record"),
        (["v=DMARC2; p=none"], FindingState.MISSING, "there is no record"),
        (["v=DMARC1; p=maybe"], FindingState.WRONG, "has no p="),
        (["v=DMARC1; rua=mailto:x@post.example"], FindingState.WRONG, "has no p="),
        (["v=DMARC1; p=none", "v=DMARC1; p=none"], FindingState.WRONG, "has 2 records"),
    ],
)
def test_a_dmarc_record_is_read(ours, zone, texts, state, said):
    zone.put(f"_dmarc.{FROM}", "TXT", *texts)
    found = only(ours, zone, "DMARC")

    assert found.state is state
    assert said in found.said


def test_the_policy_of_the_domain_above_counts_for_those_below(config, zone):
    zone.put(f"_dmarc.{FROM}", "TXT", "v=DMARC1; p=reject; sp=quarantine")
    below = config("ed25519", sender=f"news@a.b.{FROM}", domain=FROM)

    assert "the policy is quarantine, of post.example" in only(below, zone, "DMARC").said
    assert ("_dmarc.example", "TXT") not in zone.asked


def test_strict_alignment_wants_the_very_domain(config, zone):
    zone.put(f"_dmarc.{FROM}", "TXT", "v=DMARC1; p=none; adkim=s")
    below = config("ed25519", sender=f"news@mail.{FROM}", domain=FROM)

    assert only(below, zone, "DMARC").state is FindingState.WRONG


def test_where_answers_go_is_looked_at(ours, zone):
    zone.put(FROM, "MX", "0 ")
    assert only(ours, zone, "MX").state is FindingState.WRONG
    del zone.records[FROM, "MX"]
    assert only(ours, zone, "MX").state is FindingState.MISSING
    zone.put(FROM, "A", HERE)
    assert only(ours, zone, "MX").state is FindingState.OK


# the configuration


def test_the_configuration_is_looked_at_as_well(config, zone, tmp_path):
    bad = config(
        "ed25519",
        url="http://www.post.example",
        mail={"transport": "smtp", "host": "smtp.relay.example", "security": "none"},
    )
    (tmp_path / "ed25519.pem").chmod(0o644)
    found = {one.check: one for one in checkup(bad, zone)}

    assert [found[c].state for c in ("TLS", "one-click", "key")] == [FindingState.WRONG] * 3
    assert [found[c].fails for c in ("TLS", "one-click", "key")] == [True, True, False]


def test_nothing_leaves_by_the_outbox_and_nobody_knows_localhost(publication):
    found = {one.check: one for one in checkup(publication(), Zone())}

    assert (found["transport"].state, found["transport"].fails) == (FindingState.WRONG, False)
    assert (found["from"].state, found["from"].fails) == (FindingState.WRONG, True)
    assert found["one-click"].state is FindingState.WRONG
    assert "SPF" not in found


def test_each_domain_that_mail_is_from_is_looked_at(publication, zone):
    given = publication(
        mail={**RELAY, "from": f"news@{FROM}"},
        newsletters=[{"name": "a"}, {"name": "b", "from": "b@bücher.example"}],
    )

    assert {one.where for one in findings(given, zone, "DMARC")} == {FROM, "xn--bcher-kva.example"}


# DNS


def test_no_answer_is_told_and_is_no_ok(ours, zone):
    zone.put(f"_dmarc.{FROM}", "TXT", *BROKEN)
    zone.put("smtp.relay.example", "A", *BROKEN)
    found = [one for one in checkup(ours, zone) if one.state is FindingState.UNKNOWN]

    assert [(one.check, one.fails) for one in found] == [
        ("TLS", False),
        ("DMARC", True),
        ("relay", True),
    ]


def test_a_real_server_is_asked(ours, zone):
    zone.put("broken.example", "TXT", *BROKEN)
    zone.put("nowhere.example", "MX", "0 ")
    zone.put("evil.example", "TXT", r"v=spf1 \027[2J -all")
    with served(zone) as port:
        resolver = Resolver(("127.0.0.1",), port=port, timeout=60)
        for name, kind in list(zone.records):
            if name not in {"broken.example", "evil.example"}:
                assert sorted(resolver.ask(name, kind)) == sorted(zone.ask(name, kind)), name
        assert resolver.ask("evil.example", "TXT") == ["v=spf1 ?[2J -all"]
        assert resolver.ask("gone.example", "TXT") == []
        assert resolver.ask(FROM, "AAAA") == []
        with pytest.raises(CallFailed, match=r"no answer for broken\.example TXT"):
            resolver.ask("broken.example", "TXT")
        assert not any(one.fails for one in checkup(ours, resolver))


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example"])
def test_what_can_be_no_name_is_told_as_no_answer(name):
    with pytest.raises(CallFailed):
        Resolver(("127.0.0.1",), port=9).ask(name, "TXT")


def test_a_server_that_is_silent_is_given_up():
    with pytest.raises(CallFailed, match="no answer"):
        Resolver(("127.0.0.1",), port=9, timeout=0.3).ask("post.example", "TXT")


def test_our_own_addresses_are_public_ones():
    assert isinstance(own_addresses(), list)
