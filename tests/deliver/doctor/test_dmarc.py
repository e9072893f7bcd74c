"""DMARC policies as RFC 9989 finds and reads them."""

import pytest

from syndicate.deliver.doctor.dmarc import (
    DmarcPolicy,
    DmarcRecord,
    DmarcRecords,
    ReportUri,
    is_dmarc_record,
    is_meant_for_dmarc,
    walk_names,
)
from syndicate.errors import CallFailed
from tests.deliver.dns_zone import BROKEN, Zone


def policies(**published: str) -> tuple[Zone, DmarcRecords]:
    """A DNS with policy records; `_` stands for the dots of a domain."""
    zone = Zone()
    for name, record in published.items():
        zone.put(f"_dmarc.{name.replace('_', '.')}", "TXT", record)
    return zone, DmarcRecords(zone)


def read(text: str) -> DmarcRecord:
    record = DmarcRecord.parse("example.org", text)
    assert record is not None
    return record


# the walk


@pytest.mark.parametrize(
    ("domain", "walked"),
    [
        ("com", ["com"]),
        ("a.mail.example.com", ["a.mail.example.com", "mail.example.com", "example.com", "com"]),
        (
            "a.b.c.d.e.f.g.h",  # eight labels: eight names
            [
                "a.b.c.d.e.f.g.h",
                "b.c.d.e.f.g.h",
                "c.d.e.f.g.h",
                "d.e.f.g.h",
                "e.f.g.h",
                "f.g.h",
                "g.h",
                "h",
            ],
        ),
        (
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",  # the example of section 4.10
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com",
                "i.j.mail.example.com",
                "j.mail.example.com",
                "mail.example.com",
                "example.com",
                "com",
            ],
        ),
    ],
)
def test_the_walk_asks_for_at_most_eight_names(domain, walked):
    assert list(walk_names(domain)) == walked


@pytest.mark.parametrize(
    ("published", "domain", "organization", "applicable"),
    [
        # the examples of 4.10.2
        (
            {"mail_example_com": "v=DMARC1", "example_com": "v=DMARC1"},
            "a.mail.example.com",
            "example.com",
            "example.com",
        ),
        (
            {"mail_example_com": "v=DMARC1; psd=n", "example_com": "v=DMARC1"},
            "a.mail.example.com",
            "mail.example.com",
            "mail.example.com",
        ),
        ({"com": "v=DMARC1; psd=y"}, "a.mail.example.com", "example.com", "com"),
        # a record of the domain itself applies, whatever its organizational domain
        (
            {"a_example_com": "v=DMARC1", "example_com": "v=DMARC1"},
            "a.example.com",
            "example.com",
            "a.example.com",
        ),
        # a public suffix of two labels, and the record one label below it
        (
            {"co_uk": "v=DMARC1; psd=y", "example_co_uk": "v=DMARC1"},
            "a.example.co.uk",
            "example.co.uk",
            "example.co.uk",
        ),
        # a record in between is nobody's: the suffix's applies
        (
            {"uk": "v=DMARC1; psd=y", "b_example_uk": "v=DMARC1"},
            "a.b.example.uk",
            "example.uk",
            "uk",
        ),
        # mail from a public suffix itself
        ({"gov": "v=DMARC1; psd=y"}, "gov", "gov", "gov"),
        ({"a_gov": "v=DMARC1; psd=y", "gov": "v=DMARC1"}, "a.gov", "a.gov", "a.gov"),
        # psd=u goes on, and so does what psd can't be
        (
            {
                "a_example_com": "v=DMARC1; psd=u",
                "example_com": "v=DMARC1; psd=maybe",
                "com": "v=DMARC1",
            },
            "a.example.com",
            "com",
            "a.example.com",
        ),
        # nothing at all
        ({}, "a.example.com", "a.example.com", None),
    ],
)
def test_the_walk_finds_the_organization_and_its_policy(
    published, domain, organization, applicable
):
    _, found = policies(**published)
    record = found.applicable(domain)

    assert found.organizational_domain(domain) == organization
    assert (record.domain if record else None) == applicable


def test_psd_n_and_psd_y_end_the_walk():
    for flag in "yn":
        zone, found = policies(mail_example_com=f"v=DMARC1; psd={flag}", example_com="v=DMARC1")
        found.organizational_domain("a.mail.example.com")
        assert ("_dmarc.example.com", "TXT") not in zone.asked


