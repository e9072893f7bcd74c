"""Complaints: a newsletter whose mail too many readers call spam waits for a person."""

from datetime import timedelta

from syndicate.language import translator
from syndicate.model.articles import Correction
from syndicate.model.editions import EditionKind, EditionState
from syndicate.model.feedback import FeedbackKind
from syndicate.model.findings import translate_findings
from syndicate.schedule.agenda import load_agenda
from syndicate.schedule.explanation import explain_edition
from syndicate.schedule.wiring import ManualSend
from tests.causes import by_test
from tests.feedback_records import report
from tests.schedule.conftest import MINUTE, NOW

SLOT = 10 * MINUTE
DAY = timedelta(days=1)
READERS = [f"r{number}@example.org" for number in range(6)]
FINDING = "readers called 5 of 6 recent messages of breaking spam"


def send_first(harness):
    """Send an edition to six readers."""
    harness.subscribe(*READERS)
    harness.file("ferry")
    [fire] = harness.tick().fires
    assert fire.reason == "edition 1, 1 article"


def complain(harness, count, *, edition=1, at=NOW):
    with harness.store.write() as tx:
        readers = [delivery.subscriber for delivery in tx.deliveries.by_edition(edition)]
        for reader in readers[:count]:
            tx.feedback.add(report(edition, reader, FeedbackKind.COMPLAINT, at=at))


def edition(harness, key):
    with harness.store.read() as tx:
        return tx.editions.get(key), tx.waiting.find(key)


def test_with_five_complaints_the_next_edition_waits_and_goes_when_a_person_approves(harness):
    send_first(harness)
    complain(harness, 5)
    harness.file("tram", at=NOW + SLOT)
    [fire] = harness.tick(NOW + SLOT).fires
    assert fire.reason == f"edition 2, 1 article; it waits, since {FINDING}"
    stored, waiting = edition(harness, 2)
    assert stored.state is EditionState.WAITING
    assert waiting.terms.findings == (FINDING,)
    assert waiting.terms.approve_by is not None
    harness.tick(NOW + SLOT + MINUTE)
    assert len(harness.mail()) == 6, "it waits"
    harness.services.release.approve(2, by_test(NOW + SLOT + MINUTE))
    harness.tick(NOW + SLOT + MINUTE)
    assert len(harness.mail()) == 12


def test_four_complaints_are_too_few_to_make_it_wait(harness):
    send_first(harness)
    complain(harness, 4)
    harness.file("tram", at=NOW + SLOT)
    [fire] = harness.tick(NOW + SLOT).fires
    assert fire.reason == "edition 2, 1 article"
    assert len(harness.mail()) == 12


def test_the_share_is_that_of_the_configuration(make_harness):
    harness = make_harness(bounces={"complaints_wait": 0.9})
    send_first(harness)
    complain(harness, 5)
    harness.file("tram", at=NOW + SLOT)
    [fire] = harness.tick(NOW + SLOT).fires
    assert fire.reason == "edition 2, 1 article"


def test_complaints_about_one_newsletter_leave_the_others_alone(make_harness):
    newsletters = [{"name": "breaking"}, {"name": "city"}]
    harness = make_harness(newsletters=newsletters)
    send_first(harness)
    harness.subscribe(*READERS, newsletter="city")
    complain(harness, 5)
    order = ManualSend(newsletter=harness.config.newsletter("city"), slugs=["ferry"])
    sent, _ = harness.services.send(order, at=NOW + MINUTE)
    assert sent.state is EditionState.SENDING


def test_what_is_sent_by_hand_waits_as_well(make_harness):
    harness = make_harness()
    send_first(harness)
    complain(harness, 5)
    order = ManualSend(newsletter=harness.config.newsletter("breaking"), slugs=["ferry"])
    sent, _ = harness.services.send(order, at=NOW + MINUTE)
    _, waiting = edition(harness, sent.key)
    assert waiting.terms.findings == (FINDING,)


def test_one_that_is_composed_again_waits_as_before(make_harness):
    harness = make_harness()
    send_first(harness)
    complain(harness, 5)
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    harness.file("tram", title="The tram", at=NOW + SLOT + MINUTE)
    harness.services.publish(NOW + SLOT + MINUTE)
    [done] = harness.services.settle(NOW + SLOT + MINUTE)
    assert done.startswith("edition 3 takes the place of edition 2")
    assert edition(harness, 3)[1].terms.findings == (FINDING,)


def test_mail_under_way_is_replaced_at_once_whatever_readers_complain_about(make_harness):
    """Else a mistake would go on to those who have no copy yet."""
    harness = make_harness()
    send_first(harness)
    complain(harness, 5)
    with harness.store.write() as tx:
        tx._connection.exec_driver_sql(
            "UPDATE deliveries SET state = 'queued' WHERE subscriber = 6"
        )
    harness.file("ferry", title="Ferry, corrected", at=NOW + MINUTE)
    successor, left, _ = harness.services.replace(1, (), by_test(NOW + MINUTE))
    assert (successor.state, left.held_back) == (EditionState.SENDING, 1)


def test_a_correction_waits_for_a_person_anyway_and_says_nothing_of_complaints(make_harness):
    harness = make_harness(newsletters=[{"name": "breaking", "corrections": "send"}])
    send_first(harness)
    complain(harness, 5)
    sank = Correction(at=NOW, text="The ferry had 40 people on board, not 400.")
    harness.file("ferry", corrections=[sank], at=NOW + MINUTE)
    harness.tick(NOW + MINUTE)
    corrected, waiting = edition(harness, 2)
    assert corrected.kind is EditionKind.CORRECTION
    assert waiting.terms.findings == ()
    sunday = Correction(at=NOW, text="It sank on Sunday, not on Monday.")
    harness.file("ferry", corrections=[sank, sunday], at=NOW + 2 * MINUTE)
    harness.tick(NOW + 2 * MINUTE)
    again, waiting = edition(harness, 3)
    assert (again.kind, waiting.terms.findings) == (EditionKind.CORRECTION, ())


def test_a_week_later_the_newest_edition_is_judged(make_harness):
    harness = make_harness()
    send_first(harness)
    complain(harness, 5)
    later = NOW + 30 * DAY
    harness.file("tram", at=later)
    [*_, fire] = harness.tick(later).fires
    assert fire.reason.endswith(FINDING), "nothing newer says that readers like it now"
    harness.services.release.approve(2, by_test(later))
    harness.tick(later)
    harness.file("harbour", at=later + SLOT)
    [fire] = harness.tick(later + SLOT).fires
    assert fire.reason == "edition 3, 1 article"


def test_explain_and_agenda_say_beforehand_why_it_will_wait(make_harness):
    harness = make_harness()
    send_first(harness)
    [schedule] = harness.config.schedules
    harness.file("tram", at=NOW + MINUTE)

    def explained():
        at = NOW + MINUTE
        return explain_edition(harness.store, harness.config, schedule, at=None, now=at)

    def agenda():
        return load_agenda(harness.store, harness.config, at=NOW + MINUTE, days=1)

    assert explained().terms is None
    assert agenda().complaints == {}
    complain(harness, 5)
    assert explained().terms.findings == (FINDING,)
    assert explained().terms.approve_by is not None
    assert agenda().complaints == {"breaking": FINDING}


def test_reviewers_read_it_in_the_language_of_the_publication(make_harness):
    harness = make_harness()
    send_first(harness)
    complain(harness, 5)
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    findings = edition(harness, 2)[1].terms.findings
    assert translate_findings(findings, translator("de")) == [
        "Leser haben 5 von zuletzt 6 Nachrichten von „breaking“ als Spam gemeldet"
    ]
