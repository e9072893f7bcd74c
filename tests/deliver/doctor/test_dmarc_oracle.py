"""DMARC records and tree walks, as checkdmarc reads them: it knows RFC 9989 as well.

Where the two differ, the text of the RFC is the judge; each difference stands in this file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import checkdmarc.dmarc as oracle
import dns.resolver
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndicate.deliver.doctor.dmarc import DmarcRecord, DmarcRecords
from tests.deliver.dns_zone import Zone

TEXT = "v=DMARC1; p=none"


@contextmanager
def asking(zone: Zone) -> Iterator[None]:
    """Let checkdmarc ask a zone instead of DNS, and nothing about those that get reports."""

    def query(name: str, kind: str, **_: Any) -> list[str]:
        if not zone.exists(name):
            raise dns.resolver.NXDOMAIN
        if not (found := zone.ask(name, kind)):
            raise dns.resolver.NoAnswer
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oracle, "query_dns", query)
        patch.setattr(oracle, "verify_dmarc_report_destination", lambda *_, **__: None)
        patch.setattr(oracle, "get_mx_records", lambda *_, **__: ["mx"])
        patch.setattr(oracle, "_dmarc_cname_conflict_warning", lambda *_, **__: None)
        yield


# one record

WHITE = st.sampled_from(["", " ", "\t", "  "])
NAMES = ["p", "sp", "np", "psd", "t", "adkim", "aspf", "fo", "pct", "rf", "ri", "P", "Sp", "own"]
VALUES = ["none", "Quarantine", "reject", "y", "n", "u", "r", "S", "0", "1", "d:s", "0:1", "maybe"]


@st.composite
def tags(draw) -> str:
    name, value = draw(st.sampled_from(NAMES)), draw(st.sampled_from(VALUES))
    return f"{draw(WHITE)}{name}{draw(WHITE)}={draw(WHITE)}{value}{draw(WHITE)}"


@st.composite
def report_tags(draw) -> str:
    uris = [
        "mailto:a@example.org",
        "mailto:b@r.example!10m",
        "https://example.org/r",
        "a@b.example",
    ]
    chosen = draw(st.lists(st.sampled_from(uris), min_size=1, max_size=3))
    return f" {draw(st.sampled_from(['rua', 'ruf']))}={','.join(chosen)}"


@st.composite
def written_records(draw) -> str:
    versions = ["v=DMARC1", "V = DMARC1 ", "v=dmarc1", " v=DMARC1", "v=DMARC1x", "p=none; v=DMARC1"]
    version = draw(st.sampled_from(versions[:2] * 5 + versions))
    parts = draw(st.lists(st.one_of(tags(), tags(), report_tags()), max_size=6))
    return ";".join([version, *parts, *draw(st.sampled_from([[], [""]]))])


@given(written_records())
@settings(max_examples=400, deadline=None)
@example("v=DMARC1")
@example("v=DMARC1;p=reject;sp=none;np=quarantine;t=y;psd=n")
def test_records_are_read_as_the_oracle_reads_them(text):
    record = DmarcRecord.parse("example.org", text)
    assert (record is not None) is oracle._is_dmarc_record(text), text
    if record is None:
        return
    try:
        with asking(Zone()):
            read = oracle.parse_dmarc_record(text, "example.org")["tags"]
    except oracle.InvalidDMARCReportURI:
        written = [uri for tag in ("rua", "ruf") for uri in record.written_uris(tag)]
        read_by_us = [uri for tag in ("rua", "ruf") for uri in record.report_uris(tag)]
        assert len(read_by_us) < len(written), text
    except oracle.InvalidDMARCTag:
        assert record.repeated, text
    except oracle.InvalidDMARCTagValue:
        assert record.invalid, text
    else:
        _compare(record, read, text)


def _compare(record: DmarcRecord, read: dict[str, Any], text: str) -> None:
    # repeated tags that nobody knows, or no longer, are no error for checkdmarc
    assert set(record.repeated) <= {"own", "pct", "rf", "ri"}, text
    value = {name: tag["value"] for name, tag in read.items()}
    # RFC 9989, 4.8: what is invalid counts as its default; checkdmarc does so for these
    assert set(record.invalid) <= {"adkim", "aspf", "fo"}, text
    assert record.policy() == value["p"], text
    assert record.policy(below=True) == value["sp"], text
    assert record.policy(below=True, exists=False) == value["np"], text
    assert record.psd == value["psd"], text
    assert record.is_test == (value["t"] == "y"), text
    for tag in ("adkim", "aspf"):
        assert record.is_strict(tag) == (value[tag] == "s"), text
    for tag in ("rua", "ruf"):
        found = [uri for uri in record.report_uris(tag) if uri.domain]
        mailboxes = [uri for uri in value.get(tag, ()) if uri["scheme"] == "mailto"]
        assert [uri.text.partition(":")[2] for uri in found] == [u["address"] for u in mailboxes]
        assert [uri.limit[1:] or None for uri in found] == [u["size_limit"] for u in mailboxes]


# the walk

LABELS = st.sampled_from(["a", "b", "com"])
DOMAINS = st.lists(LABELS, min_size=1, max_size=10).map(".".join)


@st.composite
def published(draw) -> tuple[str, dict[str, list[str]]]:
    """A domain, and the records of some of the names above it."""
    domain = draw(DOMAINS)
    labels = domain.split(".")
    kept = {}
    for first in range(len(labels)):
        flag = draw(st.sampled_from(["none", "none", "", "; psd=y", "; psd=n", "; psd=u", "twice"]))
        if flag != "none":
            name = ".".join(labels[first:])
            kept[name] = [TEXT, TEXT] if flag == "twice" else [f"{TEXT}{flag}"]
    return domain, kept


@given(published())
@settings(max_examples=300, deadline=None)
def test_the_walk_ends_where_the_oracles_does(case):
    domain, kept = case
    zone = Zone()
    zone.put(domain, "TXT", "something=else")
    for name, texts in kept.items():
        zone.put(f"_dmarc.{name}", "TXT", *texts)
    record = DmarcRecords(zone).applicable(domain)
    try:
        with asking(zone):
            found = oracle.query_dmarc_record(domain)["location"]
    except oracle.DMARCRecordNotFound:
        found = None
    except oracle.MultipleDMARCRecords:
        # it stops there to report them; RFC 9989, 4.10 (2 and 6) discards them and walks on
        assert any(len(texts) > 1 for texts in kept.values())
        return
    assert (record.domain if record else None) == found, case
