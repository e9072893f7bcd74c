"""What the doctor finds about DKIM and MX of a domain."""

import pytest

from syndicate.deliver.doctor.findings import FindingState
from tests.deliver.dkim_keys import records
from tests.deliver.doctor.findings import FROM, HERE, findings, only


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


def test_where_answers_go_is_looked_at(ours, zone):
    del zone.records["mx.post.example", "A"]
    lost = only(ours, zone, "MX")
    assert (lost.state, lost.said) == (
        FindingState.WRONG,
        "replies and bounces go nowhere: mx.post.example has no address",
    )
    zone.put(FROM, "MX", "0 ")
    assert only(ours, zone, "MX").state is FindingState.WRONG
    del zone.records[FROM, "MX"]
    assert only(ours, zone, "MX").state is FindingState.MISSING
    zone.put(FROM, "A", HERE)
    assert only(ours, zone, "MX").state is FindingState.OK
