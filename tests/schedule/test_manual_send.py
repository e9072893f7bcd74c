"""Editions by hand: like any other, or a test copy that no ledger knows of."""

import pytest

from syndicate.errors import Refused
from syndicate.model.article_selection import ArticleWindow
from syndicate.schedule.wiring import ManualSend
from tests.schedule.conftest import MINUTE, NOW


def order(harness, *slugs):
    newsletter = harness.config.newsletter("breaking")
    schedule = None if slugs else harness.config.schedules[0]
    return ManualSend(newsletter=newsletter, schedule=schedule, slugs=slugs)


def editions(harness):
    with harness.store.read() as tx:
        return tx.editions.all()


def test_what_is_sent_by_hand_is_left_out_of_later_editions(harness):
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    sent = harness.services.send(order(harness), at=NOW)
    assert sent is not None
    assert sent[1].accepted == 1
    assert [str(fire) for fire in harness.tick(NOW + 10 * MINUTE).fires] == ["skipped: 0 new"]
    assert len(harness.mail()) == 1


def test_nothing_new_sends_nothing(harness):
    assert harness.services.send(order(harness), at=NOW) is None
    assert editions(harness) == []


def test_exactly_the_articles_that_are_named_go_out_in_that_order(harness):
    harness.subscribe("ada@example.org")
    for slug in ("ferry", "tram", "dome"):
        harness.file(slug, breaking=False)
    sent = harness.services.send(order(harness, "tram", "ferry"), at=NOW)
    assert sent is not None
    assert sent[0].subject == "Tram"
    with harness.store.read() as tx:
        assert len(tx.editions.items(sent[0].key)) == 2
        assert [one.slug for one in tx.articles.candidates("breaking", ArticleWindow(), NOW)] == [
            "dome"
        ]


def test_an_article_that_is_not_public_or_not_there_cannot_be_named(harness):
    with pytest.raises(Refused, match="no article has the slug nonsense"):
        harness.services.send(order(harness, "nonsense"), at=NOW)
    harness.file("ferry", date=NOW + MINUTE)
    with pytest.raises(Refused, match="ferry is not public yet"):
        harness.services.send(order(harness, "ferry"), at=NOW)
    harness.tick(NOW + MINUTE)
    with pytest.raises(Refused, match="ferry is not public yet"):
        harness.services.send(order(harness, "ferry"), at=NOW)


def test_an_article_that_is_named_twice_goes_out_once(harness):
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    sent = harness.services.send(order(harness, "ferry", "ferry"), at=NOW)
    assert sent
    with harness.store.read() as tx:
        assert len(tx.editions.items(sent[0].key)) == 1


def test_a_test_copy_touches_no_ledger(harness):
    harness.subscribe("ada@example.org")
    harness.file("ferry")
    reply, _ = harness.services.send_test_copy(order(harness), to="me@example.org", at=NOW)
    assert reply.code == 250
    assert harness.mail() == [("me@example.org", "[Test] Breaking: Ferry")]
    assert editions(harness) == []
    assert [str(fire) for fire in harness.tick().fires] == ["edition 1, 1 article"]


def test_a_test_copy_of_nothing_is_refused(harness):
    with pytest.raises(Refused, match="nothing is new for breaking; name articles"):
        harness.services.send_test_copy(order(harness), to="me@example.org", at=NOW)


def test_what_is_named_by_hand_goes_to_everybody_subscribed_by_now(harness):
    harness.file("ferry")
    harness.services.publish(NOW)
    harness.subscribe("late@example.org")
    sent = harness.services.send(order(harness, "ferry"), at=NOW)
    assert sent is not None
    assert sent[1].accepted == 1
