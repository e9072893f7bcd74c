"""Clicks of people and of link scanners, which behave differently."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.editions import CANARY
from syndicate.store import LinkClick
from syndicate.web.editions.click_tracking import MAX_AGENT_LENGTH, ScannerDetector, is_machine

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def visit(link, seconds=0.0, edition=1, **changes):
    given = {"subscriber": None, "agent": FIREFOX, "machine": False}
    at = AT + timedelta(seconds=seconds)
    return LinkClick(edition=edition, link=link, at=at, **given | changes)


def visited(*visits, who="anna", scanners=None):
    """Classify visits; return the final verdict on each."""
    scanners = scanners or ScannerDetector()
    for visited in visits:
        scanners.classify(who, visited)
    return [visited.machine for visited in visits]


def test_who_reads_link_by_link_is_a_person():
    assert visited(*(visit(n, n * 3) for n in range(1, 9))) == [False] * 8


def test_who_follows_the_same_link_again_and_again_is_a_person():
    assert visited(*(visit(1, n / 10) for n in range(9))) == [False] * 9


def test_five_links_within_ten_seconds_are_a_machines_from_the_first_on():
    assert visited(*(visit(n, n) for n in range(1, 5))) == [False] * 4
    assert visited(*(visit(n, n) for n in range(1, 7))) == [True] * 6


def test_links_of_two_editions_are_not_added_up():
    assert visited(*(visit(n, n, edition=n % 2) for n in range(1, 7))) == [False] * 6


def test_earlier_visits_of_a_machine_are_returned():
    scanners, visits = ScannerDetector(), [visit(n, n) for n in range(1, 6)]
    late = [scanners.classify("anna", visited) for visited in visits]
    assert late == [[], [], [], [], visits[:4]]


def test_the_hidden_link_gives_away_the_minute_around_it():
    visits = [visit(1, 0), visit(2, 30), visit(CANARY, 70), visit(3, 125), visit(4, 135)]
    assert visited(*visits) == [False, True, True, True, False]


def test_only_the_beginning_of_a_name_is_looked_at():
    long = FIREFOX.ljust(MAX_AGENT_LENGTH)
    assert is_machine("GET", long[:-4] + "curl", "")
    assert not is_machine("GET", long + "curl", "")
    scanners = ScannerDetector()
    short, longer = (
        scanners.pseudonym("192.0.2.0/24", long + more, AT) for more in ("", "x" * 60_000)
    )
    assert short == longer


def test_one_visitors_haste_is_not_anothers():
    scanners = ScannerDetector()
    visited(*(visit(n) for n in range(6)), who="scanner", scanners=scanners)
    assert visited(visit(1), who="anna", scanners=scanners) == [False]


def test_who_stays_for_long_is_a_machine_no_longer_than_a_minute():
    assert visited(visit(CANARY, 0), visit(1, 59), visit(1, 61)) == [True, True, False]


def test_a_pseudonym_changes_every_day():
    scanners = ScannerDetector()
    today = scanners.pseudonym("192.0.2.0/24", FIREFOX, AT)
    assert scanners.pseudonym("192.0.2.0/24", FIREFOX, AT) == today
    assert scanners.pseudonym("192.0.3.0/24", FIREFOX, AT) != today
    assert scanners.pseudonym("192.0.2.0/24", "Safari", AT) != today
    assert scanners.pseudonym("192.0.2.0/24", FIREFOX, AT + timedelta(days=1)) != today


def test_visitors_are_forgotten_after_a_minute():
    scanners = ScannerDetector()
    for number in range(500):
        scanners.classify(number, visit(1, number))
    assert len(scanners._visitors) <= 61


@pytest.mark.parametrize(
    ("method", "agent", "purpose"),
    [
        ("HEAD", FIREFOX, ""),
        ("GET", "", ""),
        ("GET", FIREFOX, "prefetch;anonymous-client-ip"),
        ("GET", "curl/8.5.0", ""),
        ("GET", "python-requests/2.32", ""),
        ("GET", "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))", ""),
        ("GET", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", ""),
        ("GET", "Mozilla/5.0 (X11; Linux) HeadlessChrome/131.0.0.0 Safari/537.36", ""),
        ("GET", "facebookexternalhit/1.1", ""),
        ("GET", "WhatsApp/2.23.20.0", ""),
    ],
)
def test_machines_that_say_so(method, agent, purpose):
    assert is_machine(method, agent, purpose)


@pytest.mark.parametrize(
    "agent",
    [
        FIREFOX,
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"
        ),
        "Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 Chrome/131.0 Mobile",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18 Safari",
        "Lynx/2.9.0dev.12 libwww-FM/2.14",
    ],
)
def test_people_whose_browsers_have_odd_names(agent):
    assert not is_machine("GET", agent, "")
