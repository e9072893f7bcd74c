"""The mirror beside `run`: it follows what is published, and nothing waits for it."""

import threading

import pytest

from syndicate.schedule.runner import Runner
from tests.publish.storages import URL, Ledger

SOON = 60
"""Seconds after which something that was to happen won't."""


@pytest.fixture
def harness(make_harness):
    Ledger.clear()
    made = make_harness(publish={"mirror": URL})
    (made.config.root / "articles").mkdir()
    yield made
    Ledger.clear()


def save(harness, slug):
    path = harness.config.root / f"articles/{slug}.md"
    path.write_text(f"---\ntitle: {slug.title()}\nbreaking: true\n---\nAll about {slug}.\n")


def told(path, *, then=lambda: None):
    """Return an event that is set when a file is about to be uploaded."""
    event = threading.Event()

    def before(each):
        if each == path:
            event.set()
            then()

    Ledger.before.append(before)
    return event


@pytest.mark.neighbours
def test_what_is_published_is_mirrored(harness):
    arrived = told("feed.json")
    one = Runner(harness.services, threading.Event())
    save(harness, "ferry")
    one.import_articles()
    with one:
        assert arrived.wait(SOON)
    assert "articles/ferry/index.html" in Ledger.files()


@pytest.mark.neighbours
def test_publishing_goes_on_while_the_mirror_is_slow(harness):
    go_on = threading.Event()
    stuck = told("articles/ferry/index.html", then=lambda: go_on.wait(SOON))
    one = Runner(harness.services, threading.Event())
    save(harness, "ferry")
    one.import_articles()
    with one:
        assert stuck.wait(SOON)
        save(harness, "tram")
        one.import_articles()
        one._deliver()
        assert not go_on.is_set()
        assert (harness.config.output / "articles/tram/index.html").is_file()
        go_on.set()


@pytest.mark.neighbours
def test_a_failure_is_logged_and_the_next_round_retries(harness, capsys):
    def refuse(path):
        raise PermissionError("Access Denied")

    one = Runner(harness.services, threading.Event())
    save(harness, "ferry")
    one.import_articles()
    Ledger.before.append(refuse)
    one._threads.guarded("mirror", one._update_mirror)()
    said = "".join(capsys.readouterr())
    assert f"{URL}: Access Denied" in said
    assert "Traceback" not in said
    Ledger.before.clear()
    one._threads.guarded("mirror", one._update_mirror)()
    assert "feed.json" in Ledger.files()
