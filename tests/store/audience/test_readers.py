"""What readers decide, as the store keeps it: every change with its cause, nobody revived."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.editions import Content, EditionKind
from syndicate.model.subscribers import Action, SubscribeOutcome, SubscriptionState
from syndicate.store import ConfirmationKind, PendingConfirmation
from tests.causes import TEST, by_reader

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HER = "ada@example.org"
BUTTON = by_reader("button")
LETTER = Content(subject="Please confirm", preheader="", html="<p>?</p>", text="?", nonce="0")


def key_of(tx, email=HER):
    return tx.subscribers.by_email(email).key


def subscribe(tx, email=HER, newsletter="news", **values):
    return tx.subscribers.subscribe(email, newsletter, **{"cause": TEST, "at": NOW, **values})


def stands(tx, email=HER):
    person = tx.subscribers.by_email(email)
    return {one.newsletter: one.state.value for one in person.subscriptions}


def trail(tx, email=HER):
    return [(one.action.value, one.newsletter) for one in tx.audit_log.changes(key_of(tx, email))]


@pytest.fixture
def tx(store):
    with store.write() as transaction:
        yield transaction


def test_who_was_asked_for_is_subscribed_only_once_they_confirm(tx):
    key = tx.subscribers.add_pending(HER, ["news", "culture"], cause=by_reader("form"), at=NOW)
    assert stands(tx) == {"news": "pending", "culture": "pending"}
    assert tx.subscribers.confirm(key, ["news"], cause=BUTTON, at=NOW) == ["news"]
    assert tx.subscribers.confirm(key, ["news"], cause=BUTTON, at=NOW) == []
    assert stands(tx) == {"news": "confirmed", "culture": "pending"}
    assert trail(tx) == [("asked", "news"), ("asked", "culture"), ("confirmed", "news")]


def test_asking_changes_nothing_for_somebody_who_is_known(tx):
    subscribe(tx, name="Ada")
    tx.subscribers.add_pending(HER, ["news"], name="Mallory", cause=by_reader("form"), at=NOW)
    person = tx.subscribers.by_email(HER)
    assert (person.name, person.subscriptions[0].state) == ("Ada", SubscriptionState.CONFIRMED)


def test_who_left_comes_back_by_confirming_and_begins_with_what_is_new_then(tx):
    subscribe(tx)
    tx.subscribers.unsubscribe(key_of(tx), "news", at=NOW, cause=BUTTON, reason="too many")
    assert subscribe(tx) is SubscribeOutcome.LEFT
    assert tx.subscribers.confirm(key_of(tx), ["news"], cause=BUTTON, at=NOW) == ["news"]
    assert stands(tx) == {"news": "confirmed"}
    left = [one.detail for one in tx.audit_log.changes(key_of(tx)) if one.action is Action.LEFT]
    assert left == ["too many"]


def test_an_address_that_is_not_mailed_is_not_even_asked(tx):
    assert tx.subscribers.suppress(HER, "complained", at=NOW, cause=TEST)
    assert not tx.subscribers.suppress(HER, "again", at=NOW, cause=TEST)
    assert tx.subscribers.add_pending(HER, ["news"], cause=by_reader("form"), at=NOW) is None
    assert tx.subscribers.by_email(HER) is None
    assert tx.subscribers.suppression_reason("ADA@example.org") == "complained"
    assert tx.subscribers.unsuppress(HER, at=NOW, cause=TEST)
    assert subscribe(tx) is SubscribeOutcome.NEW


def test_who_was_erased_is_gone_and_no_import_brings_them_back(tx):
    subscribe(tx, name="Ada")
    key = key_of(tx)
    tx.subscribers.tag(key, ["vip"], at=NOW, cause=TEST)
    assert tx.erasures.erase(key, at=NOW, cause=BUTTON)
    assert tx.subscribers.by_key(key) is None
    assert [one.action for one in tx.audit_log.changes(key)] == [Action.ERASED]
    assert subscribe(tx, "Ada@Example.org") is SubscribeOutcome.ERASED
    assert tx.subscribers.by_email(HER) is None
    assert not tx.erasures.erase(key, at=NOW, cause=BUTTON)


def test_who_was_erased_may_come_back_by_their_own_wish(tx):
    subscribe(tx)
    tx.erasures.erase(key_of(tx), at=NOW, cause=BUTTON)
    key = tx.subscribers.add_pending(HER, ["news"], cause=by_reader("form"), at=NOW)
    tx.subscribers.confirm(key, ["news"], cause=BUTTON, at=NOW)
    assert stands(tx) == {"news": "confirmed"}
    assert subscribe(tx, newsletter="culture") is SubscribeOutcome.NEW


def test_name_language_fields_and_tags_are_kept_and_only_what_differs_is_noted(tx):
    subscribe(tx, name="Ada")
    key = key_of(tx)
    changed = {"language": "de", "fields": {"city": "Köln"}, "at": NOW, "cause": BUTTON}
    assert tx.subscribers.update(key, **changed)
    assert not tx.subscribers.update(key, **changed)
    assert tx.subscribers.tag(key, ["vip", "press", "vip"], at=NOW, cause=TEST) == ["vip", "press"]
    assert tx.subscribers.untag(key, ["press"], at=NOW, cause=TEST) == 1
    person = tx.subscribers.by_key(key)
    assert (person.name, person.language, dict(person.fields)) == ("Ada", "de", {"city": "Köln"})
    assert person.tags == ("vip",)
    details = [one.detail for one in tx.audit_log.changes(key) if one.action is Action.CHANGED]
    assert details == ["language, fields", "+vip, +press", "-press"]


def test_of_two_people_one_is_made_and_who_left_stays_away(tx):
    subscribe(tx, "old@example.org", name="Ada")
    subscribe(tx, "old@example.org", "culture")
    subscribe(tx, "new@example.org")
    subscribe(tx, "new@example.org", "culture")
    old, new = key_of(tx, "old@example.org"), key_of(tx, "new@example.org")
    tx.subscribers.unsubscribe(old, "culture", at=NOW, cause=BUTTON)
    tx.subscribers.tag(old, ["vip"], at=NOW, cause=TEST)
    tx.subscribers.merge(old, new, at=NOW, cause=TEST)
    assert tx.subscribers.by_key(old) is None
    assert stands(tx, "new@example.org") == {"culture": "left", "news": "confirmed"}
    person = tx.subscribers.by_key(new)
    assert (person.name, person.tags) == ("Ada", ("vip",))
    assert trail(tx, "new@example.org").count(("subscribed", "news")) == 2


def test_a_letter_is_for_one_reader_and_first_in_line(tx):
    subscribe(tx)
    subscribe(tx, "bo@example.org")
    day = timedelta(days=1)
    number = tx.editions.add_letter(LETTER, to=key_of(tx), created_at=NOW, expires_at=NOW + day)
    assert [one.email for one in tx.deliveries.by_edition(number)] == [HER]
    (first,) = tx.deliveries.open_editions(NOW)
    assert (first.key, first.kind, first.on_unknown) == (number, EditionKind.LETTER, "resend")
    assert tx.editions.all() == []


def test_a_question_is_answered_once_and_by_whom_it_was_put_to_alone(tx):
    asked = PendingConfirmation(
        letter=7,
        subscriber=3,
        kind=ConfirmationKind.SUBSCRIBE,
        asked={"newsletters": ["news"]},
        at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    tx.confirmations.add(asked)
    assert tx.confirmations.find(7, 4) is None
    assert tx.confirmations.find(7, 3) == asked
    assert tx.confirmations.by_subscriber(3, ConfirmationKind.SUBSCRIBE) == [asked]
    assert tx.confirmations.mark_done(7, at=NOW)
    assert not tx.confirmations.mark_done(7, at=NOW)
    assert tx.confirmations.find(7, 3).done_at == NOW


HOUR = timedelta(hours=1)


def test_a_limit_holds_for_its_window_and_what_was_refused_is_not_counted(tx):
    taken = [tx.attempt_limits.take("x", most=2, per=HOUR, at=NOW) for _ in range(4)]
    assert taken == [True, True, False, False]
    assert tx.attempt_limits.take("y", most=2, per=HOUR, at=NOW)
    later = NOW + HOUR + timedelta(minutes=5)
    assert [tx.attempt_limits.take("x", most=2, per=HOUR, at=later) for _ in range(3)] == taken[:3]


def test_no_hour_has_more_than_a_limit_allows_wherever_it_begins(tx):
    minute = timedelta(minutes=1)
    taken = [
        NOW + number * minute
        for number in range(300)
        if tx.attempt_limits.take("x", most=20, per=HOUR, at=NOW + number * minute)
    ]
    assert len(taken) >= 80, "four hours or more: nobody waits for much longer than an hour"
    for begin in taken:
        assert sum(begin <= at < begin + HOUR for at in taken) <= 20


def test_many_at_once_get_no_more_than_a_limit_allows(store):
    def take(_) -> bool:
        with store.write() as tx:
            return bool(tx.attempt_limits.take("x", most=3, per=HOUR, at=NOW))

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(take, range(12))) == 3


def test_a_limit_says_how_long_to_wait(tx):
    first, second = NOW, NOW + timedelta(minutes=20)
    for at in (first, second):
        assert tx.attempt_limits.wait("x", most=2, per=HOUR, at=at) == timedelta()
        tx.attempt_limits.take("x", most=2, per=HOUR, at=at)
    wait = tx.attempt_limits.wait("x", most=2, per=HOUR, at=second)
    assert timedelta(minutes=40) <= wait <= timedelta(minutes=45)
    assert not tx.attempt_limits.take(
        "x", most=2, per=HOUR, at=second + wait - timedelta(seconds=1)
    )
    assert tx.attempt_limits.take("x", most=2, per=HOUR, at=second + wait)


def test_what_is_done_once_a_day_goes_by_the_calendar(tx):
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    done = [
        tx.attempt_limits.once("x", per=timedelta(days=1), at=midnight + timedelta(minutes=minutes))
        for minutes in (-2, -1, 0, 1)
    ]
    assert done == [True, False, True, False]
    assert not tx.attempt_limits.was_done(
        "x", per=timedelta(days=1), at=midnight + timedelta(days=1)
    )


def test_of_two_pauses_the_longer_one_goes_on(tx):
    subscribe(tx, "old@example.org")
    subscribe(tx, "new@example.org")
    old, new = key_of(tx, "old@example.org"), key_of(tx, "new@example.org")
    tx.subscribers.pause(old, NOW + timedelta(weeks=8), at=NOW, cause=BUTTON)
    tx.subscribers.pause(new, NOW - timedelta(weeks=1), at=NOW, cause=BUTTON)
    tx.subscribers.merge(old, new, at=NOW, cause=TEST)
    assert tx.subscribers.by_key(new).paused_until == NOW + timedelta(weeks=8)


def test_an_erasure_waits_for_a_subscription_under_way_and_takes_it_too(store):
    with store.write() as tx:
        subscribe(tx)
        key = key_of(tx)

    def erase():
        with store.write() as tx:
            tx.erasures.erase(key, at=NOW, cause=BUTTON)

    with ThreadPoolExecutor(1) as other:
        with store.write() as tx:
            subscribe(tx, newsletter="culture")
            erased = other.submit(erase)
            with pytest.raises(StillWaiting):
                erased.result(timeout=0.3)
        erased.result(timeout=10)
    with store.read() as tx:
        assert tx.subscribers.by_key(key) is None
        assert tx.subscribers.by_email(HER) is None
        assert tx.erasures.contains(HER)
