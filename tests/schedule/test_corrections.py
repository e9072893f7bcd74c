"""Corrections of what was mailed: a note in the next edition, a mail of its own, right copies."""

from datetime import timedelta

import pytest

from syndicate.deliver.outbox import Outbox
from syndicate.errors import Refused
from syndicate.model.articles import Correction, Status
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import EditionKind
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.wiring import ManualSend
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness

SLOT = timedelta(minutes=10)
ADA, BO, CY, DI = (f"{name}@example.org" for name in ("ada", "bo", "cy", "di"))
SANK = Correction(at=NOW, text="The ferry had 40 people on board, not 400.")
SUNDAY = Correction(at=NOW + MINUTE, text="It sank on Sunday, not on Monday.")
BRIEFING = {**BREAKING, "name": "briefing", "newsletter": "briefing"}
NOTE = "Correction: In “Ferry” (November 24, 2026): The ferry had 40 people on board, not 400."


def by_editor(at=NOW):
    return Cause(who=Actor.OPERATOR, how="by an editor", at=at)


@pytest.fixture
def newsroom(store, publication):
    """Make a publication of newsletters with this mode of corrections, and readers of the first."""

    def make(mode="next", *, readers=(ADA, BO), briefing=False, **schedule):
        names = ("breaking", "briefing")
        newsletters = [{"name": name, "corrections": mode} for name in names]
        schedules = [{**BREAKING, **schedule}, *[BRIEFING][:briefing]]
        harness = ScheduleHarness(store, publication(newsletters=newsletters, schedules=schedules))
        harness.subscribe(*readers)
        return harness

    return make


def correct(harness, *corrections, at=NOW + MINUTE, slug="ferry", **changes):
    return harness.file(slug, corrections=corrections, at=at, **changes)


def editions(harness):
    with harness.store.read() as tx:
        return {one.key: (one.kind.value, one.state.value) for one in tx.editions.all()}


def audience(harness, key):
    with harness.store.read() as tx:
        return sorted(row.email for row in tx.deliveries.by_edition(key))


def approve(harness, key, at):
    message = harness.services.release.approve(key, by_editor(at))
    harness.tick(at)
    return message


def plain(harness, subject):
    """The text of the only mail with a subject, as one line."""
    messages = Outbox.of(harness.config).messages()
    [one] = [kept for kept in messages if kept.subject == subject]
    return " ".join(one.text.split())


def set_state(harness, edition, reader, state):
    """Set what became of a delivery."""
    from sqlalchemy import update

    from syndicate.store.database.schema import deliveries

    with harness.store.write() as tx:
        key = tx.subscribers.by_email(reader).key
        row = deliveries.c.edition == edition, deliveries.c.subscriber == key
        tx._connection.execute(update(deliveries).where(*row).values(state=state))


# --- a note in the next edition


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


# --- a mail of its own


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


def test_it_waits_over_a_night_for_its_approval(newsroom):
    harness = newsroom("send", readers=(ADA,))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    harness.tick(NOW + MINUTE)
    assert harness.tick(NOW + timedelta(hours=24)).released == ()
    [report] = harness.tick(NOW + MINUTE + timedelta(hours=24)).released
    assert report == "edition 2 is rejected: nobody had approved it by 12:01 UTC"


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
def test_what_has_not_left_is_replaced_and_its_readers_get_no_correction(newsroom):
    harness = newsroom("send", readers=(ADA, BO, CY))
    harness.file("ferry")
    harness.services.publish(NOW)
    harness.services.dispatcher.fire_all(NOW)
    set_state(harness, 1, ADA, DeliveryState.ACCEPTED)
    correct(harness, SANK)
    services = harness.services
    services.publish(NOW + MINUTE)
    assert services.settle(NOW + MINUTE) == [
        "edition 1: 1 had left, 2 get the corrected one (edition 2)",
        "edition 3 corrects it for 1 reader of breaking, and waits for `syndicate approve 3`",
    ]
    approve(harness, 3, NOW + 2 * MINUTE)
    assert audience(harness, 2) == [BO, CY]
    assert audience(harness, 3) == [ADA]
    assert SANK.text in plain(harness, "Correction: Ferry")
    assert sorted(to for to, _ in harness.mail()) == [ADA, BO, CY]


def test_a_second_correction_replaces_what_is_leaving_while_the_first_waits(newsroom):
    harness = newsroom("send", readers=(ADA, BO, CY))
    harness.file("ferry")
    harness.services.publish(NOW)
    harness.services.dispatcher.fire_all(NOW)
    set_state(harness, 1, ADA, DeliveryState.ACCEPTED)
    correct(harness, SANK)
    services = harness.services
    services.settle(NOW + MINUTE)
    set_state(harness, 2, BO, DeliveryState.ACCEPTED)
    correct(harness, SANK, SUNDAY, at=NOW + 2 * MINUTE)
    assert services.settle(NOW + 2 * MINUTE) == [
        "edition 2: 1 had left, 1 gets the corrected one (edition 4)",
        "edition 5 takes the place of edition 3: its articles have changed",
    ]
    approve(harness, 5, NOW + 3 * MINUTE)
    assert (audience(harness, 4), audience(harness, 5)) == ([CY], [ADA, BO])


