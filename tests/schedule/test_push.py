"""Push beside `run`: hubs hear of what is published, and nothing waits for them."""

import threading
import time

import pytest

from syndicate import clock
from syndicate.schedule import runner
from syndicate.schedule.runner import Runner
from syndicate.store import HubRequest
from tests.publish.mirror.storages import URL, Ledger
from tests.publish.push.endpoints import listening
from tests.publish.push.subscriber import subscriber

SOON = 60
"""Seconds after which something that was to happen won't."""


@pytest.fixture
def hub():
    with listening() as listener:
        yield listener


@pytest.fixture
def desk(desk_of, hub):
    made = desk_of(websub={"hubs": [hub.url]})
    (made.config.root / "articles").mkdir()
    return made


def save(desk, slug):
    path = desk.config.root / f"articles/{slug}.md"
    path.write_text(f"---\ntitle: {slug.title()}\nbreaking: true\n---\nAll about {slug}.\n")


def comes(true):
    """Wait until something is so; return whether it came."""
    deadline = time.monotonic() + SOON
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def test_what_is_published_is_told(desk, hub):
    one = Runner(desk.newsroom, threading.Event())
    with one:
        assert comes(lambda: len(hub.posts) == 3)
        hub.forget()
        save(desk, "ferry")
        one.take_in()
        assert comes(lambda: sorted(hub.topics) == ["atom.xml", "feed.json", "rss.xml"])
        assert b"Ferry" in (desk.config.output / "rss.xml").read_bytes()


def test_publishing_goes_on_while_a_hub_is_slow(desk, hub):
    go_on = threading.Event()
    asked = threading.Event()

    def wait():
        asked.set()
        go_on.wait(SOON)

    hub.on_post = wait
    one = Runner(desk.newsroom, threading.Event())
    with one:
        assert asked.wait(SOON)
        save(desk, "tram")
        one.take_in()
        assert (desk.config.output / "articles/tram/index.html").is_file()
        assert not hub.posts
        go_on.set()


def test_a_hub_hears_of_what_is_new_while_another_still_takes_what_was(desk_of, hub, monkeypatch):
    monkeypatch.setattr(runner, "_TURN", 0.2)
    with listening() as slow:
        desk = desk_of(websub={"hubs": [slow.url, hub.url]})
        (desk.config.root / "articles").mkdir()
        one = Runner(desk.newsroom, threading.Event())
        with one:
            assert comes(lambda: len(hub.posts) == len(slow.posts) == 3)
            slow.slow = 0.3
            for number in range(9):
                desk.file(f"story-{number}", tags=(f"tag-{number}",))
            one.take_in()
            assert comes(lambda: len(hub.posts) == 3 + 3 + 27)
            hub.forget()
            save(desk, "tram")
            one.take_in()
            assert comes(lambda: len(hub.posts) == 3)
            assert len(slow.posts) < 3 + 3 + 27


def test_our_own_hub_waits_for_no_other(desk_of, hub):
    go_on, asked = threading.Event(), threading.Event()

    def wait():
        asked.set()
        go_on.wait(SOON)

    hub.on_post = wait
    websub = {"hubs": [hub.url], "own": True, "private_callbacks": ["127.0.0.0/8"]}
    desk = desk_of(websub=websub)
    (desk.config.root / "articles").mkdir()
    one = Runner(desk.newsroom, threading.Event())
    with subscriber() as reader, one:
        assert asked.wait(SOON)
        with desk.store.write() as tx:
            tx.hub.add_request(
                HubRequest(
                    topic=f"{desk.config.url}/rss.xml",
                    callback=reader.callback(),
                    host="127.0.0.1",
                    mode="subscribe",
                    secret="",
                    lease=3600,
                    sha256="",
                    asked_at=clock.now(),
                    due_at=clock.now(),
                )
            )
        one.push_is_due()
        assert comes(lambda: reader.questions)
        assert not hub.posts
        go_on.set()


def test_with_a_mirror_hubs_hear_after_it(desk_of, hub):
    Ledger.clear()
    desk = desk_of(websub={"hubs": [hub.url]}, publish={"mirror": URL})
    (desk.config.root / "articles").mkdir()
    missing = []
    hub.on_post = lambda: missing.append("rss.xml" not in Ledger.files())
    with Runner(desk.newsroom, threading.Event()):
        assert comes(lambda: len(hub.posts) == 3)
    assert not any(missing)
    Ledger.clear()
