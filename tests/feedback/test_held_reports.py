"""A provider's event that names nobody's message, but a reader, is kept for a person; once."""

import json
from dataclasses import replace

import pytest

from syndicate.feedback import held_reports
from syndicate.feedback.event_intake import EventIntake
from syndicate.feedback.held_decision import HeldDecision
from syndicate.feedback.held_reports import read_event
from syndicate.feedback.providers.provider_event import EventKind, ProviderEvent
from syndicate.model.feedback import DeliveryReference, FeedbackKind
from syndicate.model.subscribers import SuppressionKind
from syndicate.schedule.retention import purge
from tests.causes import by_test
from tests.feedback.reported import ANNA, DAY, HOUR, NOW, Newsroom

pytestmark = pytest.mark.sql

HOOK = "hook main"
BO = "bo@example.org"
BOUNCE = ProviderEvent(
    id="e1",
    kind=EventKind.BOUNCED,
    reference=DeliveryReference(provider_ids=("0102018f3c2a7b1e",), recipient="Anna@Example.org"),
    at=NOW - HOUR,
    status="5.1.1",
    text="550 5.1.1 no such user",
    host="mx.example.org",
    fields={"event": "bounce", "email": "Anna@Example.org", "tags": ["Ä"]},
)
COMPLAINT = replace(BOUNCE, id="e2", kind=EventKind.COMPLAINED, status="", text="abuse")


def report(newsroom, *events, at=NOW, source=HOOK):
    """Have a provider report events; return what became of them."""
    intake = EventIntake(newsroom.store, newsroom.recorder)
    return intake.record(source, events, at)


def decide(newsroom, key, **values):
    """Let a report count."""
    with newsroom.store.write() as tx:
        report = tx.held_reports.find(key)
        decision = HeldDecision(cause=by_test(NOW), **values)
        return decision.apply(tx, report, newsroom.config.bounces)


def test_a_bounce_is_kept_with_its_evidence_and_changes_nothing(newsroom):
    newsroom.subscribe()
    edition = newsroom.send(reply="2.0.0 Ok")
    recorded = report(newsroom, BOUNCE)
    sentence = f"the hard bounce may be about edition {edition}, but only its address says so"
    assert recorded.changes == [f"{sentence}; kept for a person"]
    assert newsroom.counts() == {(HOOK, "undecided"): 1}
    assert newsroom.suppressed() is None
    (held,) = newsroom.held()
    assert (held.source, held.received_at, held.recipient) == (HOOK, NOW, ANNA)
    assert (held.subject, held.sender) == ("hard bounce", "mx.example.org")
    assert held.reason == f"{sentence}: 550 5.1.1 no such user"
    assert json.loads(held.raw)["event"] == BOUNCE.fields
    assert "Ä" in held.raw.decode()
    feedback, named = BOUNCE.feedback, DeliveryReference(recipient="Anna@Example.org")
    assert feedback is not None
    assert read_event(held.raw) == replace(feedback, reference=named)


def test_it_is_kept_where_the_reader_got_nothing_of_ours_as_well(newsroom):
    newsroom.subscribe()
    report(newsroom, COMPLAINT)
    (held,) = newsroom.held()
    assert held.reason == "the complaint names no delivery of ours, only a reader's address: abuse"
    assert newsroom.counts() == {(HOOK, "unmatched"): 1}


def test_it_is_kept_once_however_often_and_by_whatever_event_it_is_reported(newsroom):
    newsroom.subscribe()
    newsroom.send(reply="2.0.0 Ok")
    report(newsroom, BOUNCE)
    report(newsroom, BOUNCE)
    report(newsroom, replace(BOUNCE, id="e3", text="550 5.1.1 still nobody"), at=NOW + DAY)
    assert len(newsroom.held()) == 1
    report(newsroom, COMPLAINT, replace(COMPLAINT, id="e4"))
    report(newsroom, replace(BOUNCE, id="e5"), source="hook other")
    assert [(held.source, held.subject) for held in newsroom.held()] == [
        (HOOK, "hard bounce"),
        (HOOK, "complaint"),
        ("hook other", "hard bounce"),
    ]


@pytest.mark.parametrize(
    "event",
    [
        replace(BOUNCE, reference=DeliveryReference(recipient="nobody@example.org")),
        replace(BOUNCE, reference=DeliveryReference()),
        replace(BOUNCE, status="4.2.2", text="452 4.2.2 mailbox full"),
        replace(BOUNCE, kind=EventKind.REJECTED),
        replace(BOUNCE, kind=EventKind.DELIVERED),
        replace(BOUNCE, kind=EventKind.OTHER),
    ],
    ids=["a stranger", "nobody", "soft", "refused by policy", "delivered", "opened"],
)
def test_what_is_about_no_reader_or_ends_nothing_is_only_counted(newsroom, event):
    newsroom.subscribe()
    newsroom.send(reply="2.0.0 Ok")
    report(newsroom, event)
    assert newsroom.held() == []
    assert sum(newsroom.counts().values()) == 1