def test_of_several_records_at_a_name_none_counts_and_the_walk_goes_on():
    zone, found = policies(example_com="v=DMARC1; p=reject")
    zone.put("_dmarc.a.example.com", "TXT", "v=DMARC1; p=none", "v=DMARC1; p=none")
    zone.put("_dmarc.b.example.com", "TXT", "v=DMARC1; p=none", "v=spf1 -all")

    applicable = [found.applicable(f"{name}.example.com") for name in "ab"]
    assert [one and one.domain for one in applicable] == ["example.com", "b.example.com"]


def test_a_name_is_asked_for_once_and_a_failure_is_no_absence():
    zone, found = policies(example_com="v=DMARC1")
    for _ in range(2):
        found.applicable("a.example.com")
        found.are_aligned("b.example.com", "a.example.com", strict=False)
    assert len(zone.asked) == len(set(zone.asked)) == 4

    zone.put("_dmarc.c.example.com", "TXT", *BROKEN)
    with pytest.raises(CallFailed):
        found.applicable("c.example.com")


@pytest.mark.parametrize(
    ("identifier", "domain", "relaxed", "strict"),
    [
        # the table of 4.4
        ("foo.example.com", "news.example.com", True, False),
        ("news.example.com", "news.example.com", True, True),
        ("foo.example.net", "news.example.com", False, False),
        ("example.com", "news.example.com", True, False),
        ("apart.example.com", "news.example.com", False, False),
        ("a.apart.example.com", "apart.example.com", True, False),
    ],
)
def test_alignment_is_by_the_organizational_domain(identifier, domain, relaxed, strict):
    _, found = policies(example_com="v=DMARC1", apart_example_com="v=DMARC1; psd=n")

    assert found.are_aligned(identifier, domain, strict=False) is relaxed
    assert found.are_aligned(identifier, domain, strict=True) is strict


# the record


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("v=DMARC1", True),
        ("v=DMARC1;", True),
        ("V = DMARC1 ; p=none", True),
        ("v\t=\tDMARC1;p=none", True),
        ("v=dmarc1; p=none", False),
        (" v=DMARC1; p=none", False),
        ("v=DMARC1 p=none", False),
        ("v=DMARC10; p=none", False),
        ("v=DMARC2; p=none", False),
        ("p=none; v=DMARC1", False),
        ("", False),
    ],
)
def test_only_a_record_that_begins_with_the_version_counts(text, counts):
    assert is_dmarc_record(text) is counts
    assert (DmarcRecord.parse("example.org", text) is not None) is counts


def test_a_record_that_was_meant_for_dmarc_is_recognised():
    assert all(
        map(is_meant_for_dmarc, ["v=dmarc1; p=none", " v=DMARC1; p=none", "v=DMARC1 p=none"])
    )
    assert not any(map(is_meant_for_dmarc, ["v=DMARC1; p=none", "v=spf1 -all", "v=DMARC2; p=none"]))


@pytest.mark.parametrize(
    ("text", "itself", "below", "absent"),
    [
        ("v=DMARC1; p=reject", "reject", "reject", "reject"),
        ("v=DMARC1; p=reject; sp=none", "reject", "none", "none"),
        ("v=DMARC1; p=none; np=reject", "none", "none", "reject"),
        ("v=DMARC1; p=none; sp=quarantine; np=reject", "none", "quarantine", "reject"),
        ("v=DMARC1;P=Reject;SP = None ;", "reject", "none", "none"),
        ("v=DMARC1; sp=none; p=reject", "reject", "none", "none"),
        ("v=DMARC1", "none", "none", "none"),
        ("v=DMARC1; sp=reject", "none", "reject", "reject"),
        ("v=DMARC1; p=maybe", None, None, None),
        ("v=DMARC1; p=reject; sp=", "reject", "reject", "reject"),
        ("v=DMARC1; p=reject; sp=maybe", None, None, None),
        ("v=DMARC1; p=reject; np=maybe; rua=mailto:a@example.org", "none", "none", "none"),
        ("v=DMARC1; p=reject; np=maybe; rua=a@example.org", None, None, None),
    ],
)
def test_the_policy_is_that_of_the_domain_of_one_below_or_of_one_that_is_not_there(
    text, itself, below, absent
):
    record = read(text)

    assert record.policy() == itself
    assert record.policy(below=True) == below
    assert record.policy(below=True, exists=False) == absent


