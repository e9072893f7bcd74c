"""Deltas of feeds: what a reader lacks, whatever versions it missed, in whatever has room."""

import hashlib
import json
import tracemalloc
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.render.feeds.entries import build_entry, build_tombstone, build_withdrawn_entry
from syndicate.render.feeds.formats import FORMATS
from syndicate.web.published.delta_response import FeedDeltas
from syndicate.web.published.request_headers import ContentCoding
from tests.end_to_end import output_rules
from tests.render.feeds.samples import NOON, a_channel, an_article, conform
from tests.render.feeds.written_feeds import CONFIG
from tests.shared_folder import SHARED, needs_shared

IDENTITY = ContentCoding.IDENTITY
FILES = [each.file for each in FORMATS]
N = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}
every_format = pytest.mark.parametrize("file", FILES)


@dataclass
class Paper:
    """A publication in the making: its newest articles, as each version of its feeds has them."""

    size: int = 10
    title: str = "Morning Post"
    articles: dict[int, dict[str, Any]] = field(default_factory=dict)
    hours: int = 0

    def publish(self, *numbers):
        for number in numbers:
            self.articles[number] = {"title": f"Tram {number}"}
        return self

    def edit(self, number, title):
        self.articles[number] = {"title": title, "updated": self._now()}
        return self

    def withdraw(self, number):
        self.articles[number] = {"retracted_at": self._now()}
        return self

    def feed(self, file):
        """Return the version of a format's feed that is served now."""
        shown = tuple(sorted(self.articles))[-self.size :][::-1]
        told = [_told(number, *sorted(self.articles[number].items())) for number in shown]
        called = CONFIG.publication.model_copy(update={"title": self.title})
        head = a_channel(CONFIG.override(publication=called), [one for one, _, _ in told])
        head = replace(head, deleted=tuple(grave for _, grave, _ in told if grave))
        (form,) = [each for each in FORMATS if each.file == file]
        return form.write_document(head, [written[file] for _, _, written in told])

    def _now(self):
        self.hours += 1
        return NOON + timedelta(hours=self.hours)


@cache
def _told(number, *values):
    article = an_article(id=f"urn:test:{number}", slug=f"s{number}", **dict(values))
    gone = article.retracted_at is not None
    told = (build_withdrawn_entry if gone else build_entry)(CONFIG, article)
    grave = build_tombstone(CONFIG, article) if gone else None
    return told, grave, {each.file: each.write_entry(told) for each in FORMATS}


def digest(body):
    return hashlib.sha256(body).hexdigest()[:32]


class Served:
    """A feed as the server has it: each version is noted when it goes out."""

    def __init__(self, file, **limits):
        self.file = file
        self.deltas = FeedDeltas(**limits)

    def version(self, paper):
        body = paper.feed(self.file)
        self.deltas.record(self.file, digest(body), body)
        return body

    def since(self, known, body):
        return self.deltas.get(self.file, digest(known), digest(body), body, IDENTITY)


def read(file, document):
    """Return what a document says: its title, its entries by id, and the ids of its tombstones."""
    assert complaints(file, document) == []
    if file == "feed.json":
        feed = json.loads(document)
        return feed["title"], {item["id"]: item for item in feed["items"]}, set()
    feed = feedparser.parse(document)
    assert not feed.bozo, feed.bozo_exception
    told = {each.id: dict(each) for each in feed.entries}
    assert len(told) == len(feed.entries)
    graves = etree.fromstring(document).iterfind("at:deleted-entry", N)
    return feed.feed.title, told, {grave.get("ref") for grave in graves}


def complaints(file, document):
    check = {
        "rss.xml": output_rules.rss,
        "atom.xml": output_rules.atom,
        "feed.json": output_rules.json_feed,
    }[file]
    return list(check(document, f"https://news.example/{file}"))


def titles(file, document):
    return [told["title"] for told in read(file, document)[1].values()]


@every_format
def test_who_missed_one_version_gets_what_is_new(file):
    served, paper = Served(file), Paper().publish(1, 2, 3)
    known = served.version(paper)
    now = served.version(paper.publish(4))
    assert titles(file, served.since(known, now)) == ["Tram 4"]


@every_format
def test_who_missed_several_gets_all_that_came_since(file):
    served, paper = Served(file), Paper().publish(1, 2, 3)
    known = served.version(paper)
    later = served.version(paper.publish(4))
    served.version(paper.edit(2, "Two, corrected"))
    now = served.version(paper.publish(5, 6))
    assert titles(file, served.since(known, now)) == [
        "Tram 6",
        "Tram 5",
        "Tram 4",
        "Two, corrected",
    ]
    assert titles(file, served.since(later, now)) == ["Tram 6", "Tram 5", "Two, corrected"]


