"""Real readers follow the published feeds over HTTP: what is new to them, changed, or gone."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from reader import make_reader

from syndicate import clock
from syndicate.render.feeds.formats import FORMATS
from tests.publish.feed_readers import FOLLOWERS, Feedparser, Follower, Newsboat, PythonReader, Seen
from tests.publish.liferea import following
from tests.publish.newsroom import Newsroom
from tests.publish.serving import Served, serving
from tests.render.feeds.samples import NOON

pytestmark = pytest.mark.neighbours

TRAM, QUAY = "urn:test:tram", "urn:test:quay"
XML = pytest.mark.parametrize("file", ["rss.xml", "atom.xml"])
EACH = pytest.mark.parametrize(
    "kind", FOLLOWERS, ids=["newsboat", "rss2email", "feedparser", "reader"]
)


@pytest.fixture
def served(sqlite_store, publication) -> Iterator[Served]:
    # the fewest polls that a publication may let readers begin with
    with serving(sqlite_store, publication, web={"poll_allowance": 10}) as made:
        yield made


@dataclass
class Day:
    """The server's time, moved by the tests: readers wait between two polls."""

    newsroom: Newsroom
    passed: timedelta = timedelta(0)

    def wait(self, hours: int) -> None:
        self.passed += timedelta(hours=hours)

    def build(self) -> None:
        """Publish; what was written, was written now, by this time."""
        begun = time.time()
        self.newsroom.build()
        for place in self.newsroom.config.output.rglob("[!.]*"):
            if place.is_file() and place.stat().st_mtime > begun - 1:
                os.utime(place, (clock.now().timestamp(),) * 2)


@pytest.fixture
def day(served, monkeypatch) -> Day:
    made, real = Day(served.newsroom), clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + made.passed)
    return made


@pytest.mark.parametrize("file", [each.file for each in FORMATS])
def test_a_reader_sees_new_articles_as_new_and_corrections_as_corrections(served, file):
    newsroom, url = served.newsroom, f"{served.url}/{file}"
    newsroom.file("tram")
    newsroom.build()
    with make_reader(":memory:") as reader:
        reader.add_feed(url)
        assert counts(reader, url) == (1, 0)
        newsroom.build()
        assert counts(reader, url) == (0, 0)
        newsroom.file("quay")
        newsroom.build()
        assert counts(reader, url) == (1, 0)
        newsroom.file("tram", title="Corrected", at=NOON + timedelta(minutes=5), renamed="trams")
        newsroom.build()
        assert counts(reader, url) == (0, 1)
        seen = {entry.id: entry.title for entry in reader.get_entries()}
        assert seen == {TRAM: "Corrected", QUAY: "Quay"}
        corrected = reader.get_entry((url, TRAM))
        assert corrected.link == f"{served.url}/articles/trams/"
        assert corrected.authors_str == "Morning Post"
        assert corrected.updated == NOON + timedelta(minutes=5)


@EACH
@XML
def test_what_is_new_is_new_once_what_is_edited_is_no_second_one_and_what_is_withdrawn_says_so(
    kind: Callable[[str, Path], Follower], file: str, served: Served, day: Day, tmp_path: Path
):
    follow(at_home(kind, served, file, tmp_path), file, served, day)


@pytest.mark.slow
@XML
def test_liferea_follows_as_well(file: str, served: Served, day: Day, tmp_path: Path):
    told = partial(served.record.statuses, f"/{file}")
    with following(f"{served.url}/{file}", tmp_path, told) as liferea:
        follow(liferea, file, served, day)
    icons = {each.path: each.status for each in served.record.exchanges if "icon" in each.path}
    assert icons
    assert set(icons.values()) == {200}


def follow(follower: Follower, file: str, served: Served, day: Day) -> None:
    """The story of two articles, as a reader tells it that polls once an hour."""
    newsroom = served.newsroom
    newsroom.file("tram")
    day.build()
    polled = poller(follower, day)
    assert polled() == Seen(new=frozenset({TRAM}))
    assert polled() == polled() == Seen()
    newsroom.file("quay")
    day.build()
    assert polled() == Seen(new=frozenset({QUAY}))
    later = NOON + timedelta(minutes=5)
    newsroom.file("tram", title="Corrected", body="<p>Put right.</p>", at=later)
    day.build()
    edits = frozenset({TRAM}) if follower.shows_edits else frozenset()
    assert polled() == Seen(changed=edits)
    newsroom.retract("quay", at=NOON + timedelta(minutes=9))
    day.build()
    withdrawn = frozenset({QUAY}) if follower.shows_edits else frozenset()
    assert polled() == Seen(changed=withdrawn)
    told = {TRAM: "Corrected", QUAY: "[withdrawn] Quay"}
    assert follower.shown() == (told if follower.shows_edits else {TRAM: "Tram", QUAY: "Quay"})
    assert httpx.get(f"{served.url}/articles/quay/", trust_env=False).status_code == 410
    assert polled() == Seen()
    said = served.record.of(f"/{file}")
    assert {each.status for each in said} <= {200, 226, 304}
    assert [each.conditional for each in said].count(False) == follower.first_conditional - 1


