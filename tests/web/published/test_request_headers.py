"""Conditions and codings of requests, as RFC 9110 writes them."""

from datetime import UTC, datetime

import pytest

from syndicate.web.published.request_headers import (
    ALL_CODINGS,
    IDENTITY_ONLY,
    ContentCoding,
    is_unmodified_since,
    match_etag,
    negotiate_coding,
    parse_range,
)

TAGS = ('"abc"', '"abc-gzip"')
MODIFIED = datetime(2026, 11, 24, 13, 17, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.4, gzip;q=0.5", "gzip"),
        ("gzip;q=0.1", "gzip"),
        ("identity, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip", "gzip"),
        ("*", "br"),
        ("*;q=0.5, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0, br;q=0", "identity"),
        ("gzip; q=0.000", "identity"),
        ("deflate", "identity"),
        ("gzipped", "identity"),
        ("*;q=0, gzip", "gzip"),
        ("*;q=0", None),
        ("identity;q=0", None),
        ("identity;q=0, *", "br"),
        (", ,;;, gzip ;q=1.0,", "gzip"),
        ("gzip" + " " * 400, "gzip"),
    ],
)
def test_the_coding_that_a_client_likes_best_is_chosen(header, coding):
    assert negotiate_coding(header, ALL_CODINGS) == coding


def test_what_is_there_as_it_is_alone_is_sent_as_it_is():
    assert negotiate_coding("gzip, br", IDENTITY_ONLY) is ContentCoding.IDENTITY
    assert negotiate_coding("gzip, identity;q=0", IDENTITY_ONLY) is None


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=0-", range(10)),
        ("bytes=4-6", range(4, 7)),
        ("Bytes = 4 - 99", range(4, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-99", range(10)),
        ("bytes=10-", range(10, 10)),
        ("bytes=12-13", range(12, 12)),
        ("bytes=-0", range(10, 10)),
        ("bytes=5-4", None),
        ("bytes=0-1,4-5", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("bytes=0x1-2", None),
        ("bytes=" + "9" * 400 + "-", None),
        ("bytes=\u0661-2", None),
    ],
)
def test_a_part_is_one_that_there_is_or_none_that_can_be_sent_or_not_meant_at_all(header, wanted):
    assert parse_range(header, 10) == wanted


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('"abc"', '"abc"'),
        ('W/"abc-gzip"', '"abc-gzip"'),
        ('"x", W/"abc" ,"y"', '"abc"'),
        (" * ", '"abc"'),
        ('"*"', None),
        ("abc", None),
        ('"ABC"', None),
        ('"abc', None),
        ("", None),
    ],
)
def test_a_tag_is_found_wherever_it_stands_and_only_as_it_is(header, found):
    assert match_etag(header, TAGS) == found


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        ("Tue, 24 Nov 2026 13:17:05 GMT", True),
        ("Tue, 24 Nov 2026 13:17:04 GMT", False),
        ("Tue, 24 Nov 2026 14:17:05 +0100", True),
        ("Tuesday, 24-Nov-26 13:17:05 GMT", True),
        ("Tue, 24 Nov 2026 13:17:05 -0000", False),
        ("2026-11-24", False),
        ("", False),
    ],
)
def test_dates_are_compared_as_times_to_the_second(header, unchanged):
    assert is_unmodified_since(header, MODIFIED) is unchanged
