"""WebSub, as a publisher: which feeds hubs are told of, when, and how often."""

import json
from datetime import timedelta
from threading import Event
from urllib.parse import parse_qs

import pytest

from syndicate.publish.mirror import Mirror
from syndicate.publish.push.change_notifier import ChangeNotifier
from syndicate.publish.push.feed_documents import FeedDocuments
from syndicate.publish.records.manifest import Manifest
from syndicate.store import CallKind, Store
from tests import ROOT
from tests.cli.fork_server import command_server
from tests.publish.newsroom import Newsroom
from tests.publish.push.endpoints import listening
from tests.publish.push.websub_room import HOME, LATER, MAIN, MINUTE, notifier_of, owed, told
from tests.publish.storages import URL, Ledger
from tests.render.feeds.samples import NOON

pytestmark = pytest.mark.neighbours


def child(room, *words):
    """Start another process that tells of what was built: a fork of this program's."""
    publication = {"id": str(room.config.publication.id), "title": "Morning Post", "url": HOME}
    hubs = list(room.config.websub.hubs)
    tables = {"publication": publication, "websub": {"hubs": hubs}, "root": str(room.config.root)}
    url = room.store._engine.url.render_as_string(hide_password=False)
    words = (url, json.dumps(tables), LATER.isoformat(), *words)
    return command_server().popen(ROOT, *words, module="tests.publish.push.child")


def test_a_hub_gets_a_form_of_the_mode_and_the_feed(room, hub):
    room.file("bridge", section="City")
    told(room, room.build())
    path, body, headers = hub.posts[0]
    assert path == "/"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(body.decode()) == {
        "hub.mode": ["publish"],
        "hub.url": [f"{HOME}/rss.xml"],
        "hub.topic": [f"{HOME}/rss.xml"],
    }


def test_each_document_that_changed_is_told_and_no_other(room, hub):
    room.file("bridge", section="City")
    assert told(room, room.build()).pinged == 6
    assert sorted(hub.topics) == sorted([*MAIN, *(f"sections/city/{name}" for name in MAIN)])
    assert set(hub.topics[:2]) == {"rss.xml", "atom.xml"}, "the main feeds come first"
    hub.forget()
    assert told(room, room.build()).pinged == 0
    assert not hub.posts


def test_the_document_is_in_place_before_its_hub_hears_of_it(room, hub):
    there = []
    hub.on_post = lambda: there.append(b"Bridge" in (room.config.output / "rss.xml").read_bytes())
    room.file("bridge")
    told(room, room.build())
    assert there
    assert all(there)


def test_archives_are_never_told(room_of, hub):
    room = room_of(hub.url, syndication={"items": 1})
    room.file("ferry")
    notifier = notifier_of(room)
    told(room, room.build(), notifier=notifier)
    hub.forget()
    for number in range(3):
        room.file(f"story-{number}", at=NOON + number * MINUTE)
    built = room.build()
    assert "archive/2/rss.xml" in built.written
    told(room, built, notifier=notifier)
    assert hub.topics
    assert not [topic for topic in hub.topics if "archive" in topic]


def test_the_first_build_tells_of_the_main_feeds_alone(room_of, hub):
    room = room_of(hub.url)
    room.file("ferry", section="Harbour", tags=("ships", "quays"))
    told(room, room.build())
    assert sorted(hub.topics) == sorted(MAIN)
    assert not owed(room)


def test_a_hub_that_is_new_is_not_told_what_was_there(room, hub):
    with listening() as second:
        both = room.config.override(
            websub=room.config.websub.model_copy(update={"hubs": (hub.url, second.url)})
        )
        told(Newsroom(room.store, both))
        assert not second.posts
        room = Newsroom(room.store, both)
        told(room, room.build())
        hub.forget()
        second.forget()
        room.file("bridge", section="Bridges")
        told(room, room.build())
        assert sorted(second.topics) == sorted(hub.topics)
        assert "sections/bridges/rss.xml" in second.topics, "a feed that is new later is told"


def test_what_was_built_before_a_crash_is_told_at_the_next_start(room, hub):
    room.file("bridge")
    room.build()  # and nobody heard of it
    told(room)
    assert sorted(hub.topics) == sorted(MAIN)


def test_what_another_process_built_is_told_by_one_that_runs(room, hub):
    notifier = notifier_of(room)
    told(room, notifier=notifier)
    room.file("bridge")
    room.build(at=NOON + timedelta(hours=1, minutes=30))  # by somebody else, who died
    told(room, notifier=notifier, at=LATER + MINUTE)
    assert sorted(hub.topics) == sorted(MAIN)


def test_a_process_killed_between_build_and_ping_leaves_it_to_the_next(room, hub):
    room.file("bridge")
    killed = child(room, "killed")
    killed.communicate(timeout=60)
    assert killed.returncode == -9
    assert not hub.posts
    told(room)
    assert sorted(hub.topics) == sorted(MAIN)


