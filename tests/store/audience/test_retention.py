"""Retention in the store: what goes, and what has to stay."""

from datetime import UTC, datetime, timedelta

from syndicate.model.editions import Content
from syndicate.model.subscribers import Action, Actor, Cause, ConfirmationKind, SubscriptionState
from syndicate.store import PendingConfirmation
from syndicate.store.editions.clicks import LinkClick
from tests.causes import by_reader, by_test

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=40)
LIMIT = NOW - timedelta(days=30)
FORGET = Cause(who=Actor.RETENTION, how="nothing was confirmed within 30 d", at=NOW)
PENDING, CONFIRMED = SubscriptionState.PENDING, SubscriptionState.CONFIRMED


def add(tx, name, **newsletters):
    """Subscribe somebody; newsletters are given as name=(state, when)."""
    for newsletter, (state, at) in newsletters.items():
        address = f"{name}@example.org"
        if state is PENDING:
            tx.subscribers.add_pending(address, [newsletter], cause=by_test(at))
        else:
            tx.subscribers.subscribe(address, newsletter, cause=by_test(at))
    return tx.subscribers.by_email(f"{name}@example.org").key


def forget(tx):
    keys = tx.erasures.unconfirmed(LIMIT)
    return tx.erasures.delete_unconfirmed(keys, LIMIT, cause=FORGET)


def names(tx):
    return [subscriber.email.partition("@")[0] for subscriber in tx.search.find()]


def test_who_confirmed_nothing_in_time_is_forgotten_and_nobody_else(store):
    with store.write() as tx:
        add(tx, "ada", news=(PENDING, LONG_AGO))
        add(tx, "bo", news=(PENDING, LONG_AGO), other=(PENDING, LONG_AGO))
        add(tx, "cy", news=(PENDING, LONG_AGO), other=(PENDING, NOW))
        add(tx, "di", news=(PENDING, LONG_AGO), other=(CONFIRMED, LONG_AGO))
        left = add(tx, "ed", news=(PENDING, LONG_AGO))
        tx.subscribers.unsubscribe(left, "news", cause=by_reader("one click", LONG_AGO))
        add(tx, "fy", news=(PENDING, NOW))
        assert forget(tx) == 2
        assert names(tx) == ["cy", "di", "ed", "fy"]
        assert forget(tx) == 0


def test_with_them_go_their_tags_requests_and_history_and_that_it_was_done_stays(store):
    with store.write() as tx:
        key = add(tx, "ada", news=(PENDING, LONG_AGO))
        tx.subscribers.tag(key, ["fair"], cause=by_test(LONG_AGO))
        tx.confirmations.add(
            PendingConfirmation(
                letter=1,
                subscriber=key,
                kind=ConfirmationKind.SUBSCRIBE,
                asked={"newsletters": ["news"]},
                at=LONG_AGO,
                expires_at=LONG_AGO,
            )
        )
        assert forget(tx) == 1
        assert tx.confirmations.find(1, key) is None
        [line] = tx.audit_log.changes(key)
    assert (line.action, line.cause.who) == (Action.ERASED, Actor.RETENTION)


def test_who_asked_again_lately_is_waited_for(store):
    with store.write() as tx:
        key = add(tx, "ada", news=(PENDING, LONG_AGO))
        tx.confirmations.add(
            PendingConfirmation(
                letter=1,
                subscriber=key,
                kind=ConfirmationKind.SUBSCRIBE,
                asked={"newsletters": ["news"]},
                at=NOW,
                expires_at=NOW + timedelta(7),
            )
        )
        assert forget(tx) == 0


def test_who_confirms_between_the_look_and_the_deed_stays(store):
    with store.write() as tx:
        key = add(tx, "ada", news=(PENDING, LONG_AGO))
        keys = tx.erasures.unconfirmed(LIMIT)
        tx.subscribers.confirm(key, ["news"], cause=by_reader("letter", NOW))
        assert tx.erasures.delete_unconfirmed(keys, LIMIT, cause=FORGET) == 0
        assert names(tx) == ["ada"]


def test_a_forgotten_address_may_ask_again(store):
    with store.write() as tx:
        add(tx, "ada", news=(PENDING, LONG_AGO))
        forget(tx)
        assert (
            tx.subscribers.add_pending("ada@example.org", ["news"], cause=by_test(NOW)) is not None
        )


def test_old_events_go_step_by_step_and_who_was_merged_with_whom_stays(store, monkeypatch):
    monkeypatch.setattr("syndicate.store.audience.erasures.STEP", 2)
    with store.write() as tx:
        ada = add(tx, "ada", news=(CONFIRMED, LONG_AGO), other=(CONFIRMED, LONG_AGO))
        bo = add(tx, "bo", news=(CONFIRMED, LONG_AGO))
        for name in ("B", "Bo", "Bob"):
            tx.subscribers.update(bo, name=name, cause=by_test(LONG_AGO))
        tx.subscribers.merge(ada, bo, cause=by_test(LONG_AGO))
        tx.subscribers.tag(bo, ["new"], cause=by_test(NOW))
        click = LinkClick(edition=1, link=1, subscriber=None, at=LONG_AGO, machine=False, agent="")
        tx.clicks.add(click)
        assert tx.erasures.count_events(LIMIT) == 4
        gone: list[int] = []
        while not gone or gone[-1]:
            gone.append(tx.erasures.delete_events(LIMIT))
        assert gone == [3, 1, 0]
        kept = [(change.action, change.detail) for change in tx.audit_log.changes(bo)]
        assert kept[:3] == [(Action.SUBSCRIBED, "")] * 3
        assert kept[3:] == [(Action.MERGED, f"took in {ada}"), (Action.CHANGED, "+new")]
        assert tx.merges.current_number(ada) == bo


def test_old_letters_go_with_what_they_asked_and_editions_stay(store):
    with store.write() as tx:
        key = add(tx, "ada", news=(CONFIRMED, LONG_AGO))
        content = Content(subject="S", preheader="", html="h", text="t", nonce="n")
        for at in (LONG_AGO, NOW):
            letter = tx.editions.add_letter(content, to=key, created_at=at, expires_at=at)
            tx.confirmations.add(
                PendingConfirmation(
                    letter=letter,
                    subscriber=key,
                    kind=ConfirmationKind.SUBSCRIBE,
                    asked={"newsletters": ["news"], "name": "Mallory"},
                    at=at,
                    expires_at=at,
                )
            )
        assert tx.erasures.count_letters(LIMIT) == 1
        assert tx.erasures.delete_letters(LIMIT) == 1
        assert tx.erasures.delete_letters(LIMIT) == 0
        assert [one.at for one in tx.confirmations.by_subscriber(key)] == [NOW]
        assert tx.editions.by_key(letter) is not None
        assert tx.editions.by_key(letter - 1) is None


def test_how_somebody_came_to_what_they_still_get_is_kept(store):
    with store.write() as tx:
        key = add(tx, "ada", news=(CONFIRMED, LONG_AGO))
        tx.subscribers.update(key, name="Ada", cause=by_test(LONG_AGO))
        tx.erasures.delete_events(LIMIT)
        assert [change.action for change in tx.audit_log.changes(key)] == [Action.SUBSCRIBED]