@pytest.mark.parametrize("kind", [Newsboat, Feedparser, PythonReader])
@XML
def test_who_asks_for_increments_gets_what_it_lacks_after_one_version_and_after_three(
    kind: Callable[[str, Path], Follower], file: str, served: Served, day: Day, tmp_path: Path
):
    newsroom = served.newsroom
    for slug in ("tram", "quay", *(f"ferry-{number}" for number in range(12))):
        newsroom.file(slug)
    day.build()
    follower = at_home(kind, served, file, tmp_path)
    polled = poller(follower, day)
    for _ in range(follower.first_conditional):
        polled()
    newsroom.file("crane")
    day.build()
    assert polled() == Seen(new=frozenset({"urn:test:crane"}))
    newsroom.file("tram", title="Corrected", at=NOON + timedelta(minutes=5))
    day.build()
    newsroom.file("dam")
    day.build()
    newsroom.retract("quay", at=NOON + timedelta(minutes=9))
    day.build()
    assert polled() == Seen(new=frozenset({"urn:test:dam"}), changed=frozenset({TRAM, QUAY}))
    whole, *_, one, three = served.record.of(f"/{file}")
    assert (one.status, three.status) == (226, 226)
    assert max(one.length, three.length) < whole.length
    assert len(follower.shown()) == 16
    assert (follower.shown()[TRAM], follower.shown()[QUAY]) == ("Corrected", "[withdrawn] Quay")
    assert polled() == Seen()
    assert served.record.statuses(f"/{file}")[-1] == 304


@XML
def test_newsboat_misses_no_edition_of_a_feed_that_changes_twice_within_a_second(
    file: str, served: Served, tmp_path: Path
):
    """Its curl throws an answer away whose Last-Modified is no later than the last one's."""
    served.newsroom.file("tram")
    served.newsroom.build()
    newsboat = at_home(Newsboat, served, file, tmp_path)
    for _ in range(3):
        newsboat.poll()
    for edition in range(1, 7):
        served.newsroom.file("tram", title=f"{edition}", at=NOON + timedelta(minutes=edition))
        served.newsroom.build()
        newsboat.poll()
        assert newsboat.shown() == {TRAM: f"{edition}"}


# rss2email asks as feedparser does, which it is made of
@pytest.mark.slow
@pytest.mark.parametrize("kind", [Newsboat, Feedparser, PythonReader])
def test_a_reader_that_polls_a_dozen_times_is_never_limited_and_loads_what_is_unchanged_no_more(
    kind: Callable[[str, Path], Follower], served: Served, day: Day, tmp_path: Path
):
    file = "rss.xml"
    served.newsroom.file("tram")
    day.build()
    follower = at_home(kind, served, file, tmp_path)
    polled = poller(follower, day)
    seen = [polled() for _ in range(12)]
    assert seen == [Seen(new=frozenset({TRAM})), *[Seen()] * 11]
    first = follower.first_conditional
    assert served.record.statuses(f"/{file}") == [*[200] * (first - 1), *[304] * (13 - first)]
    assert sum(each.length for each in served.record.of(f"/{file}")[first - 1 :]) == 0


def at_home(
    kind: Callable[[str, Path], Follower], served: Served, file: str, folder: Path
) -> Follower:
    """Set a reader up to follow a feed."""
    home = folder / "home"
    home.mkdir()
    return kind(f"{served.url}/{file}", home)


def poller(follower: Follower, day: Day) -> Callable[[], Seen]:
    """Return how it polls: once an hour, as these readers do unless told otherwise."""

    def poll() -> Seen:
        day.wait(1)
        return follower.poll()

    return poll


def counts(reader, url):
    updated = reader.update_feed(url)
    return (updated.new, updated.modified) if updated else (0, 0)
