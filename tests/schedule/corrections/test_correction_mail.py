"""A mail of its own: once approved, it goes to exactly those who had the story wrong."""

from datetime import timedelta

import pytest

from syndicate.errors import Refused
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from tests.schedule.conftest import MINUTE, NOW
from tests.schedule.corrections.newsroom import (
    ADA,
    BO,
    CY,
    DI,
    SANK,
    SLOT,
    SUNDAY,
    approve,
    audience,
    by_editor,
    correct,
    editions,
    plain,
    set_state,
)


@pytest.mark.sql
def test_a_correction_waits_for_a_person_and_goes_to_exactly_those_who_had_it_wrong(newsroom):
    harness = newsroom("send", readers=(ADA, BO, CY, DI))
    harness.file("ferry")
    harness.tick()
    for reader, state in ((BO, DeliveryState.UNKNOWN), (CY, DeliveryState.FAILED)):
        set_state(harness, 1, reader, state)
    correct(harness, SANK)
    released = harness.tick(NOW + MINUTE).released
    assert released == (
        "edition 2 corrects it for 3 readers of breaking, and waits for `syndicate approve 2`",
    )
    assert editions(harness)[2] == ("correction", "waiting")
    assert harness.tick(NOW + 2 * MINUTE).released == ()
    harness.subscribe("new@example.org")
    with harness.store.write() as tx:
        di = tx.subscribers.by_email(DI)
        tx.subscribers.unsubscribe(di.key, "breaking", cause=by_editor())
    approve(harness, 2, NOW + 3 * MINUTE)
    assert audience(harness, 2) == [ADA, BO]
    corrected = [to for to, subject in harness.mail() if subject == "Correction: Ferry"]
    assert sorted(corrected) == [ADA, BO]
    assert harness.tick(NOW + SLOT).released == ()
    assert len(editions(harness)) == 2


def test_it_says_what_was_wrong_and_has_the_whole_story(newsroom):
    harness = newsroom("send", readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK, body="<p>All 40 are safe.</p>")
    harness.tick(NOW + MINUTE)
    approve(harness, 2, NOW + MINUTE)
    text = plain(harness, "Correction: Ferry")
    assert "We sent you an earlier version of this story. This is the corrected one." in text
    assert text.count(SANK.text) == 1
    assert "All 40 are safe." in text


@pytest.mark.sql
def test_a_reader_of_two_newsletters_gets_one(newsroom):
    harness = newsroom("send", readers=(ADA, BO), briefing=True)
    harness.subscribe(BO, CY, newsletter="briefing")
    harness.file("ferry")
    harness.tick()
    assert len(harness.mail()) == 4
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    assert editions(harness)[3] == editions(harness)[4] == ("correction", "waiting")
    approve(harness, 3, NOW + MINUTE)
    approve(harness, 4, NOW + 2 * MINUTE)
    assert audience(harness, 3) == [ADA, BO]
    assert audience(harness, 4) == [CY]


@pytest.mark.sql
def test_a_second_correction_goes_once_to_all_who_lack_it(newsroom):
    harness = newsroom("send")
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    approve(harness, 2, NOW + MINUTE)
    correct(harness, SANK, SUNDAY, at=NOW + 2 * MINUTE)
    harness.tick(NOW + 2 * MINUTE)
    approve(harness, 3, NOW + 2 * MINUTE)
    assert audience(harness, 3) == [ADA, BO]
    mailed = [pair for pair in harness.mail() if pair[1] == "Correction: Ferry"]
    assert sorted(to for to, _ in mailed) == [ADA, ADA, BO, BO]
    correct(harness, SANK, SUNDAY, at=NOW + 3 * MINUTE, body="<p>Only a comma.</p>")
    assert harness.tick(NOW + 3 * MINUTE).released == ()