def test_an_address_that_the_reader_has_left_is_no_reader_s(newsroom):
    anna, bo = newsroom.subscribe(), newsroom.subscribe(BO)
    newsroom.send(reply="2.0.0 Ok")
    with newsroom.store.write() as tx:
        tx.subscribers.merge(anna, bo, cause=by_test(NOW))
    report(newsroom, BOUNCE)
    assert newsroom.held() == []


@pytest.mark.parametrize(
    ("kind", "held"),
    [
        (SuppressionKind.HARD_BOUNCE, ["complaint", "unsubscribed"]),
        (SuppressionKind.COMPLAINT, ["unsubscribed"]),
        (SuppressionKind.OPERATOR, ["unsubscribed"]),
    ],
)
def test_where_nothing_would_follow_any_more_nobody_is_asked(newsroom, kind, held):
    anna = newsroom.subscribe()
    wish = replace(COMPLAINT, id="e3", kind=EventKind.UNSUBSCRIBED)
    with newsroom.store.write() as tx:
        tx.subscribers.suppress(ANNA, "for a reason", kind=kind, cause=by_test(NOW))
    report(newsroom, BOUNCE, COMPLAINT, wish)
    assert [report.subject for report in newsroom.held()] == held
    with newsroom.store.write() as tx:
        tx.held_reports.delete(newsroom.held()[-1].key)
        tx.subscribers.unsubscribe(anna, "breaking", cause=by_test(NOW))
    report(newsroom, replace(wish, id="e4"))
    assert "unsubscribed" not in [report.subject for report in newsroom.held()]


def test_a_person_lets_it_count(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send(reply="2.0.0 Ok")
    report(newsroom, BOUNCE)
    (held,) = newsroom.held()
    did = decide(newsroom, held.key)
    assert did == f"{ANNA} is suppressed: 550 5.1.1 no such user"
    assert newsroom.suppressed() == "hard bounce"
    assert newsroom.held() == []
    with newsroom.store.read() as tx:
        (record,) = tx.feedback.by_delivery(edition, anna)
    assert (record.source, record.matched_by, record.host) == (HOOK, "address", "mx.example.org")
    report(newsroom, replace(BOUNCE, id="e3"))
    assert newsroom.held() == []


def test_a_person_may_take_it_for_something_else(newsroom):
    newsroom.subscribe()
    newsroom.send(reply="2.0.0 Ok")
    report(newsroom, BOUNCE)
    (held,) = newsroom.held()
    decide(newsroom, held.key, kind=FeedbackKind.COMPLAINT)
    assert newsroom.suppressed() == "complaint"
    assert newsroom.newsletters() == {"breaking": "left"}


def test_who_is_erased_takes_along_events_that_name_them_even_among_others(newsroom):
    anna, _ = newsroom.subscribe(), newsroom.subscribe(BO)
    of_bo = replace(BOUNCE, reference=DeliveryReference(recipient=BO))
    report(newsroom, BOUNCE)
    report(newsroom, replace(of_bo, id="e6", fields={"to": [BO, "ANNA@example.org"]}))
    report(newsroom, replace(of_bo, id="e7", fields={"to": [BO]}), source="hook other")
    with newsroom.store.write() as tx:
        tx.erasures.erase(anna, cause=by_test(NOW))
    assert [(held.source, held.recipient) for held in newsroom.held()] == [("hook other", BO)]


def test_retention_deletes_it(store, publication):
    newsroom = Newsroom(store, publication(retention={"events": "30d"}))
    newsroom.subscribe()
    report(newsroom, BOUNCE)
    purge(store, newsroom.config, at=NOW + 29 * DAY)
    assert len(newsroom.held()) == 1
    purge(store, newsroom.config, at=NOW + 31 * DAY)
    assert newsroom.held() == []


def test_of_an_event_that_is_too_large_or_too_deep_what_it_says_is_kept(newsroom, monkeypatch):
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    newsroom.subscribe()
    for hook, fields in (("large", {"x": "ä" * 300_000}), ("deep", {"x": deep})):
        report(newsroom, replace(BOUNCE, fields=fields), source=f"hook {hook}")
    large, nested = newsroom.held()
    assert json.loads(large.raw)["event"].startswith("left out, since it has 600")
    assert json.loads(nested.raw)["event"] == "left out, since it is nested too deeply"
    assert read_event(nested.raw).answer == "550 5.1.1 no such user"
    monkeypatch.setattr(held_reports, "CROWDED", 1)
    report(newsroom, replace(BOUNCE, fields={"x": "ä" * 20_000}), source="hook third")
    assert len(newsroom.held()[-1].raw) < 16 * 1024


@pytest.mark.parametrize("text", ["\ud800", "\0", "\x1b[2J"])
def test_text_that_no_database_can_store_is_no_hindrance(newsroom, text):
    newsroom.subscribe()
    report(newsroom, replace(BOUNCE, fields={"x": text}))
    assert read_event(newsroom.held()[0].raw).kind is FeedbackKind.HARD_BOUNCE
