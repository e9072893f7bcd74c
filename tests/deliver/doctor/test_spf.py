"""SPF records as mail servers read them."""

import pytest

from syndicate.deliver.doctor.dns_records import SpfRecords
from syndicate.deliver.doctor.findings import FindingState
from tests.deliver.dns_zone import Zone
from tests.deliver.doctor.findings import FROM, HERE, findings


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
