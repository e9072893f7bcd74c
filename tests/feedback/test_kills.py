"""Killed between any two statements, whoever takes a report loses none and counts none twice."""

from collections import Counter

import pytest

from bench.fork_server import ForkServer
from tests.causes import by_test
from tests.feedback.recorder_process import opened
from tests.feedback.reported import DAY, HOUR, NOW, dsn

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forks_for_pythons")]
ARF = """\
From: staff@mail.example
To: {to}
Subject: complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

Spam!
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: test/1
Version: 1

--b
Content-Type: text/rfc822-headers

Subject: News
Return-Path: <{to}>
X: {number}

--b--
"""
SOFT = {"status": "4.2.2", "answer": "452 4.2.2 mailbox full"}
REPORTS = {
    "hard bounce": lambda to, number: dsn(to, recipient=f"r{number}@example.org"),
    "soft bounces": lambda to, number: dsn(to, recipient=f"r{number}@example.org", **SOFT),
    "complaint": lambda to, number: ARF.format(to=to, number=number).encode(),
    "nothing": lambda _, number: f"Subject: {number}\n\nHello\n".encode(),
}
MOST = 50
"""Steps that taking a report has at most."""


def effects(newsroom, edition, reader, kind):
    """Return what a report has changed: feedback, changes, suppression and reports that wait."""
    changed = Counter(action for action, *_ in newsroom.history(reader))
    return (
        newsroom.kinds(edition, reader),
        {name: times for name, times in changed.items() if name in {"left", "suppressed"}},
        newsroom.suppressed(f"r{reader}@example.org"),
        sum(held.subject == f"{reader}" for held in newsroom.held()),
        len(newsroom.history(reader)),
        kind,
    )


@pytest.mark.sql
def test_a_complaint_counts_once_whenever_its_taker_is_killed(store_url, tmp_path):
    kill_takers(store_url, tmp_path, "complaint")


@pytest.mark.parametrize("kind", ["hard bounce", "soft bounces", "nothing"])
def test_a_report_counts_once_whenever_its_taker_is_killed(store_url, tmp_path, kind):
    kill_takers(store_url, tmp_path, kind)


def kill_takers(store_url, tmp_path, kind):
    """Have processes take a report each, and kill each a step later than the one before."""
    newsroom = opened(store_url)
    with newsroom.store.write() as tx:
        for number in range(1, MOST + 1):
            address = f"r{number}@example.org"
            tx.subscribers.subscribe(address, "breaking", cause=by_test(NOW - 9 * DAY))
    editions = [newsroom.send(NOW - 3 * HOUR, to=MOST), newsroom.send(NOW - 2 * HOUR, to=MOST)]
    if kind == "soft bounces":  # each is the second one
        for number in range(1, MOST + 1):
            newsroom.take(REPORTS[kind](newsroom.verp(editions[0], number), number), at=NOW - HOUR)
    report, marked = tmp_path / "report", tmp_path / "marked"
    committed = 0
    with ForkServer("tests.feedback.recorder_process") as fork_server:
        for step in range(1, MOST + 1):
            report.write_bytes(REPORTS[kind](newsroom.verp(editions[1], step), step))
            before = effects(newsroom, editions[1], step, kind)
            counts = Counter(newsroom.counts())
            fork_server.start("take", store_url, f"{report}", NOW.isoformat(), step, f"{marked}")
            fork_server.wait_killed()
            killed = effects(newsroom, editions[1], step, kind)
            repeated = newsroom.take(report.read_bytes()).repeated
            after = effects(newsroom, editions[1], step, kind)
            assert after != before, "the report is lost"
            assert killed == (after if repeated else before), "it was done by halves"
            new = Counter(newsroom.counts()) - counts
            assert sum(new.values()) == 1 + repeated
            committed += repeated
            if marked.exists():
                break
    newsroom.store.close()
    assert marked.exists(), "it has more steps than that"
    assert committed >= 2, "killed after the commit, and not at all"
    assert step > 5
    expected = {
        "hard bounce": (["hard bounce"], {"suppressed": 1}, "hard bounce", 0),
        "soft bounces": (["soft bounce"], {"suppressed": 1}, "soft bounces", 0),
        "complaint": (["complaint"], {"left": 1, "suppressed": 1}, "complaint", 0),
        "nothing": ([], {}, None, 1),
    }
    assert after[:4] == expected[kind]
