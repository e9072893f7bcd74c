"""Push beside `run`: hubs hear of what is published, and nothing waits for them."""

import threading
import time

import pytest

from syndicate.schedule.runner import Runner
from tests.publish.storages import URL, Ledger
from tests.push.listening import listening

SOON = 30
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
