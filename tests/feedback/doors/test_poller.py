"""Polling the doors: each report is committed before it is put away, and trouble is stored."""

import os
import threading
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.errors import DoorUnavailable, StoreLocked
from syndicate.feedback.doors.door import Disposal
from syndicate.feedback.doors.poller import DoorPoller
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.store.ledger.door_states import DoorState
from tests.feedback.reported import Newsroom
from tests.feedback.sample_reports import report

pytestmark = pytest.mark.sql
MINUTE = timedelta(minutes=1)


@pytest.fixture
def newsroom(store, publication, tmp_path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / "bounces" / name).mkdir(parents=True)
    bounces = {"address": "bounce@news.example.org", "maildir": "bounces"}
    return Newsroom(store, publication(bounces=bounces))


@pytest.fixture
def poller(newsroom):
    return DoorPoller(newsroom.store, newsroom.config, newsroom.recorder)


def arrive(newsroom, *messages):
    folder = newsroom.config.root / "bounces/new"
    for number, message in enumerate(messages):
        (folder / f"{number}.M1P1.mx").write_bytes(message)
    return folder


def poll(poller, stop=None):
    (found,) = poller.poll_all(stop or threading.Event())
    return found


def state(newsroom):
    with newsroom.store.read() as tx:
        (found,) = tx.doors.all()
    return found


def test_a_bounce_that_a_mail_server_writes_suppresses_its_reader(newsroom, poller):
    anna = newsroom.subscribe()
    edition = newsroom.send(clock.now() - MINUTE)
    folder = arrive(
        newsroom, report(newsroom.links.bounce_token(edition, anna)), b"what is this?\n"
    )
    found = poll(poller)
    assert (found.reports, found.for_a_person, found.problem) == (2, 1, "")
    assert newsroom.suppressed() == "hard bounce"
    assert list(folder.iterdir()) == []
    assert state(newsroom).reports == 2
    with newsroom.store.read() as tx:
        (record,) = tx.feedback.by_delivery(edition, anna)
        assert tx.held_reports.count() == 1
    assert (record.source, record.answer) == ("maildir", "550 5.1.1 no such user")


def test_the_same_report_by_two_doors_counts_once_and_goes_where_it_went_first(newsroom, poller):
    anna = newsroom.subscribe()
    token = newsroom.links.bounce_token(newsroom.send(clock.now() - MINUTE), anna)
    arrive(newsroom, report(token), b"what is this?\n")
    poll(poller)
    folder = arrive(newsroom, report(token).replace(b"\n", b"\r\n"), b"what is this?\n")
    found = poll(poller)
    assert (found.reports, found.for_a_person) == (2, 1)
    assert list(folder.iterdir()) == []
    with newsroom.store.read() as tx:
        assert tx.held_reports.count() == 1
        assert tx.held_reports.counts()[("maildir", "repeated")] == 2


class Crash(BaseException):
    """The process ends."""


def test_a_report_that_was_committed_and_not_removed_is_recognised(newsroom, poller, monkeypatch):
    anna = newsroom.subscribe()
    edition = newsroom.send(clock.now() - MINUTE)
    folder = arrive(newsroom, report(newsroom.links.bounce_token(edition, anna)))
    with monkeypatch.context() as patch:

        def end(*_, **__):
            raise Crash

        patch.setattr("os.unlink", end)
        with pytest.raises(Crash):
            poll(poller)
    assert newsroom.suppressed() == "hard bounce"
    assert len(list(folder.iterdir())) == 1
    assert poll(poller).reports == 1
    assert list(folder.iterdir()) == []
    assert newsroom.kinds(edition, anna) == ["hard bounce"]


def test_a_locked_store_ends_the_poll_leaves_the_reports_and_is_tried_again_later(
    newsroom, poller, monkeypatch, time
):
    folder, tries = arrive(newsroom, b"one\n", b"two\n"), []
    (door, _) = poller.doors[0]

    def refuse(*_, **__):
        tries.append(clock.now())
        raise StoreLocked("the store is locked")

    with monkeypatch.context() as patch:
        patch.setattr(FeedbackRecorder, "take_report", refuse)
        with pytest.raises(StoreLocked):
            poll(poller)
        with pytest.raises(StoreLocked):
            poller.poll(door, threading.Event())
        poller.poll(door, threading.Event())
    assert len(tries) == 2
    assert len(list(folder.iterdir())) == 2
    time(MINUTE)
    poller.poll(door, threading.Event())
    assert list(folder.iterdir()) == []


