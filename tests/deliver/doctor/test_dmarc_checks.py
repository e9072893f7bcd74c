"""What the doctor finds about the policy of a domain, and whether our mail passes by it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.config.sections.feedback import BounceSettings
from syndicate.deliver.doctor.dmarc import DmarcRecords
from syndicate.deliver.doctor.dmarc_checks import MailIdentity, check_dmarc
from syndicate.deliver.doctor.findings import DnsRecord, FindingState
from tests.deliver.dns_zone import BROKEN, Zone
from tests.deliver.doctor.findings import FROM, findings

OK, MISSING, WRONG, UNKNOWN = FindingState
OWN = f"_dmarc.{FROM}"


def verdict(config, zone):
    return findings(config, zone, "DMARC")[0]


def notes(config, zone):
    return findings(config, zone, "DMARC")[1:]


@pytest.mark.parametrize(
    ("texts", "state", "said"),
    [
        (["v=DMARC1; p=reject"], OK, "the policy is reject; our signatures and return path agree"),
        (["v=DMARC1;p=none;adkim=s;aspf=s"], OK, "the policy is none"),
        (["something", "v=DMARC1; p=none"], OK, "the policy is none"),
        (["v=DMARC1; p=reject; t=y"], OK, "the policy is reject, tested (t=y) as quarantine"),
        (["v=DMARC1; p=none; t=y"], OK, "the policy is none;"),
        (["v=DMARC1; p=none"], OK, "it asks nobody for reports (rua=)"),
        (["v=DMARC1; rua=mailto:x@post.example"], OK, "the policy is none"),
        ([], MISSING, "there is no record"),
        (["v=DMARC2; p=none"], MISSING, "there is no record"),
        (["v=dmarc1; p=none"], MISSING, "'v=dmarc1; p=none' does not begin with v=DMARC1"),
        (["v=DMARC1"], WRONG, "has no p="),
        (["v=DMARC1; p=maybe"], WRONG, "has no p="),
        (["v=DMARC1; p=none; sp=maybe"], WRONG, "has no p="),
        (["v=DMARC1; p=none; p=reject"], WRONG, "the record has p more than once"),
        (["v=DMARC1; p=none", "v=DMARC1; p=none"], WRONG, "has 2 records, so none counts"),
    ],
)
def test_a_dmarc_record_is_judged(ours, zone, texts, state, said):
    zone.put(OWN, "TXT", *texts)
    found = verdict(ours, zone)

    assert (found.state, found.fails) == (state, state is not OK)
    assert said in found.said


@pytest.mark.parametrize("text", ["v=DMARC1", "v=DMARC1; p=maybe", "v=DMARC1; p=none; p=none", ""])
def test_what_it_says_to_publish_instead_is_well(ours, zone, text):
    zone.put(OWN, "TXT", *filter(None, [text]))
    fix = verdict(ours, zone).publish

    assert (fix.name, fix.type) == (OWN, "TXT")
    zone.put(OWN, "TXT", fix.value)
    assert verdict(ours, zone).state is OK
    assert notes(ours, zone) == []


def test_the_policy_of_the_organization_counts_for_those_below(config, zone):
    zone.put(OWN, "TXT", "v=DMARC1; p=reject; sp=quarantine; np=none")
    below = config("ed25519", sender=f"news@a.b.{FROM}", domain=FROM)

    assert "the policy is none, of post.example" in verdict(below, zone).said
    zone.put(f"a.b.{FROM}", "A", "198.51.100.9")
    assert "the policy is quarantine, of post.example" in verdict(below, zone).said
    zone.put(f"_dmarc.b.{FROM}", "TXT", "v=DMARC1; p=none")
    assert "the policy is quarantine, of post.example" in verdict(below, zone).said
    zone.put(f"_dmarc.a.b.{FROM}", "TXT", "v=DMARC1; p=none")
    assert "the policy is none;" in verdict(below, zone).said


def test_a_public_suffix_is_no_policy_of_ours(ours, zone):
    del zone.records[OWN, "TXT"]
    zone.put("_dmarc.example", "TXT", "v=DMARC1; p=reject; psd=y; pct=5")
    found = verdict(ours, zone)

    assert (found.state, found.fails) == (MISSING, True)
    assert "only the public suffix example has one" in found.said
    assert found.publish.name == OWN
    assert notes(ours, zone) == [], "its record is not ours to correct"


def test_strict_alignment_wants_the_very_domain(config, zone):
    zone.put(OWN, "TXT", "v=DMARC1; p=none; adkim=s; rua=mailto:d@post.example")
    below = config("ed25519", sender=f"news@mail.{FROM}", domain=FROM)
    found = verdict(below, zone)

    assert found.state is WRONG
    assert "adkim=s needs signatures of mail.post.example itself" in found.said
    assert not found.fails, "the return path agrees"
    apart = below.override(bounces=BounceSettings(address="b@bounces.example", pipe=True))
    assert verdict(apart, zone).fails


def test_a_subdomain_that_is_an_organization_of_its_own_needs_its_own_signatures(config, zone):
    zone.put(f"_dmarc.mail.{FROM}", "TXT", "v=DMARC1; p=none; psd=n")
    below = config("ed25519", sender=f"news@mail.{FROM}", domain=FROM)
    found = verdict(below, zone)

    assert found.state is WRONG
    assert "post.example, but that of mail.post.example is mail.post.example" in found.said
    assert found.publish is None


def test_a_signature_of_the_domain_above_counts_only_if_that_has_a_record(config, zone):
    del zone.records[OWN, "TXT"]
    zone.put(f"_dmarc.mail.{FROM}", "TXT", "v=DMARC1; p=none")
    below = config("ed25519", sender=f"news@mail.{FROM}", domain=FROM)
    found = verdict(below, zone)

    assert found.state is WRONG
    assert "or publish a record for post.example too" in found.said
    zone.put(found.publish.name, found.publish.type, found.publish.value)
    assert verdict(below, zone).state is OK


def test_records_of_its_own_that_do_not_count_are_reported_though_another_applies(config, zone):
    below = config("ed25519", sender=f"news@mail.{FROM}", domain=FROM)
    zone.put(f"_dmarc.mail.{FROM}", "TXT", "v=dmarc1; p=reject")
    (note,) = notes(below, zone)
    assert verdict(below, zone).state is OK
    assert (note.where, note.state, note.fails) == (f"_dmarc.mail.{FROM}", WRONG, False)

    zone.put(f"_dmarc.mail.{FROM}", "TXT", "v=DMARC1; p=none", "v=DMARC1; p=reject")
    assert verdict(below, zone).fails


def test_relays_that_sign_are_aligned_as_the_sender(config, zone):
    zone.put(OWN, "TXT", "v=DMARC1; p=none; adkim=s")
    zone.put(f"k1._domainkey.{FROM}", "TXT", "k=rsa; p=MIGf")

    signed = findings(config(), zone, "DMARC", selectors=["k1"])[0]
    assert "our signatures and return path agree with it" in signed.said
    assert "our return path agrees with it" in verdict(config(), zone).said


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("v=DMARC1; p=none; pct=100", "pct is obsolete (RFC 9989): remove it"),
        ("v=DMARC1; p=none; ri=1; rf=afrf", "rf and ri are obsolete (RFC 9989): remove them"),
        ("v=DMARC1; p=reject; pct=10; t=y", "pct is obsolete (RFC 9989): remove it"),
        ("v=DMARC1; p=reject; pct=10", "the policy applies to all mail now; t=y asks for"),
        ("v=DMARC1; rua=mailto:d@post.example", "p is missing, which means none"),
        ("v=DMARC1; p=all; rua=mailto:d@post.example", "p=all is not none, quarantine or reject"),
        ("v=DMARC1; p=none; aspf=relaxed", "aspf=relaxed is not r or s, so it is ignored"),
        ("v=DMARC1; p=none; sp", "'sp' is no tag, so it is ignored"),
        ("v=DMARC1; p=none; psd=y", "psd=y says that the domain is a public suffix"),
        ("v=DMARC1; p=none; rua=mailto:d@post.example!9m", "the size limit of mailto:d@post.exa"),
        ("v=DMARC1; p=none; rua=d@post.example", "rua=d@post.example is not an address such as"),
    ],
)
def test_what_servers_ignore_is_a_warning_with_its_remedy(ours, zone, record, said):
    zone.put(OWN, "TXT", record)
    (note,) = notes(ours, zone)

    assert verdict(ours, zone).state is OK
    assert (note.where, note.state, note.fails) == (OWN, WRONG, False)
    assert said in note.said
    zone.put(OWN, "TXT", note.publish.value)
    assert notes(ours, zone) == []


@given(
    st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20)),
    st.lists(st.sampled_from([*"ps;=,:!@ yn", "rua=mailto:", "none", "v=DMARC1", "fo=0", "x.org"])),
)
@settings(max_examples=200, deadline=None)
def test_whatever_a_record_says_it_is_judged_and_corrected(text, parts):
    zone = Zone()
    for written in (text, "".join(parts)):
        zone.put(OWN, "TXT", f"v=DMARC1;{written}")
        mail = MailIdentity(FROM, (FROM,), (FROM, "elsewhere.example"))
        found = list(check_dmarc(DmarcRecords(zone), mail))
        fixes = [one.publish for one in found if one.publish and one.publish.name == OWN]
        for fix in fixes:
            zone.put(OWN, "TXT", fix.value)
            again = list(check_dmarc(DmarcRecords(zone), mail))
            assert again[0].state is OK, fix.value
            assert not [one for one in again if one.publish and one.publish.name == OWN], fix.value


def test_unknown_tags_and_a_semicolon_too_many_are_nobodys_business(ours, zone):
    zone.put(OWN, "TXT", "v=DMARC1; p=none; bimi=1;; fo=1:d;")

    assert notes(ours, zone) == []


def test_reports_to_another_organization_need_its_record(ours, zone):
    zone.put(OWN, "TXT", "v=DMARC1; p=none; rua=mailto:r@in.post.example,mailto:r@reports.example")
    (note,) = notes(ours, zone)

    assert (note.state, note.fails) == (WRONG, False)
    assert "the record has to be published by reports.example" in note.said
    assert note.publish == DnsRecord(f"{FROM}._report._dmarc.reports.example", "TXT", "v=DMARC1")
    zone.put(note.publish.name, note.publish.type, note.publish.value)
    assert notes(ours, zone) == []


def test_an_address_of_another_kind_may_be_ignored_and_silence_is_no_verdict(ours, zone):
    zone.put(OWN, "TXT", "v=DMARC1; p=none; rua=https://r.example/in; ruf=mailto:r@slow.example")
    zone.put("_dmarc.slow.example", "TXT", *BROKEN)

    assert [(note.state, note.fails) for note in notes(ours, zone)] == [(UNKNOWN, False)] * 2


def test_a_fault_of_one_record_that_two_domains_have_is_reported_once(config, zone):
    zone.put(OWN, "TXT", "v=DMARC1; p=none; pct=100")
    given = config("ed25519", domain=FROM)
    (newsletter, *_) = given.newsletters
    second = newsletter.model_copy(update={"name": "second", "sender": None})
    third = newsletter.model_copy(
        update={"name": "third", "sender": given.mail.sender.model_copy(update={"address": f"n@mail.{FROM}"})}
    )  # fmt: skip
    found = findings(given.override(newsletters=(newsletter, second, third)), zone, "DMARC")

    assert [one.where for one in found] == [FROM, OWN, f"mail.{FROM}"]


# the envelope sender


def test_the_return_path_counts_if_it_is_of_the_same_organization(ours, zone):
    within = ours.override(bounces=BounceSettings(address=f"b@in.{FROM}", pipe=True))
    (note,) = notes(within, zone)
    assert (note.where, note.state) == (f"in.{FROM}", OK)

    zone.put(OWN, "TXT", "v=DMARC1; p=none; aspf=s")
    (note,) = notes(within, zone)
    assert (note.state, note.fails) == (WRONG, False), "the signatures still count"
    assert "aspf=s wants the same domain" in note.said


def test_a_return_path_of_another_organization_leaves_the_signatures_alone_to_count(config, zone):
    elsewhere = BounceSettings(address="b@bounces.example", pipe=True)
    signed = config("ed25519").override(bounces=elsewhere)
    (note,) = notes(signed, zone)

    assert (note.where, note.state, note.fails) == ("bounces.example", WRONG, False)
    assert "DMARC depends on the signatures alone" in note.said
    (note,) = notes(config().override(bounces=elsewhere), zone)
    assert note.fails, "nothing is signed either"
