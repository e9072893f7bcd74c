"""What is leaving with a mistake is paused, and replaced for those whom it hasn't reached."""

from datetime import timedelta

import pytest

from syndicate.model.articles import Status
from syndicate.model.deliveries import DeliveryState
from tests.schedule.conftest import MINUTE, NOW
from tests.schedule.corrections.newsroom import (
    ADA,
    BO,
    CY,
    SANK,
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