def test_an_error_of_ours_is_logged_once_leaves_that_report_and_takes_the_others(
    newsroom, poller, monkeypatch
):
    folder, take = arrive(newsroom, b"one\n", b"two\n"), FeedbackRecorder.take_report
    (door, _) = poller.doors[0]

    def fail(self, store, raw, **more):
        if raw == b"one\n":
            raise ZeroDivisionError
        return take(self, store, raw, **more)

    monkeypatch.setattr(FeedbackRecorder, "take_report", fail)
    with capture_logs() as logs:
        for _ in range(3):
            poller.poll(door, threading.Event())
    assert [path.read_bytes() for path in folder.iterdir()] == [b"one\n"]
    first, second = (log for log in logs if log["event"] != "report")
    assert first["event"] == "a report could not be recorded"
    assert second["reason"].startswith("1 report could not be recorded because of an internal err")


class Door:
    """A door that works or doesn't."""

    name = "imap"
    problem = ""
    messages: tuple[bytes, ...] = ()

    def read(self, take, _stop):
        for message in self.messages:
            assert take(message) is not Disposal.KEEP
        if self.problem:
            raise DoorUnavailable(self.problem)


@pytest.fixture
def door(poller):
    made = Door()
    poller.doors = [(made, MINUTE)]
    return made


@pytest.fixture
def time(monkeypatch):
    """Set the clock, and move it."""
    now = [clock.now()]
    monkeypatch.setattr("syndicate.clock.now", lambda: now[0])

    def advance(by):
        now[0] += by
        return now[0]

    return advance


def test_a_door_that_fails_is_logged_once_and_the_first_failure_stays(newsroom, poller, door, time):
    began, door.problem = time(MINUTE), "imap.example.org:993: no answer"
    with capture_logs() as logs:
        for _ in range(3):
            poller.poll(door, threading.Event())
            time(MINUTE)
        door.problem = "imap.example.org:993 refused the login"
        poller.poll(door, threading.Event())
    assert [log["reason"] for log in logs] == ["imap.example.org:993: no answer", door.problem]
    assert state(newsroom) == DoorState(
        door="imap", tried_at=time(MINUTE) - MINUTE, failing_since=began, reason=door.problem
    )
    door.problem, at = "", time(MINUTE)
    with capture_logs() as logs:
        poller.poll(door, threading.Event())
    assert [log["event"] for log in logs] == ["reports can be read again"]
    assert state(newsroom) == DoorState(door="imap", tried_at=at, read_at=at)


def test_a_name_that_is_not_utf_8_can_be_stored(newsroom, poller, door):
    door.problem = os.fsdecode(b"new/1796.\xff\n.mx: Permission denied")
    poll(poller)
    assert state(newsroom).reason == "new/1796. .mx: Permission denied"


def test_what_came_before_a_failure_is_kept(newsroom, poller, door):
    door.messages, door.problem = (b"one\n", b"two\n"), "the connection broke"
    assert poll(poller).reports == 2
    with newsroom.store.read() as tx:
        assert tx.held_reports.count() == 2


def test_a_door_where_nothing_comes_is_stored_once_a_minute(newsroom, poller, door, time):
    first = time(MINUTE)
    for _ in range(10):
        poll(poller)
        time(MINUTE / 30)
    assert state(newsroom).tried_at == first
    time(MINUTE)
    poll(poller)
    assert state(newsroom).tried_at > first


def test_cron_polls_a_mailbox_as_often_as_is_set(poller, door, time):
    poller.doors = [(door, 5 * MINUTE)]
    polls = 0
    for _ in range(11):  # it calls a second too early, or too late
        polls += len(poller.poll_all(threading.Event(), only_due=True))
        time(MINUTE - MINUTE / 60 if polls % 2 else MINUTE + MINUTE / 60)
    assert polls == 3


def test_a_publication_without_doors_polls_nothing(store, publication):
    newsroom = Newsroom(store, publication())
    poller = DoorPoller(store, newsroom.config, newsroom.recorder)
    assert poller.poll_all(threading.Event()) == []