@every_format
def test_who_missed_a_correction_and_its_undoing_has_it_right(file):
    served, paper = Served(file), Paper().publish(1, 2, 3)
    known = served.version(paper)
    wrong = served.version(paper.edit(2, "Two, wrong"))
    now = served.version(paper.publish(2, 4))
    assert titles(file, served.since(known, now)) == ["Tram 4"]
    assert titles(file, served.since(wrong, now)) == ["Tram 4", "Tram 2"]


@every_format
def test_a_withdrawn_article_is_in_with_its_last_entry_and_tombstone(file):
    served, paper = Served(file), Paper().publish(1, 2, 3).withdraw(1)
    known = served.version(paper)
    now = served.version(paper.withdraw(2))
    _, told, graves = read(file, served.since(known, now))
    assert [each["title"] for each in told.values()] == ["[withdrawn] The harbour tram runs again"]
    assert set(told) == {"urn:test:2"}
    assert graves == ({"urn:test:2"} if file == "atom.xml" else set())
    after = served.version(paper.publish(4))
    assert read(file, served.since(now, after))[2] == set(), "its reader has it already"


@every_format
def test_what_changed_in_the_channel_alone_comes_without_entries(file):
    served, paper = Served(file), Paper().publish(1, 2, 3)
    known = served.version(paper)
    paper.title = "Evening Post"
    now = served.version(paper)
    assert read(file, served.since(known, now)) == ("Evening Post", {}, set())


@every_format
def test_an_article_that_grew_too_old_for_the_feed_is_no_change(file):
    served, paper = Served(file), Paper(size=2).publish(1, 2)
    known = served.version(paper)
    now = served.version(paper.publish(3))
    assert titles(file, served.since(known, now)) == ["Tram 3"]


@every_format
def test_there_is_none_where_it_would_be_the_whole_document(file):
    served, paper = Served(file), Paper().publish(1, 2)
    known = served.version(paper)
    now = served.version(paper.edit(1, "One, corrected").edit(2, "Two, corrected"))
    assert served.since(known, now) is None
    empty = served.version(Paper())
    assert served.since(empty, now) is None
    assert served.since(now, empty) is None


@every_format
def test_there_is_none_from_a_version_that_nobody_was_served(file):
    served, paper = Served(file), Paper().publish(1, 2)
    never = paper.feed(file)
    now = served.version(paper.publish(3))
    assert served.since(never, now) is None
    assert Served(file).since(never, now) is None
    other = served.deltas.get(f"tags/x/{file}", digest(now), digest(never), never, IDENTITY)
    assert other is None, "what one feed had is nothing to another"


def test_a_file_that_is_no_feed_of_ours_has_none():
    deltas = FeedDeltas()
    foreign = b"<rss version='2.0'><channel><item/></channel></rss>"
    for path in ("index.html", "rss.xml", "atom.xml", "feed.json", "feed.json/x", ""):
        deltas.record(path, "1", foreign)
        deltas.record(path, "2", foreign + b" ")
        assert deltas.get(path, "1", "2", foreign + b" ", IDENTITY) is None


def test_a_feed_below_the_root_has_them_too():
    served, paper = Served("sections/city/rss.xml"), Paper().publish(1, 2)
    known, now = paper.feed("rss.xml"), paper.publish(3).feed("rss.xml")
    for body in (known, now):
        served.deltas.record(served.file, digest(body), body)
    assert titles("rss.xml", served.since(known, now)) == ["Tram 3"]


def test_one_that_took_over_from_another_file_starts_anew():
    """A version that can't be told apart had nothing that its reader may be spared."""
    deltas, paper = FeedDeltas(), Paper().publish(1, 2)
    now = paper.feed("rss.xml")
    deltas.record("rss.xml", "foreign", now.replace(b"<title>", b"<title><!-- x -->"))
    deltas.record("rss.xml", digest(now), now)
    assert deltas.get("rss.xml", "foreign", digest(now), now, IDENTITY) is None


@needs_shared
def test_deltas_are_valid_by_the_schemas_of_their_formats():
    assert SHARED
    grammar = etree.RelaxNG(etree.parse(SHARED / "schema" / "atom.rng"))
    schema = json.loads((SHARED / "schema" / "jsonfeed-1.1.schema.json").read_bytes())
    for file in ("atom.xml", "feed.json"):
        served, paper = Served(file), Paper().publish(1, 2, 3, 4)
        versions = [served.version(paper)]
        versions.append(served.version(paper.withdraw(2)))
        versions.append(served.version(paper.edit(3, "Three").publish(5)))
        paper.title = "Evening Post"
        versions.append(served.version(paper))
        for known in versions[:-1]:
            delta = served.since(known, versions[-1])
            if file == "atom.xml":
                grammar.assertValid(etree.fromstring(delta))
            else:
                conform(json.loads(delta), schema, schema)


