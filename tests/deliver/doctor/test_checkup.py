"""What the doctor finds, with DNS as a table; and DNS itself, asked by dnspython."""

from syndicate.config.sections.feedback import BounceSettings
from syndicate.deliver.doctor.checkup import checkup
from syndicate.deliver.doctor.findings import FindingState
from tests.deliver.dkim_keys import records
from tests.deliver.dns_zone import Zone
from tests.deliver.doctor.findings import FROM, RELAY, findings


def test_where_all_is_well_all_is_ok(ours, zone):
    ours = ours.override(bounces=BounceSettings(address="bounce@post.example", pipe=True))
    found = list(checkup(ours, zone))

    checks = [
        "transport",
        "one-click",
        "bounces",
        "mailto",
        "address",
        "SPF",
        "DKIM",
        "DMARC",
        "MX",
    ]
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
    zone.put("mail.post.example", "A", "192.0.2.25")
    for one in list(checkup(ours, zone)):
        if one.publish:
            zone.put(one.publish.name, one.publish.type, one.publish.value)

    left = [one.check for one in checkup(ours, zone) if one.state is not FindingState.OK]
    assert left == ["TLS", "bounces", "mailto"], "not tried, and not a matter of DNS"


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
