"""Polite pollers never notice a limit; others are told to wait, by feed and client."""

import random
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from syndicate.web.published.poll_limit import PollLimit
from syndicate.web.server.client_address import rate_limit_key
from tests.web.published.published_folder import published, served

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
EVERY = timedelta(minutes=5)
ME = ("192.0.2.1", "reader/1", "rss.xml")


class Reader:
    """A client that polls at times of its own; `full` says whether there is something new."""

    def __init__(self, polling, client=ME):
        self.polling, self.client, self.at = polling, client, NOON

    def poll(self, validator, *, full, after=timedelta()):
        self.at += after
        return self.polling.get_delay(self.client, validator, full=full, at=self.at)


@pytest.fixture
def polling():
    return PollLimit(full_allowance=40, every=EVERY)


def test_a_reader_that_asks_as_often_as_the_feed_says_never_waits(polling):
    reader, tag = Reader(polling), 0
    chance = random.Random(5)
    for poll in range(5000):
        news = chance.random() < 0.3
        validator = None if poll < 2 else f'"{tag}"'  # as newsboat begins
        assert reader.poll(validator, full=news or poll < 2, after=EVERY) == 0
        tag += news


def test_who_asks_for_everything_each_time_waits_after_a_generous_beginning(polling):
    reader = Reader(polling)
    answers = [reader.poll(None, full=True, after=EVERY) for _ in range(60)]
    assert not any(answers[:40])
    assert any(answers)
    wait = next(filter(None, answers))
    assert 0 < wait <= 3600
    assert reader.poll(None, full=True, after=timedelta(seconds=wait)) == 0


def test_who_was_away_for_long_has_saved_nothing_up(polling):
    reader = Reader(polling)
    reader.poll(None, full=True)
    answers = [reader.poll(None, full=True, after=timedelta(days=365))]
    answers += [reader.poll(None, full=True) for _ in range(40)]
    assert not any(answers[:40])
    assert answers[40] > 0


def test_who_is_told_to_wait_is_let_in_at_once_with_a_tag_that_is_right(polling):
    reader = Reader(polling)
    while not reader.poll(None, full=True):
        pass
    assert reader.poll('"now"', full=False) == 0


def test_a_tag_that_is_never_renewed_is_as_good_as_none_in_the_end(polling):
    reader = Reader(polling)
    answers = [reader.poll('"stale"', full=True, after=EVERY) for _ in range(200)]
    assert not any(answers[:140])
    assert any(answers)


@pytest.mark.parametrize(
    ("readers", "every", "changes"), [(2, 30, 20), (5, 15, 30), (10, 60, 45), (30, 5, 600)]
)
def test_readers_alike_behind_one_address_never_wait(polling, readers, every, changes):
    have: list[str | None] = [None] * readers
    for minute in range(3 * 24 * 60):
        now = f'"v{minute // changes}"'
        for number in range(readers):
            if (minute - number) % every == 0:
                full = have[number] != now
                at = NOON + timedelta(minutes=minute)
                assert polling.get_delay(ME, have[number], full=full, at=at) == 0
                have[number] = now


def test_who_asks_far_more_often_than_the_feed_says_waits_even_for_nothing_new(polling):
    reader = Reader(polling)
    answers = [reader.poll('"now"', full=False, after=timedelta(seconds=1)) for _ in range(600)]
    assert not any(answers[:200])
    assert 0 < next(filter(None, answers)) <= 15


def test_a_person_who_presses_refresh_does_not_wait(polling):
    reader = Reader(polling)
    assert not any(reader.poll('"now"', full=False, after=timedelta(seconds=2)) for _ in range(50))


def test_each_feed_and_each_client_has_an_account_of_its_own(polling):
    while not polling.get_delay(ME, None, full=True, at=NOON):
        pass
    for other in (("192.0.2.2", *ME[1:]), (ME[0], "reader/2", ME[2]), (*ME[:2], "atom.xml")):
        assert polling.get_delay(other, None, full=True, at=NOON) == 0


def test_a_clock_that_is_set_back_takes_nothing_from_anybody(polling):
    reader = Reader(polling)
    reader.poll(None, full=True)
    assert reader.poll(None, full=True, after=timedelta(days=-3)) == 0


def test_no_more_is_remembered_than_is_reasonable(polling):
    for number in range(30_000):
        polling.get_delay((str(number),), None, full=True, at=NOON)
    assert len(polling._budgets) <= 20_000


def test_behind_a_proxy_that_nobody_named_nobody_is_counted():
    assert rate_limit_key("10.0.0.7", "198.51.100.4", ()) is None
    assert rate_limit_key("127.0.0.1", None, ()) == "127.0.0.1/32"
    assert rate_limit_key("8.8.4.4", "198.51.100.4", ()) is None
    ours = (ip_network("10.0.0.0/8"),)
    assert rate_limit_key("8.8.4.4", "198.51.100.4", ours) == "8.8.4.4/32"  # only claims to be one


@pytest.fixture
def feeds(tmp_path):
    return published(tmp_path)


@pytest.mark.neighbours
def test_a_429_says_when_to_come_back_and_what_to_do(feeds):
    with served(feeds, web={"poll_allowance": 10}) as client:
        answers = [client.get("/rss.xml") for _ in range(12)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
        refused = answers[-1]
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert refused.headers["cache-control"] == "no-store"
        assert refused.headers["access-control-allow-origin"] == "*"
        assert "If-None-Match" in refused.text
        tag = answers[0].headers["etag"]
        assert client.get("/rss.xml", headers={"if-none-match": tag}).status_code == 304
        assert client.get("/atom.xml").status_code == 200
        assert client.get("/rss.xml", headers={"user-agent": "another"}).status_code == 200


@pytest.mark.neighbours
def test_tags_that_were_never_ours_are_one_that_is_never_renewed(feeds):
    with served(feeds, web={"poll_allowance": 10}) as client:

        def poll(number):
            return client.get("/rss.xml", headers={"if-none-match": f'"x{number}"'}).status_code

        answers = [poll(number) for number in range(130)]
        assert answers[:110] == [200] * 110
        assert 429 in answers


@pytest.mark.neighbours
def test_pages_and_the_list_of_feeds_have_no_limit(feeds):
    with served(feeds, web={"poll_allowance": 10}) as client:
        for path in ("/", "/opml.xml", "/articles/dam/"):
            assert {client.get(path).status_code for _ in range(60)} == {200}


@pytest.mark.neighbours
def test_the_limit_can_be_turned_off(feeds):
    with served(feeds, web={"poll_allowance": 10, "poll_limit": False}) as client:
        assert {client.get("/rss.xml").status_code for _ in range(60)} == {200}


@pytest.mark.neighbours
def test_readers_behind_a_proxy_of_ours_are_told_apart(feeds):
    with served(feeds, web={"poll_allowance": 10, "proxies": ["127.0.0.0/8"]}) as client:

        def poll(address):
            return client.get("/rss.xml", headers={"x-forwarded-for": address}).status_code

        assert [poll("192.0.2.1") for _ in range(11)][-1] == 429
        assert poll("192.0.2.2") == 200
        assert (
            poll("203.0.113.1, 192.0.2.1") == 429
        )  # what the client itself claims counts for nothing
