"""Hubs that fail: when they are asked again, and when no more."""

from datetime import timedelta

import pytest

from tests.publish.push.endpoints import listening
from tests.publish.push.websub_room import LATER, MAIN, MINUTE, owed, told
from tests.render.feeds.samples import NOON

pytestmark = pytest.mark.neighbours


def test_a_hub_that_is_down_is_asked_later_and_then_told_once(room_of, hub):
    room = room_of(hub.url)
    room.file("ferry")
    with listening() as second:
        down = second.url
    room = room_of(down)
    did = told(room, room.build())
    assert did.pinged == 0
    assert len(did.problems) == 1, "one call shows that nobody answers"
    assert [ping.attempts for ping in owed(room)] == [1, 1, 1]
    assert all("refused" in ping.error for ping in owed(room))
    assert {ping.due_at for ping in owed(room)} == {LATER + MINUTE}
    with listening(int(down.rstrip("/").rpartition(":")[2])) as back:
        told(room, at=LATER + MINUTE / 2)
        assert not back.posts
        told(room, at=LATER + MINUTE)
        assert sorted(back.topics) == sorted(MAIN)
        told(room, at=LATER + timedelta(days=1))
        assert len(back.posts) == 3
    assert not owed(room)


def test_tries_grow_rarer_and_end_after_three_days(room, hub, capsys):
    hub.status = 500
    room.file("bridge")
    told(room, room.build())
    waits, at = [], LATER
    while (due := owed(room)[0].due_at) is not None:
        waits.append(due - at)
        at = due
        told(room, at=at)
    minutes = [wait // MINUTE for wait in waits]
    assert minutes == [1, 5, 30, 120, 360, 720, 720, 720, 720, 720]
    assert "ping given up" in "".join(capsys.readouterr())
    hub.forget()
    told(room, at=at + timedelta(days=9))
    assert not hub.posts
    hub.status = 202
    room.file("quay")
    told(room, room.build(), at=at + timedelta(days=9))
    assert sorted(hub.topics) == sorted(MAIN), "a new version begins anew"
    assert not owed(room)


def test_a_new_version_is_told_at_once_whatever_failed_before(room, hub):
    hub.status = 404
    room.file("bridge")
    told(room, room.build())
    told(room, at=LATER + MINUTE)
    assert owed(room)[0].attempts == 2
    hub.status = 204
    room.file("quay")
    told(room, room.build(), at=LATER + 2 * MINUTE)
    assert not owed(room)


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("3600", 1),
        ("Tue, 24 Nov 2026 15:00:00 GMT", 1),
        ("31536000", 24),
        ("Wed, 24 Nov 2027 15:00:00 GMT", 24),
    ],
)
def test_a_hub_that_says_when_is_not_asked_before_but_within_a_day(room, hub, said, hours):
    at = NOON.replace(year=2026, month=11, day=24, hour=14, minute=0, second=0, microsecond=0)
    hub.status, hub.headers = 429, {"Retry-After": said}
    room.file("bridge")
    told(room, room.build(), at=at)
    assert len(hub.posts) == 1, "who wants peace gets it at once"
    again = at + timedelta(hours=hours)
    assert {ping.due_at for ping in owed(room)} == {again}
    room.file("quay")
    room.build(at=at + MINUTE)
    told(room, at=again - MINUTE)  # by another process, of a newer version
    assert len(hub.posts) == 1
    hub.forget()
    hub.status = 202
    told(room, at=again)
    assert sorted(hub.topics) == sorted(MAIN)


def test_a_feed_that_a_hub_refuses_holds_back_no_other(room, hub):
    hub.status = 400
    room.file("bridge")
    assert len(told(room, room.build()).problems) == 3
    assert {ping.error for ping in owed(room)} == {"400 Bad Request"}
