"""What is too old, or about an address or a reader that is gone, changes nothing and says so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate.feedback.effects import RecordOutcome, name
from syndicate.model.deliveries import DeliveryState
from syndicate.model.feedback import DeliveryReference, FeedbackKind
from tests.causes import by_reader, by_test
from tests.feedback.reported import ANNA, DAY, HOUR, NOW, Newsroom

MINUTE = timedelta(minutes=1)
HARD, COMPLAINT = FeedbackKind.HARD_BOUNCE, FeedbackKind.COMPLAINT


def has_no_effect(newsroom, edition, reader, kind=HARD, *, at=NOW):
    """Record feedback that changes nothing; return why."""
    before = newsroom.history(reader)
    done = newsroom.record(newsroom.bounce(edition, reader, kind), at=at)
    assert done.outcome is RecordOutcome.WITHOUT_EFFECT
    assert newsroom.history(reader) == before
    about, why = done.sentence.split(": ")
    assert about == f"{name(kind, edition)} to reader {reader} changes nothing"
    return why


@pytest.mark.parametrize(
    ("kind", "days", "limit"),
    [(HARD, 31, "30 d"), (HARD, 3 * 365, "30 d"), (COMPLAINT, 181, "180 d")],
)
def test_what_comes_too_late_is_kept_and_changes_nothing(newsroom, kind, days, limit):
    anna = newsroom.subscribe(at=NOW - 2000 * DAY)
    edition = newsroom.send(NOW - days * DAY)
    why = has_no_effect(newsroom, edition, anna, kind)
    assert why == f"that message was accepted more than {limit} ago"
    assert newsroom.kinds(edition, anna) == [kind]


def test_a_complaint_counts_for_longer_than_a_bounce(newsroom):
    anna = newsroom.subscribe(at=NOW - 200 * DAY)
    edition = newsroom.send(NOW - 100 * DAY)
    done = newsroom.record(newsroom.bounce(edition, anna, COMPLAINT))
    assert done.outcome is RecordOutcome.RECORDED
    assert newsroom.suppressed() == "complaint"


def test_where_changes_are_forgotten_sooner_reports_count_for_less_long(store, publication):
    newsroom = Newsroom(store, publication(retention={"events": "60d"}))
    anna = newsroom.subscribe()
    edition = newsroom.send(NOW - 61 * DAY)
    assert "more than 60 d ago" in has_no_effect(newsroom, edition, anna, COMPLAINT)


def test_a_reader_who_moved_is_not_blamed_for_the_old_address(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    with newsroom.store.write() as tx:
        new = tx.subscribers.add_pending("anna@new.example", (), cause=by_reader("form", NOW))
        tx.subscribers.change_address(anna, new, cause=by_reader("letters", NOW - MINUTE))
    why = has_no_effect(newsroom, edition, anna)
    assert why == "it is about an address that the reader no longer has"
    with newsroom.store.read() as tx:
        (record,) = tx.feedback.by_delivery(edition, anna)
    assert record.domain == "example.org"


def test_nor_is_a_person_who_was_made_of_two(newsroom):
    old, new = newsroom.subscribe("old@example.org"), newsroom.subscribe("new@example.org")
    edition = newsroom.send()
    with newsroom.store.write() as tx:
        tx.subscribers.merge(old, new, cause=by_test(NOW - MINUTE))
    has_no_effect(newsroom, edition, old)
    assert newsroom.suppressed("new@example.org") is None
    done = newsroom.record(newsroom.bounce(edition, new))
    assert done.outcome is RecordOutcome.RECORDED
    assert newsroom.suppressed("new@example.org") == "hard bounce"


def test_of_an_erased_reader_numbers_alone_are_kept(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    with newsroom.store.write() as tx:
        tx.erasures.erase(anna, cause=by_test(NOW - MINUTE))
    assert has_no_effect(newsroom, edition, anna) == "the reader was erased"
    with newsroom.store.read() as tx:
        (record,) = tx.feedback.by_delivery(edition, anna)
        assert tx.subscribers.suppression(ANNA) is None
    assert (record.text, record.host, record.domain, record.status) == ("", "", "", "5.1.1")


def test_an_edition_of_which_the_store_knows_nothing_changes_nothing(newsroom):
    anna = newsroom.subscribe()
    done = newsroom.record(newsroom.bounce(4711, anna))
    assert done.outcome is RecordOutcome.WITHOUT_EFFECT
    assert newsroom.kinds(4711, anna) == []
    edition = newsroom.send()
    late = newsroom.subscribe("late@example.org", at=NOW)
    assert has_no_effect(newsroom, edition, late) == "the store has no such delivery"


def test_a_bounce_of_what_was_never_sent_is_for_a_person(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.freeze()
    done = newsroom.record(newsroom.bounce(edition, anna))
    assert (done.outcome, done.needs_person) == (RecordOutcome.UNDECIDED, True)
    assert newsroom.kinds(edition, anna) == []
    with newsroom.store.write() as tx:
        tx.control.cancel(edition, by_test(NOW))
    newsroom.store.sweep(NOW)
    has_no_effect(newsroom, edition, anna)


def test_what_was_sent_before_its_edition_was_cancelled_counts(newsroom):
    anna, bo = newsroom.subscribe(), newsroom.subscribe("bo@example.org")
    edition = newsroom.send(to=1)
    with newsroom.store.write() as tx:
        tx.control.cancel(edition, by_test(NOW))
    newsroom.store.sweep(NOW)
    assert newsroom.record(newsroom.bounce(edition, anna)).outcome is RecordOutcome.RECORDED
    has_no_effect(newsroom, edition, bo)


def test_a_bounce_may_be_faster_than_the_ledger(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send(state=DeliveryState.SENDING)
    done = newsroom.record(newsroom.bounce(edition, anna))
    assert done.outcome is RecordOutcome.RECORDED
    assert newsroom.suppressed() == "hard bounce"
    assert newsroom.state(edition, anna) == "sending"


def test_what_an_operator_put_right_no_older_bounce_undoes(newsroom):
    anna = newsroom.subscribe()
    first, second = newsroom.send(NOW - 2 * HOUR), newsroom.send(NOW - HOUR)
    newsroom.record(newsroom.bounce(first, anna), at=NOW - HOUR / 2)
    with newsroom.store.write() as tx:
        cause = replace(by_test(NOW - MINUTE), why="their server was broken")
        assert tx.subscribers.unsuppress(ANNA, cause=cause)
    assert newsroom.history(anna)[-1][3] == "their server was broken"
    assert has_no_effect(newsroom, second, anna) == "the address was put right after that message"
    third = newsroom.send(NOW + MINUTE)
    newsroom.record(newsroom.bounce(third, anna), at=NOW + HOUR)
    assert newsroom.suppressed() == "hard bounce"


def test_a_reader_who_confirmed_a_letter_since_can_be_reached_but_may_still_complain(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    with newsroom.store.write() as tx:
        tx.subscribers.confirm(anna, ["culture"], cause=by_reader("button", NOW - MINUTE))
    has_no_effect(newsroom, edition, anna)
    newsroom.record(newsroom.bounce(edition, anna, COMPLAINT))
    assert newsroom.newsletters() == {"breaking": "left", "culture": "confirmed"}
    assert newsroom.suppressed() == "complaint"


def test_times_that_a_report_invents_are_not_believed(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send(NOW - HOUR)
    for kind, at, stored in ((HARD, NOW + DAY, NOW), (COMPLAINT, NOW - 9 * DAY, NOW - HOUR)):
        done = newsroom.record(newsroom.bounce(edition, anna, kind, at=at))
        assert done.record.at == stored


def test_what_a_server_says_is_stored_in_one_line_of_bounded_length(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    wild = {"text": "a\0b\n\x1b[31m\ud800" + "x" * 9000, "host": "h" * 999, "status": "5" * 99}
    done = newsroom.record(newsroom.bounce(edition, anna, code=99999, **wild))
    record = done.record
    assert record.text.isprintable()
    assert (len(record.text), len(record.host), record.status, record.code) == (500, 255, "", 0)


def test_an_event_of_a_provider_counts_once_by_its_id(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    reference = DeliveryReference(message_ids=(newsroom.links.message_id(edition, anna, "x"),))
    event = newsroom.bounce(edition, anna, reference=reference, event_id="e-1")
    assert newsroom.record(event, source="hook ses").outcome is RecordOutcome.RECORDED
    other = replace(event, kind=COMPLAINT)
    assert newsroom.record(other, source="hook ses").outcome is RecordOutcome.REPEATED
    assert newsroom.record(other, source="hook other").outcome is RecordOutcome.RECORDED
