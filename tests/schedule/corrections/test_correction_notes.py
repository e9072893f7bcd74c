"""A note in the next edition says what was wrong in an earlier one, once."""

from datetime import timedelta

import pytest

from syndicate.errors import Refused
from syndicate.model.articles import Correction
from syndicate.schedule.wiring import ManualSend
from tests.schedule.conftest import MINUTE, NOW
from tests.schedule.corrections.newsroom import (
    ADA,
    NOTE,
    SANK,
    SLOT,
    SUNDAY,
    approve,
    by_editor,
    correct,
    editions,
    plain,
)


@pytest.mark.sql
def test_the_next_edition_notes_a_correction_once(newsroom):
    harness = newsroom(readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    assert len(harness.mail()) == 1
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    assert NOTE in plain(harness, "Tram")
    harness.file("dam", at=NOW + 2 * SLOT)
    harness.tick(NOW + 2 * SLOT)
    assert "Correction" not in plain(harness, "Dam")
    correct(harness, SANK, SUNDAY, at=NOW + 2 * SLOT)
    harness.file("pier", at=NOW + 3 * SLOT)
    harness.tick(NOW + 3 * SLOT)
    again = plain(harness, "Pier")
    assert SUNDAY.text in again
    assert SANK.text not in again


def test_a_note_is_in_the_html_too_and_escaped(newsroom):
    harness = newsroom(readers=(ADA,))
    harness.file("ferry", title="Ferry <b> & tram")
    harness.tick()
    correct(harness, Correction(at=NOW, text="<40> people."), title="Ferry <b> & tram")
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    with harness.store.read() as tx:
        content = tx.editions.content(tx.editions.get(2).content)
    assert (
        ">Ferry &lt;b&gt; &amp; tram</a>” (November 24, 2026): &lt;40&gt; people." in content.html
    )


@pytest.mark.parametrize(("mode", "newsletter"), [("next", "briefing"), ("none", "breaking")])
def test_a_newsletter_that_did_not_carry_it_or_wants_none_has_no_note(newsroom, mode, newsletter):
    harness = newsroom(mode, readers=())
    harness.subscribe(ADA, newsletter=newsletter)
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.file("tram", at=NOW + SLOT)
    harness.services.publish(NOW + SLOT)
    order = ManualSend(newsletter=harness.config.newsletter(newsletter), slugs=["tram"])
    harness.services.send(order, at=NOW + SLOT)
    assert "Correction" not in plain(harness, "Tram")


def test_what_was_corrected_before_an_edition_carried_it_is_no_news(newsroom):
    harness = newsroom(readers=(ADA,))
    correct(harness, SANK, at=NOW)
    harness.tick()
    assert SANK.text in plain(harness, "Ferry")
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    assert "Correction" not in plain(harness, "Tram")


def test_a_rejected_edition_has_noted_nothing_and_one_that_waits_is_composed_again(newsroom):
    harness = newsroom(readers=(ADA,), approve=True)
    harness.file("ferry")
    harness.tick()
    approve(harness, 1, NOW)
    correct(harness, SANK)
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    correct(harness, SANK, SUNDAY, at=NOW + SLOT + MINUTE)
    with pytest.raises(Refused, match="takes the place of edition 2"):
        harness.services.release.approve(2, by_editor(NOW + SLOT + MINUTE))
    harness.services.release.reject(3, by_editor(NOW + SLOT + MINUTE))
    harness.tick(NOW + 2 * SLOT)
    [waiting] = [key for key, (_, state) in editions(harness).items() if state == "waiting"]
    approve(harness, waiting, NOW + 2 * SLOT)
    text = plain(harness, "Tram")
    assert SANK.text in text
    assert SUNDAY.text in text


def test_a_correction_that_is_rejected_is_noted_in_the_next_edition_and_not_composed_again(
    newsroom,
):
    harness = newsroom("send", readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    rejected = harness.services.release.reject(2, by_editor(NOW + 2 * MINUTE))
    assert rejected == "edition 2 is rejected; nobody gets the correction as a mail of its own"
    assert harness.tick(NOW + 3 * MINUTE).released == ()
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    assert NOTE in plain(harness, "Tram")


def test_what_was_noted_is_not_mailed_when_the_setting_changes(newsroom):
    harness = newsroom("next", readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    harness = newsroom("send", readers=())
    assert harness.tick(NOW + SLOT + MINUTE).released == ()
    correct(harness, SANK, SUNDAY, at=NOW + SLOT + 2 * MINUTE)
    assert len(harness.tick(NOW + SLOT + 2 * MINUTE).released) == 1


def test_a_copy_older_than_a_week_gets_a_note_in_the_next_edition(newsroom):
    harness = newsroom("send", readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    late = NOW + timedelta(days=8)
    correct(harness, SANK, at=late)
    assert harness.tick(late).released == ()
    assert list(editions(harness)) == [1]
    harness.file("tram", at=late + SLOT)
    harness.tick(late + SLOT)
    assert NOTE in plain(harness, "Tram")