changes = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 2)),
        st.tuples(st.just("edit"), st.integers(0, 5)),
        st.tuples(st.just("withdraw"), st.integers(0, 5)),
        st.tuples(st.just("rename"), st.integers(0, 3)),
        st.tuples(st.just("poll"), st.integers(0, 2)),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FILES), changes, st.integers(1, 6), st.integers(1, 6))
def test_readers_of_deltas_know_what_readers_of_everything_know(file, history, size, versions):
    """Three readers, each polling when it likes, merge by id as feed readers do."""
    served, paper = Served(file, max_versions=versions), Paper(size=size).publish(1, 2, 3)
    readers = [Reader(), Reader(), Reader()]
    for what, number in [*history, *(("poll", n) for n in range(3))]:
        newest = max(paper.articles)
        one = max(newest - number, 1)
        if what == "publish":
            paper.publish(*range(newest + 1, newest + 1 + number))
        elif what == "edit":
            paper.edit(one, f"Edited {number} {paper.hours}")
        elif what == "withdraw":
            paper.withdraw(one)
        elif what == "rename":
            paper.title = f"Post {number}"
        else:
            reader, now = readers[number], served.version(paper)
            delta = reader.known and served.since(reader.known, now)
            assert delta is None or len(delta) <= len(now)
            reader.merge(read(file, delta or now), read(file, now))
            reader.known = now
            assert reader.by_deltas == reader.by_documents


@dataclass
class Reader:
    known: bytes | None = None
    by_deltas: tuple[str, dict[str, Any], set[str]] = ("", {}, set())
    by_documents: tuple[str, dict[str, Any], set[str]] = ("", {}, set())

    def merge(self, delta, document):
        for name, (title, told, graves) in (("by_deltas", delta), ("by_documents", document)):
            _, before, buried = getattr(self, name)
            setattr(self, name, (title, before | told, buried | graves))


def test_only_so_many_versions_of_a_feed_are_remembered():
    served, paper = Served("rss.xml", max_versions=3), Paper().publish(1, 2)
    versions = [served.version(paper.publish(n)) for n in range(3, 8)]
    spared = [served.since(known, versions[-1]) is not None for known in versions]
    assert spared == [False, False, True, True, True]


def test_a_version_that_is_served_again_counts_as_served_last():
    served = Served("rss.xml", max_versions=2)
    papers = [Paper().publish(1, 2, n) for n in (3, 4, 5)]
    first, second = map(served.version, papers[:2])
    served.version(papers[0])
    now = served.version(papers[2])
    assert served.since(first, now) is not None
    assert served.since(second, now) is None


def test_a_walk_through_the_archives_drives_out_no_feed_that_is_polled():
    served, paper = Served("rss.xml", max_bytes=100_000), Paper().publish(1, 2)
    versions = [served.version(paper.publish(n)) for n in (3, 4)]
    for n in range(1000):
        served.deltas.record(f"archive/{n}/rss.xml", f"{n:032}", versions[0])
        if n % 10 == 0:
            served.version(paper)  # somebody polls
    assert served.since(*versions) is not None
    assert served.deltas.get("archive/1/rss.xml", f"{1:032}", "x", versions[1], IDENTITY) is None


def test_memory_is_bounded_whatever_is_asked():
    memory = 500_000
    deltas, paper = FeedDeltas(max_bytes=memory), Paper().publish(*range(1, 6))
    bodies = [paper.publish(n).feed("feed.json") for n in range(6, 12)]
    deltas.record("feed.json", "warm", bodies[0])
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for n in range(200):
            path = f"tags/{n % 90}/feed.json"
            for age, body in enumerate(bodies):
                deltas.record(path, f"{n:026}{age:06}", body)
            for age in range(len(bodies)):
                deltas.get(path, f"{n:026}{age:06}", f"{n:032}", bodies[-1], IDENTITY)
                deltas.get(path, f"nobody's {n}", f"{n:032}", bodies[-1], IDENTITY)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 100_000 < after - before < memory


def test_a_feed_with_more_than_there_is_room_for_is_done_without():
    for memory in (0, 900, 1500):
        served, paper = Served("rss.xml", max_bytes=memory), Paper().publish(1, 2)
        known = served.version(paper)
        now = served.version(paper.publish(3))
        assert served.since(known, now) is None
    served, paper = Served("rss.xml", max_bytes=2500), Paper().publish(1, 2)
    versions = [served.version(paper.publish(n)) for n in (3, 4)]
    assert served.since(versions[0], versions[1]) is None, "the older version made room"
    assert served.since(versions[1], versions[1]) is not None


def test_a_delta_is_made_once_for_each_version():
    served, paper = Served("rss.xml"), Paper().publish(1, 2, 3)
    known = served.version(paper)
    now = served.version(paper.publish(4))
    assert served.since(known, now) is served.since(known, now)
    after = served.version(paper.publish(5))
    assert titles("rss.xml", served.since(known, after)) == ["Tram 5", "Tram 4"]
