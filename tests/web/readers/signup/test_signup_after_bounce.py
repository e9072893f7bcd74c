"""Who signs up anew after a bounce is asked by letter, once in a while; after a complaint never."""

from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.model.subscribers import Action, SubscribeOutcome, SuppressionKind
from tests.causes import by_test

pytestmark = pytest.mark.neighbours
ANNA = "anna@example.org"
BOUNCES = SuppressionKind.HARD_BOUNCE, SuppressionKind.SOFT_BOUNCES


def suppress(site, kind, *, subscribed=True):
    at = clock.now()
    with site.store.write() as tx:
        if subscribed:
            tx.subscribers.subscribe(ANNA, "breaking", cause=by_test(at))
        tx.subscribers.suppress(ANNA, "550 5.1.1 no such user", kind=kind, cause=by_test(at))


def suppression(site):
    with site.store.read() as tx:
        return tx.subscribers.suppression(ANNA)


@pytest.fixture
def later(monkeypatch):
    """Make it later, by some days."""
    real = clock.now

    def wait(days):
        monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=days))

    return wait


@pytest.mark.parametrize("kind", BOUNCES)
@pytest.mark.parametrize("subscribed", [True, False])
def test_a_letter_that_arrives_after_a_bounce_lifts_the_suppression(site, kind, subscribed):
    opened = site(signup={"welcome": True})
    suppress(opened, kind, subscribed=subscribed)
    opened.sign_up(ANNA)
    assert [letter.to for letter in opened.letters()] == [ANNA]
    assert suppression(opened).kind is kind
    assert opened.client.post(opened.link()).is_success
    assert suppression(opened) is None
    assert opened.states() == {"breaking": "confirmed"}
    with opened.store.read() as tx:
        changes = list(tx.audit_log.changes(opened.reader().key))
    lifted = [change for change in changes if change.action is Action.UNSUPPRESSED]
    assert [(c.cause.who, c.detail) for c in lifted] == [("reader", "a letter to it arrived")]
    assert lifted[0].cause.how.startswith("button in letter 1, after the ")


@pytest.mark.usefixtures("within_the_hour")
def test_such_an_address_gets_one_letter_in_thirty_days(site, later):
    opened = site(signup={"per_address": 9})
    suppress(opened, SuppressionKind.HARD_BOUNCE)
    answers = {opened.sign_up(ANNA).text for _ in range(3)}
    assert len(answers) == 1
    assert answers == {opened.sign_up("stranger@example.org").text}
    assert len(opened.questions()) == 1
    later(days=29)
    opened.sign_up(ANNA)
    assert len(opened.questions()) == 1
    later(days=33)
    opened.sign_up(ANNA)
    assert len(opened.questions()) == 2


@pytest.mark.usefixtures("within_the_hour")
def test_retention_does_not_forget_that_letter_too_soon(site, later):
    opened = site()
    suppress(opened, SuppressionKind.HARD_BOUNCE)
    opened.sign_up(ANNA)
    later(days=20)
    with opened.store.write() as tx:
        tx.attempt_limits.delete_before(clock.now() - timedelta(days=2))
    opened.sign_up(ANNA)
    assert len(opened.questions()) == 1
    with opened.store.write() as tx:
        assert tx.attempt_limits.delete_before(clock.now() + timedelta(days=40)) > 0


@pytest.mark.parametrize("kind", [SuppressionKind.COMPLAINT, SuppressionKind.OPERATOR])
@pytest.mark.parametrize("confirm", [True, False])
def test_after_a_complaint_or_by_the_operator_it_stays_for_ever(site, kind, confirm):
    opened = site(signup={"confirm": confirm})
    suppress(opened, kind)
    known = opened.sign_up(ANNA).text
    assert known == opened.sign_up("stranger@example.org").text
    assert ANNA not in [letter.to for letter in opened.letters()]
    assert suppression(opened).kind is kind


def test_a_letter_that_is_on_its_way_does_not_lift_a_complaint(site):
    opened = site()
    suppress(opened, SuppressionKind.HARD_BOUNCE)
    opened.sign_up(ANNA)
    with opened.store.write() as tx:
        cause = by_test(clock.now())
        tx.subscribers.suppress(ANNA, "spam", kind=SuppressionKind.COMPLAINT, cause=cause)
    opened.client.post(opened.link())
    assert suppression(opened).kind is SuppressionKind.COMPLAINT


def test_without_confirmation_an_address_that_bounced_is_asked_all_the_same(site):
    opened = site(signup={"confirm": False})
    suppress(opened, SuppressionKind.SOFT_BOUNCES, subscribed=False)
    opened.sign_up(ANNA)
    assert opened.states() == {"breaking": "pending"}
    opened.client.post(opened.link())
    assert (suppression(opened), opened.states()) == (None, {"breaking": "confirmed"})


@pytest.mark.parametrize("kind", list(SuppressionKind))
def test_no_import_subscribes_an_address_that_is_suppressed(sqlite_store, kind):
    with sqlite_store.write() as tx:
        cause = by_test(clock.now())
        tx.subscribers.suppress(ANNA, "550", kind=kind, cause=cause)
        outcome = tx.subscribers.subscribe(ANNA, "breaking", cause=cause)
        assert outcome is SubscribeOutcome.SUPPRESSED
