"""What follows from feedback: soft bounces add up, complaints end it all, arrivals settle doubts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate.config.sections.mail import MailSettings
from syndicate.deliver.loop.ledger import Ledger
from syndicate.deliver.loop.maintenance import Maintenance
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.feedback.effects import RecordOutcome
from syndicate.model.deliveries import DeliveryState
from syndicate.model.feedback import DeliveryReference, FeedbackKind
from syndicate.model.subscribers import SuppressionKind
from tests.causes import by_reader, by_test
from tests.feedback.reported import ANNA, DAY, HOUR, NOW, Newsroom
from tests.store.audience.samples import LETTER

pytestmark = pytest.mark.sql
MINUTE = timedelta(minutes=1)
SOFT, HARD = FeedbackKind.SOFT_BOUNCE, FeedbackKind.HARD_BOUNCE


def soft_bounces(newsroom, reader, *days_ago):
    """Send an edition on each of these days before now, and let it bounce within the hour."""
    for days in days_ago:
        at = NOW - days * DAY
        edition = newsroom.send(at - HOUR)
        newsroom.record(newsroom.bounce(edition, reader, SOFT), at=at)


def test_soft_bounces_of_more_than_a_month_do_not_add_up(newsroom):
    anna = newsroom.subscribe()
    soft_bounces(newsroom, anna, 31, 5, 0)
    assert newsroom.suppressed() is None


def test_a_message_that_did_not_bounce_for_two_weeks_clears_those_before(newsroom):
    anna = newsroom.subscribe()
    soft_bounces(newsroom, anna, 28, 27)
    newsroom.send(NOW - 20 * DAY)
    soft_bounces(newsroom, anna, 0)
    assert newsroom.suppressed() is None
    soft_bounces(newsroom, anna, -1, -2)
    assert newsroom.suppressed() == "soft bounces"


def test_a_message_of_the_last_days_clears_nothing_yet_for_it_may_still_bounce(newsroom):
    anna = newsroom.subscribe()
    soft_bounces(newsroom, anna, 15, 14)
    newsroom.send(NOW - 13 * DAY)
    soft_bounces(newsroom, anna, 0)
    assert newsroom.suppressed() == "soft bounces"


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.UNKNOWN])
def test_only_what_was_accepted_clears(newsroom, state):
    anna = newsroom.subscribe()
    soft_bounces(newsroom, anna, 28, 27)
    newsroom.send(NOW - 20 * DAY, state=state)
    soft_bounces(newsroom, anna, 0)
    assert newsroom.suppressed() == "soft bounces"


def test_one_mailing_alone_suppresses_nobody_softly(store, publication):
    newsroom = Newsroom(store, publication(bounces={"soft": 1}))
    anna = newsroom.subscribe()
    soft_bounces(newsroom, anna, 1)
    assert newsroom.suppressed() is None
    soft_bounces(newsroom, anna, 0)
    assert newsroom.suppressed() == "soft bounces"


def test_soft_bounces_count_from_zero_once_an_operator_put_it_right(newsroom):
    anna = newsroom.subscribe()
    soft_bounces(newsroom, anna, 9, 8, 7)
    with newsroom.store.write() as tx:
        assert tx.subscribers.unsuppress(ANNA, cause=by_test(NOW - 6 * DAY))
    soft_bounces(newsroom, anna, 5, 4)
    assert newsroom.suppressed() is None
    soft_bounces(newsroom, anna, 3)
    assert newsroom.suppressed() == "soft bounces"


def test_those_of_an_address_that_the_reader_left_do_not_count_against_the_new_one(newsroom):
    anna = newsroom.subscribe()
    soft_bounces(newsroom, anna, 9, 8)
    with newsroom.store.write() as tx:
        new = tx.subscribers.add_pending("anna@new.example", (), cause=by_reader("form", NOW))
        tx.subscribers.change_address(anna, new, cause=by_reader("letters", NOW - 7 * DAY))
    soft_bounces(newsroom, anna, 6)
    assert newsroom.suppressed("anna@new.example") is None


def test_a_complaint_takes_the_place_of_a_bounce_and_a_bounce_never_that_of_a_complaint(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    newsroom.record(newsroom.bounce(edition, anna))
    newsroom.record(newsroom.bounce(edition, anna, FeedbackKind.COMPLAINT))
    assert newsroom.suppressed() == "complaint"
    newsroom.record(newsroom.bounce(newsroom.send(), anna))
    with newsroom.store.write() as tx:
        assert not tx.subscribers.suppress(
            ANNA, "550", kind=SuppressionKind.HARD_BOUNCE, cause=by_test(NOW)
        )
        assert not tx.subscribers.suppress(ANNA, "by me", cause=by_test(NOW))
    assert newsroom.suppressed() == "complaint"


def test_that_it_arrived_settles_an_unknown_delivery_and_no_other(newsroom):
    newsroom.subscribe()
    anna = newsroom.subscribe("bo@example.org")
    states = {
        state: newsroom.send(state=state)
        for state in (
            DeliveryState.UNKNOWN,
            DeliveryState.FAILED,
            DeliveryState.SENDING,
            DeliveryState.ACCEPTED,
        )
    }
    for edition in states.values():
        arrived = newsroom.bounce(edition, anna, FeedbackKind.DELIVERED, code=250, text="OK")
        assert newsroom.record(arrived, source="hook ses").outcome is RecordOutcome.RECORDED
    after = {state: newsroom.state(edition, anna) for state, edition in states.items()}
    assert after.pop(DeliveryState.UNKNOWN) == "accepted"
    assert after == {state: state.value for state in after}
    with newsroom.store.read() as tx:
        settled = tx.deliveries.find(states[DeliveryState.UNKNOWN], anna)
        assert settled.reply == "reported as delivered: 250 OK, by mx.example.org"
        assert tx.deliveries.totals(states[DeliveryState.UNKNOWN]).unknown == 1


def test_unsubscribing_by_mail_ends_that_one_subscription(newsroom):
    anna = newsroom.subscribe()
    with newsroom.store.write() as tx:
        tx.subscribers.subscribe(ANNA, "culture", cause=by_test(NOW - DAY))
    edition = newsroom.send(NOW - 3 * HOUR)
    asked = unsubscribed(newsroom, edition, anna)
    done = newsroom.record(asked)
    assert (
        done.sentence
        == f"wish to unsubscribe after edition {edition} to reader {anna}: they no longer get breaking"
    )
    assert newsroom.newsletters() == {"breaking": "left", "culture": "confirmed"}
    how = f"mail to unsubscribe, after edition {edition}, by imap"
    assert newsroom.history(anna)[-1] == ("left", "reader", how, "")
    assert newsroom.suppressed() is None


def unsubscribed(newsroom, edition, reader, **values):
    reference = DeliveryReference(tokens=(newsroom.links.unsubscribe_token(edition, reader),))
    return newsroom.bounce(
        edition, reader, FeedbackKind.UNSUBSCRIBED, reference=reference, host="", **values
    )


def test_an_old_wish_to_leave_does_not_end_a_subscription_that_is_newer(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send(NOW - 3 * HOUR)
    newsroom.record(unsubscribed(newsroom, edition, anna, at=NOW - 2 * HOUR), at=NOW - 2 * HOUR)
    with newsroom.store.write() as tx:
        tx.subscribers.confirm(anna, ["breaking"], cause=by_reader("button", NOW - HOUR))
    late = newsroom.record(unsubscribed(newsroom, edition, anna, at=NOW - 2 * HOUR))
    assert late.outcome is RecordOutcome.WITHOUT_EFFECT
    assert newsroom.newsletters() == {"breaking": "confirmed"}
    # but the same address in the mail works for ever, as the link does
    again = newsroom.record(unsubscribed(newsroom, edition, anna, at=NOW), at=NOW + 900 * DAY)
    assert again.outcome is RecordOutcome.RECORDED
    assert newsroom.newsletters() == {"breaking": "left"}


def test_who_moved_or_was_merged_can_still_unsubscribe_by_old_mail(newsroom):
    old, new = newsroom.subscribe("old@example.org"), newsroom.subscribe("new@example.org")
    edition = newsroom.send()
    with newsroom.store.write() as tx:
        tx.subscribers.merge(old, new, cause=by_test(NOW - MINUTE))
    newsroom.record(unsubscribed(newsroom, edition, old))
    assert newsroom.newsletters("new@example.org") == {"breaking": "left"}
    with newsroom.store.write() as tx:
        tx.erasures.erase(new, cause=by_test(NOW))
    gone = newsroom.record(unsubscribed(newsroom, edition, old))
    assert gone.outcome is RecordOutcome.WITHOUT_EFFECT


def test_a_letter_that_bounces_suppresses_its_address_and_its_complaint_too(newsroom):
    with newsroom.store.write() as tx:
        key = tx.subscribers.add_pending(ANNA, ["breaking"], cause=by_reader("form", NOW))
        letter = tx.editions.add_letter(LETTER, to=key, created_at=NOW - HOUR, expires_at=NOW + DAY)
    newsroom.deliver(letter, NOW - HOUR)
    newsroom.record(newsroom.bounce(letter, key))
    assert newsroom.suppressed() == "hard bounce"
    done = newsroom.record(newsroom.bounce(letter, key, FeedbackKind.COMPLAINT))
    assert done.sentence.endswith(
        f"complaint about edition {letter} to reader {key}: the address is suppressed"
    )
    assert newsroom.suppressed() == "complaint"
    assert newsroom.newsletters() == {"breaking": "pending"}


def test_a_soft_bounce_with_another_words_is_the_same_for_one_delivery(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    bounce = newsroom.bounce(edition, anna, SOFT)
    for number in range(5):
        newsroom.record(replace(bounce, text=f"full {number}"), source=f"hook {number}")
    assert newsroom.suppressed() is None
    assert newsroom.kinds(edition, anna) == ["soft bounce"]


def test_what_is_reported_while_a_sender_dies_shows_that_its_message_was_accepted(newsroom):
    for address in ("anna", "bo", "cy"):
        newsroom.subscribe(f"{address}@example.org")
    edition = newsroom.send(state=DeliveryState.SENDING)
    arrived = newsroom.bounce(edition, 1, FeedbackKind.DELIVERED)
    newsroom.record(arrived)
    newsroom.record(newsroom.bounce(edition, 2, SOFT))
    ledger = Ledger(newsroom.store, name="next", at=NOW, sending_lease=HOUR)
    relay = SmtpTransport(MailSettings(host="127.0.0.1").servers[0])
    upkeep = Maintenance(ledger, [relay], newsroom.config, newsroom.links)
    upkeep.run()
    assert upkeep.unknown == 1
    assert [newsroom.state(edition, reader) for reader in (1, 2, 3)] == [
        *("accepted", "accepted", "unknown")
    ]
