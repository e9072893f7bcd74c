"""Polling the doors: each report is committed before it is put away, and trouble is stored."""

import os
import threading
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.errors import DoorUnavailable, Refused, StoreFull, StoreLocked
from syndicate.feedback.doors.door import Disposal
from syndicate.feedback.doors.poller import DoorPoller
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.store import Store
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


def refuse(report, error, tries=None):
    """Return a `take_report` that fails for one report, so many times or always."""
    take, left = FeedbackRecorder.take_report, [tries]

    def fail(self, store, raw, **more):
        if raw == report and left[0] != 0:
            left[0] = left[0] and left[0] - 1
            raise error
        return take(self, store, raw, **more)

    return fail


def test_a_store_that_is_down_ends_the_poll_is_logged_once_and_is_tried_again_later(
    newsroom, poller, monkeypatch, time
):
    folder, tries = arrive(newsroom, b"one\n", b"two\n"), []
    (door, _) = poller.doors[0]

    def locked(_):
        tries.append(clock.now())
        raise StoreLocked("the store is locked")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(Store, "write", locked)
        with pytest.raises(StoreLocked):
            poll(poller)
        assert len(tries) == 2, "one report, and whether the store can be written at all"
        for _ in range(3):
            poller.poll(door, threading.Event())
            poller.poll(door, threading.Event())
            time(MINUTE)
    assert len(tries) == 8
    assert [log["reason"] for log in logs] == ["the store is locked"]
    assert len(list(folder.iterdir())) == 2
    with capture_logs() as logs:
        poller.poll(door, threading.Event())
    assert logs[-1]["event"] == "reports can be read again"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ZeroDivisionError("secret"), "internal error (ZeroDivisionError)"),
        (StoreLocked("the store was changed at the same moment"), "the store was changed at the"),
        (Refused("the store can't hold a value"), "the store can't hold a value"),
    ],
)
def test_a_report_that_fails_stays_is_logged_once_and_stops_no_other(
    newsroom, poller, monkeypatch, error, reason
):
    bad = b"Message-ID: <a@mx.example>\nTo: anna@example.org\n\none\n"
    folder = arrive(newsroom, bad, b"two\n", b"three\n")
    (door, _) = poller.doors[0]
    with monkeypatch.context() as patch:
        patch.setattr(FeedbackRecorder, "take_report", refuse(bad, error))
        with capture_logs() as logs:
            for _ in range(3):
                poller.poll(door, threading.Event())
            found = poll(poller)
            other = DoorPoller(newsroom.store, newsroom.config, newsroom.recorder)
            assert poll(other) == found, "another process, which has nothing new to log"
        assert [path.read_bytes() for path in folder.iterdir()] == [bad]
        (log,) = (log for log in logs if log["event"] != "report")
        assert (log["event"], log["report"]) == ("a report could not be recorded", "<a@mx.example>")
        assert log["reason"].startswith(reason)
        assert "each poll tries again" in log["remedy"]
        assert "anna" not in repr(log)
        assert (found.reports, found.unrecorded, found.was_read) == (0, 1, True)
        assert found.problem.startswith(f"1 report could not be recorded: {reason}")
        kept = state(newsroom)
        assert (kept.was_read, kept.reason) == (True, found.problem)
        assert kept.failing_since is not None
    poller.poll(door, threading.Event())
    assert list(folder.iterdir()) == []
    assert (state(newsroom).failing_since, state(newsroom).reason) == (None, "")
    with newsroom.store.read() as tx:
        assert tx.held_reports.count() == 3


def test_a_deadlock_is_tried_again_at_once(newsroom, poller, monkeypatch):
    folder = arrive(newsroom, b"one\n", b"two\n")
    deadlock = StoreLocked("the store was changed at the same moment")
    monkeypatch.setattr(FeedbackRecorder, "take_report", refuse(b"one\n", deadlock, tries=1))
    found = poll(poller)
    assert (found.reports, found.problem) == (2, "")
    assert list(folder.iterdir()) == []


def test_a_full_disk_ends_the_poll(newsroom, poller, monkeypatch):
    folder = arrive(newsroom, b"one\n", b"two\n")
    full = StoreFull("the store is out of space")
    monkeypatch.setattr(FeedbackRecorder, "take_report", refuse(b"one\n", full))
    with pytest.raises(StoreFull):
        poll(poller)
    assert len(list(folder.iterdir())) == 2


def test_many_reports_that_fail_are_few_lines_in_the_log(newsroom, poller, monkeypatch):
    arrive(newsroom, *(f"{number}\n".encode() for number in range(30)))
    (door, _) = poller.doors[0]

    def fail(*_, **__):
        raise Refused("the store can't hold a value")

    monkeypatch.setattr(FeedbackRecorder, "take_report", fail)
    with capture_logs() as logs:
        for _ in range(3):
            poller.poll(door, threading.Event())
    assert len(logs) == 21
    assert (logs[-1]["event"], logs[-1]["count"]) == ("more reports could not be recorded", 10)
    assert state(newsroom).reason.startswith("30 reports could not be recorded: the store")


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
