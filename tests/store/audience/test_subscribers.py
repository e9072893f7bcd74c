"""One address is one person; every change has its cause; who left stays away."""

from dataclasses import replace
from datetime import timedelta

from syndicate.model.articles import Revision
from syndicate.model.editions import EditionKind
from syndicate.model.subscribers import Action, SubscribeOutcome, SubscriptionState, normalise_email
from tests.causes import by_reader, by_test
from tests.sample_articles import add_article
from tests.store.audience.samples import BUTTON, HER, LETTER, NOW, key_of, stands, subscribe, trail


def test_an_address_is_one_person_however_it_is_written(store):
    with store.write() as tx:
        assert subscribe(tx, "Ada@Exämple.org", name="Ada") is SubscribeOutcome.NEW
        assert subscribe(tx, " ada@EXÄMPLE.ORG ") is SubscribeOutcome.KNOWN
        assert subscribe(tx, "ada@xn--exmple-cua.org") is SubscribeOutcome.KNOWN
        people = list(tx.search.find())
    assert [(one.email, one.name) for one in people] == [("Ada@Exämple.org", "Ada")]


def test_an_address_that_idna_refuses_still_has_one_form():
    assert normalise_email("A@under_score.example") == "a@under_score.example"


def test_a_subscription_begins_after_the_newest_public_number(store):
    with store.write() as tx:
        add_article(
            tx, Revision(title="A", body=""), id="a", slug="a", path=None, source="", at=NOW
        )
        subscribe(tx, "before@example.org")
        tx.articles.assign_numbers(NOW)
        subscribe(tx, "after@example.org")
        since = {
            subscriber.email: subscriber.subscriptions[0].since for subscriber in tx.search.find()
        }
    assert since == {"before@example.org": 0, "after@example.org": 1}


def test_who_left_is_brought_back_by_nobody_else(store):
    with store.write() as tx:
        subscribe(tx)
        person = tx.subscribers.by_email("ada@example.org")
        assert tx.subscribers.unsubscribe(person.key, "news", cause=by_reader("one click", NOW))
        assert not tx.subscribers.unsubscribe(person.key, "news", cause=by_reader("again", NOW))
        assert subscribe(tx) is SubscribeOutcome.LEFT
        assert not tx.subscribers.by_key(person.key).is_subscribed("news")
        assert subscribe(tx, newsletter="other") is SubscribeOutcome.NEW


def test_a_reader_may_come_back_by_their_own_wish(store):
    with store.write() as tx:
        subscribe(tx)
        key = tx.subscribers.by_email("ada@example.org").key
        assert not tx.subscribers.resubscribe(key, "news", cause=by_reader("undo", NOW))
        tx.subscribers.unsubscribe(key, "news", cause=by_reader("one click", NOW))
        assert tx.subscribers.resubscribe(key, "news", cause=by_reader("undo", NOW + timedelta(1)))
        found = tx.subscribers.by_key(key).subscriptions[0]
    assert (found.state, found.source) == (SubscriptionState.CONFIRMED, "undo")


def test_a_suppressed_address_is_not_subscribed(store):
    with store.write() as tx:
        tx.subscribers.suppress("Ada@example.org", "550 5.1.1 no such user", cause=by_test(NOW))
        assert subscribe(tx) is SubscribeOutcome.SUPPRESSED
        assert list(tx.search.find()) == []


def test_consent_confirms_a_pending_subscription(store):
    with store.write() as tx:
        tx.subscribers.add_pending(HER, ["news"], cause=by_reader("form", NOW))
        assert subscribe(tx, cause=by_reader("paper form", NOW)) is SubscribeOutcome.KNOWN
        found = tx.subscribers.by_email("ada@example.org").subscriptions[0]
    assert (found.state, found.source) == (SubscriptionState.CONFIRMED, "paper form")


def test_people_are_listed_with_all_their_newsletters(store):
    with store.write() as tx:
        subscribe(tx, newsletter="b")
        subscribe(tx, newsletter="a")
        subscribe(tx, "bo@example.org", newsletter="a")
        people = list(tx.search.find())
    assert [[s.newsletter for s in one.subscriptions] for one in people] == [["a", "b"], ["a"]]


def test_who_was_asked_for_is_subscribed_only_once_they_confirm(tx):
    key = tx.subscribers.add_pending(HER, ["news", "culture"], cause=by_reader("form", NOW))
    assert stands(tx) == {"news": "pending", "culture": "pending"}
    assert tx.subscribers.confirm(key, ["news"], cause=BUTTON) == ["news"]
    assert tx.subscribers.confirm(key, ["news"], cause=BUTTON) == []
    assert stands(tx) == {"news": "confirmed", "culture": "pending"}
    assert trail(tx) == [("asked", "news"), ("asked", "culture"), ("confirmed", "news")]


