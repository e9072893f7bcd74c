"""Figures of a store: what is counted, and that it is cheap to count."""

from datetime import timedelta

from sqlalchemy import insert, select, text

from syndicate.model.articles import Revision
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import LETTERS, Content
from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import SubscriptionState
from syndicate.store import CallKind, Store
from syndicate.store.database.schema import deliveries
from syndicate.store.database.schema_delivery import outgoing_calls
from syndicate.store.editions.fires import Fire
from tests.causes import by_test
from tests.sample_articles import add_article
from tests.store.ledger.test_deliveries import NOW, claim, edition, intend, readers, settle

HOUR = timedelta(hours=1)


def test_an_empty_store_has_every_state_with_nothing_in_it(store):
    with store.read() as tx:
        figures = tx.metrics_snapshot.load(NOW)
    assert figures["articles_public"] == 0
    assert figures["editions"] == {}
    assert figures["deliveries"] == dict.fromkeys(DeliveryState, 0)
    assert figures["fires"] == dict.fromkeys(FireOutcome, 0)
    assert set(figures["push_owed"].values()) == {0}


def test_an_edition_is_sending_until_its_last_message_is_over(store):
    with store.write() as tx:
        readers(tx, 2)
        first, _ = edition(tx), edition(tx, slug="next")
        letter = Content(subject="S", preheader="", html="h", text="t", nonce="n")
        tx.editions.add_letter(letter, to=1, created_at=NOW, expires_at=NOW + HOUR)
        assert tx.metrics_snapshot.load(NOW)["editions"] == {
            ("news", "sending"): 2,
            ("news", "paused"): 0,
            ("news", "done"): 0,
        }
        for one in claim(tx, first):
            intend(tx, one)
            settle(
                tx, one, DeliveryState.ACCEPTED, code=250, reply="ok", next_attempt_at=None, at=NOW
            )
        figures = tx.metrics_snapshot.load(NOW)
    assert figures["editions"] == {
        ("news", "sending"): 1,
        ("news", "paused"): 0,
        ("news", "done"): 1,
    }
    assert figures["deliveries"][DeliveryState.ACCEPTED] == 2
    assert figures["deliveries"][DeliveryState.QUEUED] == 3, "the letter's, too"
    assert LETTERS not in {newsletter for newsletter, _ in figures["editions"]}


def test_a_paused_edition_is_not_counted_as_being_sent(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        tx.control.pause(key, cause=by_test(NOW))
        counted = tx.metrics_snapshot.load(NOW)["editions"]
    assert {state: count for (_, state), count in counted.items()} == {
        "sending": 0,
        "paused": 1,
        "done": 0,
    }


def test_articles_subscriptions_and_fires_are_counted(store):
    with store.write() as tx:
        for slug, at in (("now", NOW), ("later", NOW + HOUR)):
            revision = Revision(title="A", body="", date=at)
            add_article(tx, revision, id=slug, slug=slug, path=slug, source="", at=NOW)
        readers(tx, 3)
        person = next(iter(tx.search.find()))
        tx.subscribers.unsubscribe(person.key, "news", cause=by_test(NOW))
        for slot, outcome in (
            ("1", FireOutcome.SKIPPED),
            ("2", FireOutcome.SKIPPED),
            ("3", FireOutcome.FAILED),
        ):
            tx.fires.record(
                Fire(
                    schedule="news",
                    slot=slot,
                    due_at=NOW,
                    outcome=outcome,
                    reason="",
                    node="",
                    at=NOW,
                )
            )
        figures = tx.metrics_snapshot.load(NOW)
        assert tx.metrics_snapshot.load(NOW + HOUR)["articles_public"] == 2
    assert figures["articles_public"] == 1
    assert figures["subscriptions"] == {
        ("news", SubscriptionState.CONFIRMED): 2,
        ("news", SubscriptionState.LEFT): 1,
    }
    assert figures["fires"] == {
        FireOutcome.EDITION: 0,
        FireOutcome.SKIPPED: 2,
        FireOutcome.FAILED: 1,
    }


def test_what_is_owed_is_told_apart_from_what_fails(store):
    call = {"host": "", "version": "2", "delivered": "1", "payload": {}, "claimed": False}
    tried = call | {"attempts": 3, "error": "refused", "expires_at": None}
    fresh = call | {"attempts": 0, "error": "", "expires_at": None}
    ping = {"kind": CallKind.PING, "endpoint": "https://hub.example.org/"}
    page = {"kind": CallKind.INDEXNOW, "endpoint": "e"}
    subscription = {"kind": CallKind.DELIVERY, "topic": "t"}
    lease = {"expires_at": NOW + HOUR}
    request = {"kind": CallKind.VERIFICATION, "topic": "t", "endpoint": "a"}
    with store.write() as tx:
        tx._connection.execute(insert(outgoing_calls), [
            {**fresh, **ping, "topic": "a", "due_at": NOW},
            {**tried, **ping, "topic": "b", "due_at": NOW},
            {**fresh, **ping, "topic": "c", "due_at": None},
            {**tried, **ping, "topic": "given up", "due_at": None},
            {**fresh, **page, "topic": "a", "due_at": NOW},
            {**tried, **page, "topic": "refused", "due_at": None},
            {**tried, **subscription, **lease, "endpoint": "a", "due_at": NOW},
            {**fresh, **subscription, **lease, "endpoint": "b", "due_at": None},
            {**fresh, **subscription, "endpoint": "c", "due_at": None, "expires_at": NOW - HOUR},
            {**fresh, **request, "due_at": NOW},
        ])  # fmt: skip
        figures = tx.metrics_snapshot.load(NOW)
    assert figures["push_owed"] == {
        ("hubs", "waiting"): 1,
        ("hubs", "failing"): 2,
        ("engines", "waiting"): 1,
        ("engines", "failing"): 1,
        ("subscribers", "waiting"): 0,
        ("subscribers", "failing"): 1,
    }
    assert (figures["hub_subscriptions"], figures["hub_requests"]) == (2, 1)


def test_the_ledger_is_counted_out_of_an_index(sqlite_store: Store):
    """Else each scrape would read every row with its reply."""
    with sqlite_store.read() as tx:
        states = select(deliveries.c.state, text("count(*)")).group_by(deliveries.c.state)
        plan = tx._connection.execute(text(f"explain query plan {states}")).all()
    assert "USING COVERING INDEX" in str(plan)