def test_a_second_correction_while_the_first_waits_takes_its_place(newsroom):
    harness = newsroom("send", readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    correct(harness, SANK, SUNDAY, at=NOW + 2 * MINUTE)
    with pytest.raises(Refused, match="edition 3 takes the place of edition 2"):
        harness.services.release.approve(2, by_editor(NOW + 2 * MINUTE))
    harness.tick(NOW + 2 * MINUTE)
    assert editions(harness) == {
        3: ("correction", "waiting"),
        2: ("correction", "rejected"),
        1: ("alert", "sending"),
    }
    approve(harness, 3, NOW + 3 * MINUTE)
    text = plain(harness, "Correction: Ferry")
    assert SANK.text in text
    assert SUNDAY.text in text


def test_it_waits_over_a_night_for_its_approval(newsroom):
    harness = newsroom("send", readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    assert harness.tick(NOW + timedelta(hours=24)).released == ()
    [report] = harness.tick(NOW + MINUTE + timedelta(hours=24)).released
    assert report == "edition 2 is rejected: nobody had approved it by 12:01 UTC"


@pytest.mark.sql
def test_a_correction_is_released_when_it_is_known_who_has_the_wrong_copy(newsroom):
    harness = newsroom("send")
    harness.file("ferry")
    harness.tick()
    set_state(harness, 1, BO, DeliveryState.SENDING)
    correct(harness, SANK)
    services = harness.services
    assert services.settle(NOW + MINUTE)[0] == (
        "edition 1: 2 had left, 0 get the corrected one (edition 2)"
    )
    assert "isn't sent yet" in services.release.approve(3, by_editor(NOW + MINUTE))
    assert services.settle(NOW + MINUTE) == []
    set_state(harness, 1, BO, DeliveryState.DEFERRED)
    harness.store.sweep(NOW + MINUTE)
    [report] = services.settle(NOW + 2 * MINUTE)
    assert report == "edition 3 is released to 1 reader: by an editor"
    assert (audience(harness, 2), audience(harness, 3)) == ([BO], [ADA])


@pytest.mark.sql
def test_a_correction_is_sent_again_to_none_who_has_it_from_another_newsletter(newsroom):
    harness = newsroom("send", readers=(ADA, BO), briefing=True)
    harness.subscribe(ADA, newsletter="briefing")
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    approve(harness, 3, NOW + MINUTE)
    for reader in (ADA, BO):
        set_state(harness, 3, reader, DeliveryState.FAILED)
    approve(harness, 4, NOW + 2 * MINUTE)
    assert audience(harness, 4) == [ADA]
    again, *_ = harness.services.resend(3, by_editor(NOW + 3 * MINUTE))
    assert again.kind is EditionKind.CORRECTION
    assert audience(harness, again.key) == [BO]


def test_the_wrong_edition_is_not_sent_again(newsroom):
    harness = newsroom("send")
    harness.file("ferry")
    harness.tick()
    set_state(harness, 1, BO, DeliveryState.FAILED)
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    with pytest.raises(Refused, match="corrected or retracted since: ferry"):
        harness.services.resend(1, by_editor(NOW + 2 * MINUTE))


def test_an_edition_is_never_frozen_with_a_revision_that_is_no_longer_the_newest(newsroom):
    harness = newsroom()
    harness.file("ferry")
    harness.services.publish(NOW)
    services = harness.services
    newsletter = harness.config.newsletter("breaking")
    proposal = services.composer.propose_articles(newsletter, ["ferry"], at=NOW)
    correct(harness, SANK)
    with harness.store.write() as tx:
        assert not services.composer.is_current(tx, proposal)


@pytest.mark.sql
def test_a_correction_by_hand_needs_no_setting_and_counts_each_reader_once(newsroom):
    harness = newsroom("none", readers=(ADA, BO), briefing=True)
    harness.subscribe(BO, CY, newsletter="briefing")
    harness.file("ferry")
    harness.tick()
    harness.file("ferry", at=NOW + MINUTE, body="<p>All 40 are safe.</p>")
    assert harness.tick(NOW + MINUTE).released == ()
    report, _ = harness.services.correct("ferry", by_editor(NOW + MINUTE))
    assert report.readers == 3
    assert [(one.edition, one.readers) for one in report.editions] == [(3, 2), (4, 2)]
    again, _ = harness.services.correct("ferry", by_editor(NOW + MINUTE))
    assert again == report
    approve(harness, 4, NOW + 2 * MINUTE)
    approve(harness, 3, NOW + 2 * MINUTE)
    assert (audience(harness, 4), audience(harness, 3)) == ([BO, CY], [ADA])
    with pytest.raises(Refused, match="nobody is left who got another version of ferry"):
        harness.services.correct("ferry", by_editor(NOW + 3 * MINUTE))


def test_what_changed_after_its_correction_can_be_mailed_again_by_hand(newsroom):
    harness = newsroom("send", readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    approve(harness, 2, NOW + MINUTE)
    correct(harness, SANK, body="<p>Another text.</p>", at=NOW + 2 * MINUTE)
    assert harness.tick(NOW + 2 * MINUTE).released == ()
    report, _ = harness.services.correct("ferry", by_editor(NOW + 2 * MINUTE))
    assert (report.readers, report.editions[0].edition) == (1, 3)
