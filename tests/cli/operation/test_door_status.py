"""`status` says of each door when something last came by it, and what could not be read."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.store import Store

AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
TABLES = """
[bounces]
address = "bounce@news.example.org"
maildir = "bounces"
pipe = true

[[hooks]]
name = "grid"
kind = "sendgrid"
secret_env = "GRID"

[[hooks]]
name = "own"
kind = "standard"
secret_env = "OWN"
"""


@pytest.fixture
def desk(operator):
    """A publication with doors by which nothing has come."""
    operator.configure("\n[bounces]\n", TABLES)
    operator.file("ferry")
    operator.run("import", "articles")
    return operator


def doors(desk):
    lines = desk.run("status").out.splitlines()
    return [line.removeprefix("bounces    ") for line in lines if line.startswith("bounces ")]


def test_before_anything_has_come_each_door_says_so(desk):
    assert doors(desk) == [
        "maildir: was never read",
        "pipe: no report yet",
        "hook grid: no event yet",
        "hook own: no event yet",
    ]
    values = json.loads(desk.run("status", "--json").out)
    (maildir,) = values["bounces"]
    assert (maildir["door"], maildir["read_at"], maildir["reason"]) == ("maildir", None, None)
    assert [door["last_at"] for door in values["called"]] == [None] * 3


def test_what_came_is_counted_and_what_was_refused_is_told_apart(desk):
    store = Store.open(f"sqlite:///{desk.folder}/syndicate.db")
    with store.write() as tx:
        count = tx.held_reports.count_report
        count("pipe", "recorded", AT)
        count("pipe", "repeated", AT + HOUR)
        count("hook grid", "recorded", AT, times=1200)
        count("hook grid", "ignored", AT + HOUR, times=34)
        count("hook grid", "replayed", AT + 2 * HOUR, times=2)
        count("hook grid", "repeated", AT, times=7)
        count("hook own", "forged", AT, times=3)
        count("hook own", "stale", AT - HOUR)
        count("hook gone", "recorded", AT)
        tx.doors.succeed("maildir", 2, AT, unrecorded="1 report could not be recorded: no")
    store.close()
    assert doors(desk) == [
        (
            "maildir: read at 2026-11-30 08:00 UTC, 2 reports; since 2026-11-30 08:00 UTC "
            "1 report could not be recorded: no"
        ),
        "pipe: 1 report, the last at 2026-11-30 09:00 UTC",
        "hook grid: 1,234 events, the last at 2026-11-30 10:00 UTC; 2 calls replayed or sent again",
        (
            "hook own: no event yet; calls refused: 3 forged, 1 stale, "
            "the last at 2026-11-30 08:00 UTC"
        ),
    ]
    pipe, grid, own = json.loads(desk.run("status", "--json").out)["called"]
    assert (pipe["door"], pipe["reports"], grid["reports"]) == ("pipe", 1, 1234)
    assert (pipe["replayed"], grid["replayed"], own["replayed"]) == (0, 2, 0)
    assert own["refused"] == {"forged": 3, "stale": 1}
    assert own["refused_at"].startswith("2026-11-30T08:00")


def test_a_publication_without_doors_has_no_such_line(operator):
    operator.file("ferry")
    operator.run("import", "articles")
    assert doors(operator) == []
