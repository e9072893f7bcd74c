"""Push beside `run`: hubs hear of what is published, and nothing waits for them."""

import threading
import time

import pytest

from syndicate import clock
from syndicate.schedule import runner
from syndicate.schedule.runner import Runner
from syndicate.store import HubRequest
from tests.publish.push.endpoints import listening
from tests.publish.push.subscriber import subscriber
from tests.publish.storages import URL, Ledger

pytestmark = pytest.mark.neighbours

SOON = 60
"""Seconds after which something that was to happen won't."""


@pytest.fixture
def hub():
    with listening() as listener:
        yield listener


@pytest.fixture
def harness(make_harness, hub):
    made = make_harness(websub={"hubs": [hub.url]})
    (made.config.root / "articles").mkdir()
    return made


def save(harness, slug):
    path = harness.config.root / f"articles/{slug}.md"
    path.write_text(f"---\ntitle: {slug.title()}\nbreaking: true\n---\nAll about {slug}.\n")


def comes(true):
    """Wait until something is so; return whether it came."""
    deadline = time.monotonic() + SOON
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def test_what_is_published_is_pushed(harness, hub):
    one = Runner(harness.services, threading.Event())
    with one:
        assert comes(lambda: len(hub.posts) == 3)
        hub.forget()
        save(harness, "ferry")
        one.import_articles()
        assert comes(lambda: sorted(hub.topics) == ["atom.xml", "feed.json", "rss.xml"])
        assert b"Ferry" in (harness.config.output / "rss.xml").read_bytes()


def test_publishing_goes_on_while_a_hub_is_slow(harness, hub):
    go_on = threading.Event()
    asked = threading.Event()

    def wait():
        asked.set()
        go_on.wait(SOON)

    hub.on_post = wait
    one = Runner(harness.services, threading.Event())
    with one:
        assert asked.wait(SOON)
        save(harness, "tram")
        one.import_articles()
        assert (harness.config.output / "articles/tram/index.html").is_file()
        assert not hub.posts
        go_on.set()


def test_a_hub_hears_of_what_is_new_while_another_still_takes_what_was(
    make_harness, hub, monkeypatch
):
    monkeypatch.setattr(runner, "_PUSH_BUDGET", 1)
    with listening() as slow:
        harness = make_harness(websub={"hubs": [slow.url, hub.url]})
        (harness.config.root / "articles").mkdir()
        one = Runner(harness.services, threading.Event())
        with one:
            assert comes(lambda: len(hub.posts) == len(slow.posts) == 3)
            slow.slow = 1.5  # one of its posts, and a second is over
            for number in range(9):
                harness.file(f"story-{number}", tags=(f"tag-{number}",))
            one.import_articles()
            assert comes(lambda: len(hub.posts) == 3 + 3 + 27)
            hub.forget()
            save(harness, "tram")
            one.import_articles()
            assert comes(lambda: len(hub.posts) == 3)
            assert len(slow.posts) < 3 + 3 + 27


def test_our_own_hub_waits_for_no_other(make_harness, hub):
    go_on, asked = threading.Event(), threading.Event()

    def wait():
        asked.set()
        go_on.wait(SOON)

    hub.on_post = wait
    websub = {"hubs": [hub.url], "own": True, "private_callbacks": ["127.0.0.0/8"]}
    harness = make_harness(websub=websub)
    (harness.config.root / "articles").mkdir()
    one = Runner(harness.services, threading.Event())
    with subscriber() as reader, one:
        assert asked.wait(SOON)
        with harness.store.write() as tx:
            tx.hub.add_request(
                f"{harness.config.url}/rss.xml",
                reader.callback(),
                "127.0.0.1",
                HubRequest(mode="subscribe", secret="", lease=3600, sha256=""),
                at=clock.now(),
            )
        one.wake_push()
        assert comes(lambda: reader.questions)
        assert not hub.posts
        go_on.set()


def test_with_a_mirror_hubs_hear_after_it(make_harness, hub):
    Ledger.clear()
    harness = make_harness(websub={"hubs": [hub.url]}, publish={"mirror": URL})
    (harness.config.root / "articles").mkdir()
    missing = []
    hub.on_post = lambda: missing.append("rss.xml" not in Ledger.files())
    with Runner(harness.services, threading.Event()):
        assert comes(lambda: len(hub.posts) == 3)
    assert not any(missing)
    Ledger.clear()
