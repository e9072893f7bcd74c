"""Schedules of a segment: who gets their editions, and what that leaves to the others."""

from datetime import timedelta

import pytest

from syndicate.schedule.wiring import ManualSend
from tests.causes import by_test
from tests.schedule.conftest import BREAKING, NOW

SEGMENTS = [
    {"name": "members", "where": 'tag = "member"'},
    {"name": "others", "where": 'not tag = "member"'},
]
MEMBERS = {**BREAKING, "name": "members", "segment": "members"}


@pytest.fixture
def harness(make_harness):
    made = make_harness(segments=SEGMENTS, schedules=[MEMBERS, BREAKING])
    made.subscribe("ada@example.org", "bo@example.org")
    with made.store.write() as tx:
        ada = tx.subscribers.by_email("ada@example.org").key
        tx.subscribers.tag(ada, ["member"], cause=by_test(NOW))
    return made


def test_an_edition_goes_to_the_segment_and_counts_as_sent_for_all(harness):
    harness.file("ferry")
    ticked = harness.tick()
    assert [str(fire) for fire in ticked.fires] == ["edition 1, 1 article", "skipped: 0 new"]
    assert harness.mail() == [("ada@example.org", "Breaking: Ferry")]


def test_who_is_in_a_segment_is_asked_when_the_edition_is_frozen(harness):
    with harness.store.write() as tx:
        bo = tx.subscribers.by_email("bo@example.org").key
        tx.subscribers.tag(bo, ["member"], cause=by_test(NOW))
    harness.file("ferry")
    harness.tick()
    assert [to for to, _ in harness.mail()] == ["ada@example.org", "bo@example.org"]


def test_what_is_sent_by_hand_can_go_to_a_segment(harness):
    harness.file("ferry")
    [newsletter] = harness.config.newsletters
    order = ManualSend(newsletter=newsletter, slugs=["ferry"], segment="others")
    harness.services.send(order, at=NOW)
    assert [to for to, _ in harness.mail()] == ["bo@example.org"]


def test_a_segment_named_by_hand_stands_for_the_schedules(harness):
    harness.file("ferry")
    [newsletter], schedule = harness.config.newsletters, harness.config.schedules[0]
    order = ManualSend(newsletter=newsletter, schedule=schedule)
    assert harness.services.send(order, at=NOW) is not None
    harness.file("tram")
    order = ManualSend(newsletter=newsletter, schedule=schedule, segment="others")
    harness.services.send(order, at=NOW + timedelta(minutes=1))
    assert [to for to, _ in harness.mail()] == ["ada@example.org", "bo@example.org"]
