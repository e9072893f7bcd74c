"""Times and capitals where a language has rules of its own."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from syndicate.render.formatting import FILTERS, capitals


@pytest.mark.parametrize(
    ("language", "zone", "written"),
    [
        ("pl", "Europe/Warsaw", "1 maja 2026 16:05 CEST"),
        ("tr", "Europe/Istanbul", "1 Mayıs 2026 17:05 GMT+3"),
        ("tr", "America/Caracas", "1 Mayıs 2026 10:05 GMT-4"),
        ("tr", "Asia/Kathmandu", "1 Mayıs 2026 19:50 GMT+5:45"),
    ],
)
def test_a_zone_without_a_name_is_its_distance_from_greenwich(language, zone, written):
    at = datetime(2026, 5, 1, 14, 5, tzinfo=UTC)
    assert FILTERS["moment"](at, ZoneInfo(zone), language) == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "ILLINOIS İI"),
        ("tr-CY", "İLLİNOİS İI"),
        ("az", "İLLİNOİS İI"),
        ("trv", "ILLINOIS İI"),
    ],
)
def test_turkish_capitals_keep_the_dot_of_an_i(language, written):
    assert capitals("illinois İı", language) == written


@pytest.mark.parametrize(
    ("language", "day", "written"),
    [
        ("fr", 1, "vendredi 1er mai 2026"),
        ("fr-CA", 1, "vendredi 1er mai 2026"),
        ("fr", 21, "jeudi 21 mai 2026"),
        ("it", 1, "venerdì 1 maggio 2026"),
    ],
)
def test_the_first_of_a_month_is_an_ordinal_in_french(language, day, written):
    assert FILTERS["long_date"](datetime(2026, 5, day, tzinfo=UTC), UTC, language) == written