def test_what_a_person_has_to_approve_or_has_paused_is_replaced_and_stays_paused(newsroom):
    harness = newsroom("send", approve=True)
    harness.file("ferry")
    harness.services.publish(NOW)
    harness.services.dispatcher.fire_all(NOW)
    harness.services.release.approve(1, by_editor())
    correct(harness, SANK)
    [stopped] = harness.services.settle(NOW + MINUTE)
    assert stopped == (
        "edition 1: 0 had left, 2 get the corrected one (edition 2), "
        "once `syndicate resume 2` lets it go"
    )
    harness.tick(NOW + 2 * MINUTE)
    assert harness.mail() == []
    assert editions(harness)[2][1] == "paused"
    with harness.store.read() as tx:
        [(key, pause)] = tx.control.self_paused()
    assert (key, pause.cause.how) == (2, "a story in it was corrected or retracted")
    with harness.store.write() as tx:
        tx.control.resume(2, by_editor())
    correct(harness, SANK, SUNDAY, at=NOW + 3 * MINUTE)
    [stopped] = harness.services.settle(NOW + 3 * MINUTE)
    assert stopped.endswith("(edition 3), once `syndicate resume 3` lets it go")


def test_a_process_that_dies_after_its_pause_leaves_the_rest_to_the_next(newsroom, monkeypatch):
    harness = newsroom("send")
    harness.file("ferry")
    harness.services.publish(NOW)
    harness.services.dispatcher.fire_all(NOW)
    correct(harness, SANK)
    services = harness.services
    monkeypatch.setattr(services.composer, "freeze", None)
    with pytest.raises(TypeError):
        services.settle(NOW + MINUTE)
    assert editions(harness)[1][1] == "paused"
    harness.tick(NOW + 2 * MINUTE)
    assert editions(harness) == {2: ("alert", "sending"), 1: ("alert", "replaced")}
    assert len(harness.mail()) == 2


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


# --- by hand, and retractions


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


@pytest.mark.sql
def test_a_correction_under_way_is_cancelled_when_it_is_wrong_itself(newsroom):
    harness = newsroom("send", readers=(ADA, BO))
    harness.file("ferry")
    harness.tick()
    correct(harness, SANK)
    services = harness.services
    services.publish(NOW + MINUTE)
    services.settle(NOW + MINUTE)
    services.release.approve(2, by_editor(NOW + MINUTE))
    set_state(harness, 2, ADA, DeliveryState.ACCEPTED)
    correct(harness, SANK, SUNDAY, at=NOW + 2 * MINUTE)
    assert services.settle(NOW + 2 * MINUTE) == [
        "edition 2: 1 had left, and it is cancelled for 1",
        "edition 3 corrects it for 2 readers of breaking, and waits for `syndicate approve 3`",
    ]
    approve(harness, 3, NOW + 3 * MINUTE)
    assert audience(harness, 3) == [ADA, BO]


@pytest.mark.sql
def test_a_story_retracted_in_its_file_is_taken_out_of_what_is_leaving(newsroom):
    harness = newsroom(readers=(ADA, BO))
    harness.file("ferry")
    harness.file("tram")
    harness.services.publish(NOW)
    harness.services.dispatcher.fire_all(NOW)
    set_state(harness, 1, ADA, DeliveryState.ACCEPTED)
    harness.file("ferry", status=Status.RETRACTED, at=NOW + MINUTE)
    [report] = harness.tick(NOW + MINUTE).released
    assert report == "edition 1: 1 had left, 1 gets it without the story (edition 2)"
    assert harness.mail() == [(BO, "Tram")]
    assert harness.tick(NOW + 2 * MINUTE).released == ()


def test_an_edition_that_a_person_has_paused_is_replaced_and_stays_paused(newsroom):
    harness = newsroom()
    harness.file("ferry")
    harness.file("tram")
    harness.services.publish(NOW)
    harness.services.dispatcher.fire_all(NOW)
    with harness.store.write() as tx:
        tx.control.pause(1, by_editor())
    harness.file("ferry", status=Status.RETRACTED, at=NOW + MINUTE)
    [report] = harness.tick(NOW + MINUTE).released
    assert report.endswith("(edition 2), once `syndicate resume 2` lets it go")
    assert harness.mail() == []
    with harness.store.read() as tx:
        assert tx.control.blockers(tx.editions.get(2)).paused.cause.how == "by an editor"
    with harness.store.write() as tx:
        tx.control.resume(2, by_editor())
    harness.tick(NOW + 2 * MINUTE)
    assert {subject for _, subject in harness.mail()} == {"Tram"}


def test_what_can_not_be_replaced_is_paused_and_tried_again(newsroom):
    harness = newsroom()
    harness.file("ferry")
    harness.file("tram")
    harness.services.publish(NOW)
    harness.services.dispatcher.fire_all(NOW)
    harness.file("ferry", status=Status.RETRACTED, at=NOW + MINUTE)
    page = harness.config.output / "articles/tram/index.html"
    hidden = page.rename(page.with_suffix(".hidden"))
    services = harness.services
    assert services.settle(NOW + MINUTE) == []
    assert editions(harness)[1][1] == "paused"
    hidden.rename(page)
    assert services.settle(NOW + MINUTE + timedelta(seconds=29)) == []
    assert len(services.settle(NOW + MINUTE + timedelta(seconds=30))) == 1
    services.deliver(NOW + 2 * MINUTE)
    assert len(harness.mail()) == 2