@pytest.mark.sql
def test_two_processes_ping_once(room_of, hub, store_url):
    store = Store.open(store_url)
    room = room_of(hub.url, store=store)
    told(room, room.build())
    hub.forget()
    for number in range(10):
        room.file(f"story-{number}", tags=(f"tag-{number}",))
    room.build()
    hub.slow = 0.02
    both = [child(room) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].splitlines()[-1] for process in both]
    assert len(hub.topics) == len(set(hub.topics)) == 3 + 30
    assert sum(map(int, said)) == 33
    store.close()


def test_what_a_killed_process_had_claimed_is_told_when_its_time_is_up(room, hub):
    room.file("bridge")
    room.build()
    notifier = notifier_of(room)
    notifier._enqueue_changes(LATER)
    with room.store.write() as tx:
        until = LATER + timedelta(minutes=10)
        assert len(tx.calls.claim(CallKind.PING, LATER, until=until, limit=9)) == 3
    told(room, at=LATER + MINUTE)
    assert not hub.posts
    told(room, at=until)
    assert len(hub.posts) == 3


def test_who_is_stopped_leaves_the_rest_due(room, hub):
    stop = Event()
    hub.on_post = stop.set
    room.file("bridge")
    assert told(room, room.build(), stop=stop).pinged == 1
    assert {ping.due_at for ping in owed(room)} == {LATER}
    assert told(room).pinged == 2


def test_who_has_no_time_left_leaves_the_rest_due_and_says_so(room, hub):
    notifier = notifier_of(room)
    room.file("bridge")
    notifier.record_build(room.build(), NOON + timedelta(hours=1))
    assert notifier.notify(LATER, within=-1).unfinished
    assert not hub.posts
    did = notifier.notify(LATER)
    assert (did.pinged, did.unfinished) == (3, False)


def test_a_feed_that_is_gone_is_forgotten(room, hub):
    room.retract("ferry")
    room.file("ferry", section="City", tags=())
    built = room.build()
    assert "sections/harbour/rss.xml" in built.deleted
    told(room, built)
    with room.store.read() as tx:
        known = tx.calls.versions(CallKind.PING, hub.url)
    assert f"{HOME}/rss.xml" in known
    assert f"{HOME}/sections/harbour/rss.xml" not in known


def test_after_a_build_only_what_it_touched_is_looked_up(room, hub, monkeypatch):
    notifier = notifier_of(room)
    told(room, notifier=notifier)
    asked = []
    entry = Manifest.entry

    def noted(self, path):
        asked.append(path)
        return entry(self, path)

    monkeypatch.setattr(Manifest, "entry", noted)
    room.file("bridge")
    built = room.build()
    asked.clear()
    told(room, built, notifier=notifier)
    assert sorted(asked) == sorted(MAIN)


def test_a_trial_of_a_time_to_come_is_told_to_nobody(room, hub):
    room.file("bridge", date=LATER + timedelta(days=30))
    room.build(at=LATER + timedelta(days=31))
    told(room)
    assert not hub.posts


def test_a_trial_of_a_time_gone_by_is_told_to_nobody(room, hub):
    built = room.build(at=NOON - timedelta(days=1), trial=True)
    assert "sections/city/rss.xml" in built.deleted
    told(room)
    with FeedDocuments.open(room.config) as documents:
        assert documents
        assert not documents.may_send(LATER), "nor does our own hub end what isn't there just now"
    told(room, room.build())
    assert not hub.posts, "all is as the hub knows it"
    with FeedDocuments.open(room.config) as documents:
        assert documents
        assert documents.may_send(LATER)


def test_what_a_trial_has_shown_first_is_told_after_the_next_build(room, hub):
    notifier = notifier_of(room)
    told(room, notifier=notifier)
    room.file("bridge")
    room.build(trial=True)
    told(room, notifier=notifier, at=LATER + MINUTE)
    assert not hub.posts
    built = room.build(at=NOON + timedelta(hours=1, minutes=1))
    assert "rss.xml" not in built.written
    notifier.record_build(built, NOON + timedelta(hours=1, minutes=1))
    told(room, notifier=notifier, at=LATER + 2 * MINUTE)
    assert sorted(hub.topics) == sorted(MAIN)


def test_a_slow_hub_holds_up_no_other(room_of, hub):
    with listening() as slow:
        room = room_of(slow.url, hub.url)
        done, waited = Event(), []
        slow.on_post = lambda: waited.append(done.wait(60))
        hub.on_post = lambda: done.set() if len(hub.posts) == 2 else None
        assert told(room, room.build()).pinged == 6
        assert waited == [True] * 3, "the other heard of everything meanwhile"


def test_with_a_mirror_hubs_hear_when_the_mirror_has_it(room_of, hub):
    Ledger.clear()
    room = room_of(hub.url, publish={"mirror": URL})
    room.file("ferry")
    notifier = notifier_of(room)
    built = room.build()
    told(room, built, notifier=notifier)
    assert not hub.posts
    mirror = Mirror.of(room.config)
    assert mirror is not None
    mirror.update()
    told(room, notifier=notifier, at=LATER + MINUTE)
    assert sorted(hub.topics) == sorted(MAIN)
    Ledger.clear()


def test_hubs_elsewhere_are_not_told_of_a_publication_on_this_machine(room_of):
    assert (
        ChangeNotifier.of(
            room_of("https://hub.example/").store, room_of("https://hub.example/").config
        )
        is None
    )
