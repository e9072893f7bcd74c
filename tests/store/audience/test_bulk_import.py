"""Readers who come in by the thousand: what stands here wins, and nothing happens in silence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndicate.model.subscribers import Action, Actor, Cause, SubscribeOutcome, SubscriptionState
from syndicate.store import StagedReader, Store
from syndicate.store.audience.bulk_import import IMPORTED, BulkImport
from tests.causes import by_reader, by_test

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
THEN = datetime(2021, 3, 4, 12, tzinfo=UTC)
FILE = Cause(who=Actor.IMPORT, how=f"{IMPORTED}readers.csv", at=NOW)
LEFT = SubscriptionState.LEFT


def one(email="ada@example.org", newsletter="news", at=THEN, **changes):
    how = f"{IMPORTED}readers.csv, confirmed there 2021-03-04"
    return StagedReader(email, email.lower(), newsletter, at, how, **changes)


def take(tx, *batch, at=NOW):
    return tx.bulk_import.add(batch, cause=replace(FILE, at=at))


def found(tx, email="ada@example.org"):
    person = tx.subscribers.by_email(email)
    assert person is not None
    return person


def lines(tx, email="ada@example.org"):
    return [
        (line.action, line.newsletter, line.cause.how)
        for line in tx.audit_log.changes(found(tx, email).key)
    ]


def test_everything_that_a_file_tells_is_kept(store):
    ada = one(name="Ada", language="de", fields={"city": "Kiel"}, tags=("a", "b"))
    with store.write() as tx:
        assert take(tx, ada, one("bo@example.org")) == [SubscribeOutcome.NEW] * 2
        person = found(tx)
        (line,) = tx.audit_log.changes(person.key)
    assert (person.email, person.name, person.language) == ("ada@example.org", "Ada", "de")
    assert (dict(person.fields), person.tags) == ({"city": "Kiel"}, ("a", "b"))
    assert person.created_at == THEN
    (subscription,) = person.subscriptions
    assert subscription.state is SubscriptionState.CONFIRMED
    assert (subscription.at, subscription.source) == (THEN, ada.how)
    cause = Cause(who=Actor.IMPORT, how=ada.how, at=NOW)
    assert (line.action, line.cause) == (Action.SUBSCRIBED, cause)


def test_the_same_again_is_known_and_changes_nothing(store):
    batch = [one(name="Ada", tags=("a",)), one("bo@example.org"), one(newsletter="sport")]
    with store.write() as tx:
        take(tx, *batch)
    with store.write() as tx:
        before, trail = list(tx.search.find()), lines(tx)
        assert take(tx, *batch, at=NOW + timedelta(days=1)) == [SubscribeOutcome.KNOWN] * 3
        assert list(tx.search.find()) == before
        assert lines(tx) == trail


def test_nobody_is_revived(store):
    addresses = [f"{who}@example.org" for who in ("left", "suppressed", "erased")]
    with store.write() as tx:
        take(tx, *map(one, addresses))
        reader = by_reader("one click", NOW)
        tx.subscribers.unsubscribe(found(tx, addresses[0]).key, "news", cause=reader)
        tx.subscribers.suppress(addresses[1], "complained", cause=by_test(NOW))
        tx.erasures.erase(found(tx, addresses[2]).key, cause=reader)
    for newsletter, first in (("news", SubscribeOutcome.LEFT), ("sport", SubscribeOutcome.NEW)):
        with store.write() as tx:
            came = take(tx, *(one(email, newsletter) for email in addresses))
            assert came == [first, SubscribeOutcome.SUPPRESSED, SubscribeOutcome.ERASED]
            assert tx.subscribers.by_email(addresses[2]) is None
            assert tx.subscribers.suppression_reason(addresses[1]) == "complained"


def test_who_left_there_comes_in_as_left_and_nothing_else_is_kept(store):
    with store.write() as tx:
        assert take(tx, one(state=LEFT)) == [SubscribeOutcome.LEFT]
        person = found(tx)
        assert person.subscriptions[0].state is LEFT
        assert [action for action, *_ in lines(tx)] == [Action.LEFT_ELSEWHERE]
        assert take(tx, one()) == [SubscribeOutcome.LEFT]
        assert found(tx) == person


def test_who_could_not_be_reached_there_is_suppressed_and_nobody_here(store):
    bounced = one(state=LEFT, suppressed="bounced at Mailchimp")
    with store.write() as tx:
        assert take(tx, bounced) == [SubscribeOutcome.SUPPRESSED]
        assert tx.subscribers.suppression_reason("ada@example.org") == "bounced at Mailchimp"
        assert tx.subscribers.by_email("ada@example.org") is None
        assert take(tx, one()) == [SubscribeOutcome.SUPPRESSED]
        other = one(state=LEFT, suppressed="complained at Ghost")
        assert take(tx, other) == [SubscribeOutcome.SUPPRESSED]
        assert tx.subscribers.suppression_reason("ada@example.org") == "bounced at Mailchimp"


OLD, NEW = "ada@old.example", "ada@new.example"


def merged(tx) -> int:
    """Make one person of two whom a file brought; return their number."""
    take(tx, one(OLD), one(NEW))
    tx.subscribers.merge(found(tx, OLD).key, found(tx, NEW).key, cause=by_test(NOW))
    return int(found(tx, NEW).key)


def emails(tx):
    return [person.email for person in tx.search.find()]


def test_an_address_that_was_merged_means_the_one_who_has_it_now(store):
    with store.write() as tx:
        merged(tx)
        batch = [one(OLD), one(NEW), one(OLD, newsletter="sport", tags=("fair",))]
        assert take(tx, *batch) == [
            SubscribeOutcome.KNOWN,
            SubscribeOutcome.KNOWN,
            SubscribeOutcome.NEW,
        ]
        assert emails(tx) == [NEW]
        assert found(tx, NEW).tags == ("fair",)
        assert [one.newsletter for one in found(tx, NEW).subscriptions] == ["news", "sport"]


def test_an_address_that_was_moved_means_the_one_who_had_it(store):
    with store.write() as tx:
        take(tx, one(OLD))
        key, at = found(tx, OLD).key, NOW
        to = tx.subscribers.add_pending(NEW, (), cause=by_test(at))
        tx.subscribers.change_address(key, to, cause=by_reader("letters", at))
        assert take(tx, one(OLD), one(NEW)) == [SubscribeOutcome.KNOWN] * 2
        assert emails(tx) == [NEW]
        back = tx.subscribers.add_pending(OLD, (), cause=by_test(at))
        tx.subscribers.change_address(key, back, cause=by_reader("letters", at))
        assert take(tx, one(OLD), one(NEW)) == [SubscribeOutcome.KNOWN] * 2
        assert emails(tx) == [OLD]


def test_who_left_under_an_address_that_was_merged_has_left(store):
    with store.write() as tx:
        key = merged(tx)
        left = one(OLD, state=LEFT, at=NOW - timedelta(days=1))
        assert take(tx, left) == [SubscribeOutcome.LEFT]
        assert tx.subscribers.by_key(key).subscriptions[0].state is LEFT


def test_what_bounces_is_the_old_address_alone(store):
    with store.write() as tx:
        merged(tx)
        take(tx, one(OLD, state=LEFT, suppressed="bounced at Mailchimp"))
        assert tx.subscribers.suppression_reason(OLD) == "bounced at Mailchimp"
        assert tx.subscribers.suppression_reason(NEW) is None


def test_merging_again_takes_the_former_addresses_along(store):
    with store.write() as tx:
        key = merged(tx)
        take(tx, one("ada@third.example"))
        third = found(tx, "ada@third.example").key
        tx.subscribers.merge(key, third, cause=by_test(NOW))
        assert take(tx, one(OLD), one(NEW)) == [SubscribeOutcome.KNOWN] * 2
        assert emails(tx) == ["ada@third.example"]
        assert tx.data_export.load(third).former_addresses == (NEW, OLD)


def test_erasing_forgets_the_former_addresses_and_no_file_brings_them_back(store):
    with store.write() as tx:
        key = merged(tx)
        tx.subscribers.suppress(OLD, "bounced", cause=by_test(NOW))
        tx.erasures.erase(key, cause=by_test(NOW))
        assert tx.subscribers.by_any_email(OLD) is None
        assert tx.subscribers.suppression_reason(OLD) is None
        assert take(tx, one(OLD), one(NEW)) == [SubscribeOutcome.ERASED] * 2
        assert emails(tx) == []


def test_who_signs_up_with_their_old_address_is_somebody_of_their_own(store):
    with store.write() as tx:
        merged(tx)
        key = tx.subscribers.add_pending(OLD, ["news"], cause=by_reader("form", NOW))
        assert take(tx, one(OLD)) == [SubscribeOutcome.KNOWN]
        assert tx.subscribers.by_key(key).subscriptions[0].state is SubscriptionState.PENDING
        tx.subscribers.confirm(key, ["news"], cause=by_reader("letter", NOW))
        tx.subscribers.unsubscribe(key, "news", cause=by_reader("one click", NOW))
        assert take(tx, one(OLD)) == [SubscribeOutcome.LEFT]
        assert found(tx, NEW).subscriptions[0].state is SubscriptionState.CONFIRMED


def test_suppressing_a_reader_is_in_the_trail(store):
    with store.write() as tx:
        take(tx, one())
        take(tx, one(state=LEFT, suppressed="bounced at Mailchimp"))
        assert [action for action, *_ in lines(tx)] == [Action.SUBSCRIBED, Action.SUPPRESSED]
        assert take(tx, one(state=LEFT, suppressed="again")) == [SubscribeOutcome.SUPPRESSED]
        assert len(lines(tx)) == 2


def test_an_erased_address_is_not_written_down_again_as_suppressed(store):
    with store.write() as tx:
        take(tx, one())
        tx.erasures.erase(found(tx).key, cause=by_reader("page", NOW))
        assert take(tx, one(state=LEFT, suppressed="bounced")) == [SubscribeOutcome.ERASED]
        assert tx.subscribers.suppression_reason("ada@example.org") is None


@pytest.mark.parametrize(
    ("source", "at", "dated", "stays"),
    [
        ("form", THEN - timedelta(days=1), True, True),
        ("form", THEN + timedelta(days=1), True, False),
        ("form", NOW, False, True),
        (f"{IMPORTED}old.csv", NOW, False, False),
        (f"{IMPORTED}old.csv", THEN - timedelta(days=1), True, True),
    ],
)
def test_who_left_there_after_they_came_here_leaves_here_too(store, source, at, dated, stays):
    cause = Cause(who=Actor.READER, how=source, at=THEN)
    with store.write() as tx:
        tx.subscribers.subscribe("ada@example.org", "news", cause=cause)
        came = take(tx, one(state=LEFT, at=at, dated=dated))
        assert came == [SubscribeOutcome.KNOWN if stays else SubscribeOutcome.LEFT]
        state = found(tx).subscriptions[0].state
    assert state is (SubscriptionState.CONFIRMED if stays else LEFT)


def test_who_says_yes_and_no_in_one_batch_has_said_no(store):
    with store.write() as tx:
        yes, no = one(), one(state=LEFT, at=THEN + timedelta(days=1))
        assert take(tx, yes, one("bo@example.org"), no) == [
            SubscribeOutcome.NEW,
            SubscribeOutcome.NEW,
            SubscribeOutcome.LEFT,
        ]
        assert found(tx).subscriptions[0].state is LEFT


def test_a_pending_subscription_is_confirmed_by_consent_and_ended_by_a_no(store):
    with store.write() as tx:
        for email in ("ada@example.org", "bo@example.org"):
            tx.subscribers.add_pending(email, ["news"], cause=by_reader("form", NOW))
        take(tx, one(), one("bo@example.org", state=LEFT))
        states = [
            found(tx, email).subscriptions[0].state
            for email in ("ada@example.org", "bo@example.org")
        ]
        assert states == [SubscriptionState.CONFIRMED, LEFT]
        assert Action.CONFIRMED in [action for action, *_ in lines(tx)]


def test_what_is_missing_of_somebody_is_filled_in_and_what_is_there_stays(store):
    with store.write() as tx:
        take(tx, one(name="Ada", fields={"city": "Kiel"}), one("bo@example.org"))
        told = {"language": "de", "fields": {"city": "Bonn", "team": "x"}, "tags": ("new",)}
        take(tx, one(name="Else", **told), one("bo@example.org", name="Bo"))
        ada = found(tx)
        assert (ada.name, ada.language, ada.tags) == ("Ada", "de", ("new",))
        assert dict(ada.fields) == {"city": "Kiel", "team": "x"}
        assert found(tx, "bo@example.org").name == "Bo"
        changed = [line for line in tx.audit_log.changes(ada.key) if line.action is Action.CHANGED]
        assert [line.detail for line in changed] == ["language, fields", "+new"]
        assert {line.cause for line in changed} == {FILE}


def test_people_begin_with_what_comes_next(store):
    with store.write() as tx:
        take(tx, one())
        assert found(tx).subscriptions[0].since == tx.articles.newest_number() == 0


def test_undone_with_its_transaction(store):
    with store.write() as tx:
        take(tx, one(tags=("a",)))
        tx.rollback()
    with store.write() as tx:
        assert list(tx.search.find()) == []
        assert take(tx, one()) == [SubscribeOutcome.NEW]


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_who_asks_at_the_same_moment_waits_for_the_import(store_url, monkeypatch):
    store, other = Store.open(store_url), Store.open(store_url)
    suppress = BulkImport._suppress

    def ask():
        with other.write() as tx:
            tx.subscribers.add_pending("ada@example.org", ["news"], cause=by_reader("form", NOW))

    form = Thread(target=ask)

    def meanwhile(self, *rest):
        suppress(self, *rest)
        form.start()
        form.join(0.2)
        assert form.is_alive()

    monkeypatch.setattr(BulkImport, "_suppress", meanwhile)
    with store.write() as tx:
        assert take(tx, one("bo@example.org"), one()) == [SubscribeOutcome.NEW] * 2
    form.join(10)
    with store.read() as tx:
        assert found(tx).is_subscribed("news")
        assert [how for *_, how in lines(tx)][-1] == "form"
    store.close()
    other.close()


ARRIVAL = st.builds(
    lambda who, newsletter, left, days, dated, name: one(
        f"r{who}@example.org",
        newsletter,
        THEN + timedelta(days=days),
        state=LEFT if left else SubscriptionState.CONFIRMED,
        dated=dated,
        name="" if left else name,
        suppressed="bounced" if left == 2 else "",
    ),
    st.integers(0, 4),
    st.sampled_from(["news", "sport"]),
    st.sampled_from([0, 0, 0, 1, 2]),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from(["", "Ada"]),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(ARRIVAL, max_size=12))
def test_a_batch_does_what_its_rows_do_one_by_one(sqlite_store, batch):
    def outcome(*batches):
        with sqlite_store.write() as tx:
            came = [what for some in batches for what in take(tx, *some)]
            people = [
                (person.email, person.name, person.subscriptions, person.suppressed)
                for person in sorted(tx.search.find(), key=lambda person: person.email)
            ]
            tx.rollback()
        return came, people

    assert outcome(batch) == outcome(*([row] for row in batch))