def test_a_test_is_one_step_weaker():
    assert [policy.weakened for policy in DmarcPolicy] == ["none", "none", "quarantine"]
    assert read("v=DMARC1; p=reject; t=y").is_test
    assert not read("v=DMARC1; p=reject; t=n").is_test
    assert not read("v=DMARC1; p=reject; t=yes").is_test


def test_what_can_not_be_read_is_left_out_and_named():
    record = read(
        "v=DMARC1; p=reject; adkim=strict; aspf=S; fo=0:1; none; ;=x; own=1; psd=Y; t=; pct=5"
    )

    assert record.invalid == ("adkim", "fo")
    assert record.malformed == ("none", "=x", "t=")
    assert (record.is_strict("adkim"), record.is_strict("aspf")) == (False, True)
    assert record.psd == "y"
    assert record.policy() is DmarcPolicy.REJECT


@pytest.mark.parametrize("options", ["0", "1", "d", "s", "d:s", "1:d:s", "D:0", "s:1:d"])
def test_options_of_failure_reports_are_read(options):
    assert read(f"v=DMARC1; fo={options}").invalid == ()


@pytest.mark.parametrize("options", ["0:1", "d:d", "x", "1:", ":1", "1,d"])
def test_other_options_are_invalid(options):
    assert read(f"v=DMARC1; fo={options}").invalid == ("fo",)


def test_a_tag_that_stands_there_twice_makes_the_record_void():
    assert read("v=DMARC1; p=none; P=reject; sp=none").repeated == ("p",)
    assert read("v=DMARC1; p=none; sp=none").repeated == ()


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("mailto:dmarc@example.org", ("mailto:dmarc@example.org", "example.org", "")),
        ("MAILTO:Dmarc+x@Example.ORG", ("MAILTO:Dmarc+x@Example.ORG", "example.org", "")),
        ("mailto:a@example.org!10m", ("mailto:a@example.org", "example.org", "!10m")),
        ("mailto:a@example.org?subject=x", ("mailto:a@example.org?subject=x", "example.org", "")),
        ("https://example.org/r?a=1", ("https://example.org/r?a=1", None, "")),
        ("dmarc@example.org", None),
        ("mailto:dmarc", None),
        ("mailto:dmarc@", None),
        ("mailto:@example.org", None),
        ("mailto:a b@example.org", None),
        ("mailto:a@example.org!ten", None),
        ("mailto:a@exa_mple..org", None),
        ("", None),
    ],
)
def test_addresses_of_reports_are_read(text, uri):
    found = ReportUri.parse(text)

    assert (found and (found.text, found.domain, found.limit)) == uri


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("v=DMARC1", "v=DMARC1; p=none"),
        ("v=DMARC1;rua=mailto:a@example.org;p=Reject", "v=DMARC1; p=reject; rua=mailto:a@example.org"),
        ("v=DMARC1; p=none; pct=20; rf=afrf; ri=3600; x=1", "v=DMARC1; p=none; x=1"),
        ("v=DMARC1; p=maybe; sp=perhaps; np=reject; adkim=x", "v=DMARC1; p=none; np=reject"),
        ("v=DMARC1; p=none; p=reject; oops; psd=y", "v=DMARC1; p=none"),
        (
            "v=DMARC1; p=none; rua=a@example.org, mailto:b@example.org!5m,?",
            "v=DMARC1; p=none; rua=mailto:a@example.org,mailto:b@example.org",
        ),
    ],
)  # fmt: skip
def test_a_record_is_corrected(text, corrected):
    assert read(text).corrected() == corrected
    again = read(corrected)
    assert again.corrected() == corrected
    assert (again.invalid, again.malformed, again.repeated) == ((), (), ())


# reports to others


def test_reports_about_another_organization_need_its_consent():
    zone, found = policies(example_org="v=DMARC1")
    record = read("v=DMARC1")

    assert found.is_authorized(record, "example.org")
    assert found.is_authorized(record, "reports.example.org"), "the same organization"
    assert not found.is_authorized(record, "reports.example")
    zone.put("example.org._report._dmarc.lazy.example", "TXT", "yes", "v=DMARC2")
    assert not found.is_authorized(record, "lazy.example")
    zone.put("example.org._report._dmarc.kind.example", "TXT", "yes", "v=DMARC1;")
    assert found.is_authorized(record, "kind.example")
    assert not found.is_authorized(record, f"{'x' * 60}.{'y' * 60}.{'z' * 60}.{'w' * 60}.example")
