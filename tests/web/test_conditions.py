"""Conditions and codings of requests, as RFC 9110 writes them."""

from datetime import UTC, datetime

import pytest

from syndicate.web.published.conditions import accepts_gzip, matching_tag, unchanged_since

TAGS = ('"abc"', '"abc-gzip"')
MODIFIED = datetime(2026, 11, 24, 13, 17, 5, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("GZip", True),
        ("br, gzip;q=0.5", True),
        ("x-gzip", True),
        ("*", True),
        ("br", False),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("*, gzip;q=0", False),
        ("*;q=0, gzip", True),
        ("*;q=0", False),
        ("gzip;q=1.0", True),
        ("gzipped", False),
    ],
)
def test_what_a_client_says_of_gzip_goes_before_what_it_says_of_all(header, accepted):
    assert accepts_gzip(header) is accepted


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
    assert matching_tag(header, TAGS) == found


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
    assert unchanged_since(header, MODIFIED) is unchanged