def test_asking_changes_nothing_for_somebody_who_is_known(tx):
    subscribe(tx, name="Ada")
    tx.subscribers.add_pending(HER, ["news"], cause=by_reader("form", NOW))
    person = tx.subscribers.by_email(HER)
    assert (person.name, person.subscriptions[0].state) == ("Ada", SubscriptionState.CONFIRMED)


def test_who_left_comes_back_by_confirming_and_begins_with_what_is_new_then(tx):
    subscribe(tx)
    tx.subscribers.unsubscribe(key_of(tx), "news", cause=replace(BUTTON, why="too many"))
    assert subscribe(tx) is SubscribeOutcome.LEFT
    assert tx.subscribers.confirm(key_of(tx), ["news"], cause=BUTTON) == ["news"]
    assert stands(tx) == {"news": "confirmed"}
    left = [
        change.detail for change in tx.audit_log.changes(key_of(tx)) if change.action is Action.LEFT
    ]
    assert left == ["too many"]


def test_an_address_that_is_not_mailed_is_not_even_asked(tx):
    assert tx.subscribers.suppress(HER, "complained", cause=by_test(NOW))
    assert not tx.subscribers.suppress(HER, "again", cause=by_test(NOW))
    assert tx.subscribers.add_pending(HER, ["news"], cause=by_reader("form", NOW)) is None
    assert tx.subscribers.by_email(HER) is None
    assert tx.subscribers.suppression_reason("ADA@example.org") == "complained"
    assert tx.subscribers.unsuppress(HER, cause=by_test(NOW))
    assert subscribe(tx) is SubscribeOutcome.NEW


def test_name_language_fields_and_tags_are_kept_and_only_what_differs_is_noted(tx):
    subscribe(tx, name="Ada")
    key = key_of(tx)
    changed = {"language": "de", "fields": {"city": "Köln"}, "cause": BUTTON}
    assert tx.subscribers.update(key, **changed)
    assert not tx.subscribers.update(key, **changed)
    assert tx.subscribers.tag(key, ["vip", "press", "vip"], cause=by_test(NOW)) == ["vip", "press"]
    assert tx.subscribers.untag(key, ["press"], cause=by_test(NOW)) == 1
    person = tx.subscribers.by_key(key)
    assert (person.name, person.language, dict(person.fields)) == ("Ada", "de", {"city": "Köln"})
    assert person.tags == ("vip",)
    details = [
        change.detail for change in tx.audit_log.changes(key) if change.action is Action.CHANGED
    ]
    assert details == ["language, fields", "+vip, +press", "-press"]


def test_of_two_people_one_is_made_and_who_left_stays_away(tx):
    subscribe(tx, "old@example.org", name="Ada")
    subscribe(tx, "old@example.org", "culture")
    subscribe(tx, "new@example.org")
    subscribe(tx, "new@example.org", "culture")
    old, new = key_of(tx, "old@example.org"), key_of(tx, "new@example.org")
    tx.subscribers.unsubscribe(old, "culture", cause=BUTTON)
    tx.subscribers.tag(old, ["vip"], cause=by_test(NOW))
    tx.subscribers.merge(old, new, cause=by_test(NOW))
    assert tx.subscribers.by_key(old) is None
    assert stands(tx, "new@example.org") == {"culture": "left", "news": "confirmed"}
    person = tx.subscribers.by_key(new)
    assert (person.name, person.tags) == ("Ada", ("vip",))
    assert trail(tx, "new@example.org").count(("subscribed", "news")) == 2


def test_of_two_pauses_the_longer_one_goes_on(tx):
    subscribe(tx, "old@example.org")
    subscribe(tx, "new@example.org")
    old, new = key_of(tx, "old@example.org"), key_of(tx, "new@example.org")
    tx.subscribers.pause(old, NOW + timedelta(weeks=8), cause=BUTTON)
    tx.subscribers.pause(new, NOW - timedelta(weeks=1), cause=BUTTON)
    tx.subscribers.merge(old, new, cause=by_test(NOW))
    assert tx.subscribers.by_key(new).paused_until == NOW + timedelta(weeks=8)


def test_a_letter_is_for_one_reader_and_first_in_line(tx):
    subscribe(tx)
    subscribe(tx, "bo@example.org")
    day = timedelta(days=1)
    number = tx.editions.add_letter(LETTER, to=key_of(tx), created_at=NOW, expires_at=NOW + day)
    assert [delivery.email for delivery in tx.deliveries.by_edition(number)] == [HER]
    (first,) = tx.deliveries.open_editions(NOW)
    assert (first.key, first.kind, first.on_unknown) == (number, EditionKind.LETTER, "resend")
    assert tx.editions.all() == []
