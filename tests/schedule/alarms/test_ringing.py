"""Alarms beside `run`: they ring at once, and wait neither for readers' mail nor for each other."""

import threading

import pytest

from syndicate import clock
from syndicate.model.alarms import HEADLINES, AlarmKind
from syndicate.model.editions import Content
from syndicate.schedule.runner import Runner
from syndicate.schedule.staff_mail import StaffMessage
from syndicate.schedule.wiring import Services
from tests.schedule.alarms.conftest import OPS
from tests.until import until

pytestmark = pytest.mark.neighbours


@pytest.fixture
def harness(newsroom):
    made = newsroom()
    (made.config.root / "articles").mkdir()
    return made


def test_a_breaking_story_that_is_refused_rings_while_run_runs(harness):
    story = harness.config.root / "articles/ferry.md"
    story.write_text("---\ntitle: [unclosed\nbreaking: true\n---\nText\n")
    with Runner(harness.services, threading.Event()) as runner:
        runner.import_articles(frozenset({story}))
        until(lambda: harness.hook.posts)
        until(harness.rung)
        story.write_text("---\ntitle: Ferry\nbreaking: true\n---\nText\n")
        runner.import_articles(frozenset({story}))
        runner._check_alarms()
        until(lambda: len(harness.hook.posts) == 2)
    first, second = harness.called()
    assert (first["cause"], first["over"]) == ("intake", None)
    assert second["over"]
    [alarm, *_] = harness.rung()
    assert alarm.startswith("[Alarm] Morning Post: a breaking story was refused: articles/ferry.md")


def test_an_edition_that_pauses_itself_rings_within_the_control_job(harness):
    from tests.schedule.alarms.test_causes import pause_itself

    with Runner(harness.services, threading.Event()):
        pause_itself(harness, clock.now())
        until(lambda: harness.hook.posts)
    assert [call["cause"] for call in harness.called()] == ["paused"]


def test_mail_to_the_newsroom_does_not_wait_for_mail_to_readers(harness, monkeypatch):
    """Until it is sent, readers' mail goes on for ever."""
    stop, sends = threading.Event(), threading.Event()

    def send_for_ever(*_):
        sends.set()
        stop.wait(60)

    monkeypatch.setattr(Services, "deliver_editions", send_for_ever)
    content = Content(subject="Now", preheader="", html="<p>Now.</p>", text="Now.", nonce="n1")
    try:
        with Runner(harness.services, stop) as runner:
            runner.mail_due.set()
            assert sends.wait(60)
            with harness.store.write() as tx:
                message = StaffMessage(to=OPS, key="now", content=content)
                message.enqueue(tx, clock.now())
            until(harness.rung)
            assert not stop.is_set()
            stop.set()
    finally:
        stop.set()


def test_every_cause_has_a_headline_that_strangers_may_read():
    assert set(HEADLINES) == set(AlarmKind)
