"""Editions that wait for a person: who approves what, until when, and what follows."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from syndicate.errors import Refused
from syndicate.model.editions import ControlAction, EditionState
from syndicate.model.schedule_slots import FireOutcome
from tests.schedule.conftest import MINUTE, NOW
from tests.schedule.release.waiting_editions import (
    ADA,
    BO,
    SLOT,
    approve,
    by_editor,
    editions,
    last_fire,
    waiting,
)


@pytest.mark.sql
def test_nothing_leaves_before_it_is_approved(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.tick(NOW + 9 * MINUTE)
    assert harness.mail() == []
    approve(harness, 1, NOW + 9 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]
    with harness.store.read() as tx:
        acts = [record.act for record in tx.control.decisions(1)]
        decided = tx.control.decisions(1)[0]
    assert acts == [ControlAction.APPROVED, ControlAction.RELEASED]
    assert decided.cause == by_editor(NOW + 9 * MINUTE)
    assert decided.detail.startswith("content ")


def test_the_audience_is_the_one_of_the_release(newsroom):
    harness = newsroom(approve=True)
    harness.subscribe(BO)
    harness.tick()
    with harness.store.write() as tx:
        bo = tx.subscribers.by_email(BO)
        tx.subscribers.unsubscribe(bo.key, "breaking", cause=by_editor())
    approve(harness, 1)
    assert [to for to, _ in harness.mail()] == [ADA]


def test_it_expires_as_long_after_its_release_as_it_would_have_after_its_slot(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    with harness.store.read() as tx:
        composed = tx.editions.get(1)
    approve(harness, 1, NOW + 9 * MINUTE)
    with harness.store.read() as tx:
        released = tx.editions.get(1)
    assert released.expires_at == composed.expires_at + 9 * MINUTE


def test_what_nobody_approves_in_time_is_rejected_and_the_fire_says_so(newsroom):
    harness = newsroom(approve=True, approve_by="5m")
    harness.tick()
    [report] = harness.tick(NOW + 5 * MINUTE).released
    assert report == "edition 1 is rejected: nobody had approved it by 12:05 UTC"
    fire = last_fire(harness)
    assert fire.outcome is FireOutcome.SKIPPED
    assert fire.reason == "edition 1 wasn't sent: nobody had approved it by 12:05 UTC"
    harness.tick(NOW + SLOT)
    approve(harness, 2, NOW + SLOT)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


@pytest.mark.parametrize(
    ("values", "until"),
    [
        ({"max_late": "30m"}, timedelta(minutes=30)),
        ({"max_late": "30m", "approve_by": "45m"}, timedelta(minutes=45)),
        ({"max_late": None}, timedelta(hours=2, seconds=30)),
    ],
)
def test_it_waits_as_long_as_the_schedule_says(newsroom, values, until):
    harness = newsroom(**{"approve": True, **{name: at for name, at in values.items() if at}})
    harness.tick()
    [one] = waiting(harness)
    expected = until if values.get("max_late") else timedelta(minutes=30)
    assert one.terms.approve_by == NOW.replace(second=0) + expected


def test_one_that_waits_can_be_neither_paused_nor_cancelled_nor_replaced(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    for act in ("pause", "resume", "cancel"):
        with harness.store.write() as tx, pytest.raises(Refused, match="syndicate reject 1"):
            getattr(tx.control, act)(1, by_editor())
    with pytest.raises(Refused, match="isn't released yet"):
        harness.services.replace(1, (), by_editor())


def test_the_archive_shows_only_what_was_released(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    with harness.store.read() as tx:
        assert tx.archive.count("breaking") == 0
        assert tx.archive.find("breaking", 1) is None
    approve(harness, 1)
    with harness.store.read() as tx:
        assert tx.archive.count("breaking") == 1


@pytest.mark.sql
def test_two_who_decide_at_once_decide_once(newsroom):
    harness = newsroom(approve=True)
    harness.subscribe(BO)
    harness.tick()
    outcomes, start = [], Barrier(2)

    def decide(act):
        start.wait()
        try:
            outcomes.append(act(1, by_editor()))
        except Refused as error:
            outcomes.append(str(error))

    release = harness.services.release
    threads = [Thread(target=decide, args=[act]) for act in (release.approve, release.reject)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    harness.tick()
    state = editions(harness)[1]
    assert len(harness.mail()) == (2 if state is EditionState.SENDING else 0)
    assert sum("so nothing is to be decided" in outcome for outcome in outcomes) == 1


def test_what_is_approved_in_the_last_moment_is_not_rejected(newsroom, monkeypatch):
    harness = newsroom(approve=True, approve_by="20m", every="2h")
    harness.tick()
    [one] = waiting(harness)
    until, release = one.terms.approve_by, harness.services.release
    find = type(release)._give_up

    def approved_meanwhile(self, *arguments):
        with harness.store.write() as tx:
            tx.waiting.approve(1, by_editor(until - timedelta(microseconds=1)))
        return find(self, *arguments)

    monkeypatch.setattr(type(release), "_give_up", approved_meanwhile)
    assert release.settle(until) == []
    harness.tick(until)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


def test_who_approves_what_another_process_then_releases_first_is_not_refused(
    newsroom, monkeypatch
):
    harness = newsroom(approve=True)
    harness.tick()
    release = harness.services.release
    let_go = type(release)._release

    def second(self, *arguments):
        let_go(self, *arguments)
        return let_go(self, *arguments)

    monkeypatch.setattr(type(release), "_release", second)
    assert release.approve(1, by_editor()) == "edition 1 is approved and released"
    assert editions(harness) == {1: EditionState.SENDING}


def test_what_nobody_approves_while_all_mail_is_paused_is_rejected(newsroom):
    harness = newsroom(approve=True, approve_by="5m")
    harness.tick()
    with harness.store.write() as tx:
        tx.mail_pause.begin(by_editor())
    [report] = harness.tick(NOW + 5 * MINUTE).released
    assert report.startswith("edition 1 is rejected")


def test_an_approval_counts_while_all_mail_is_paused_and_the_release_follows(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    with harness.store.write() as tx:
        tx.mail_pause.begin(by_editor())
    outcome = harness.services.release.approve(1, by_editor())
    assert outcome == "edition 1 is approved; all mail is paused until `syndicate resume --all`"
    harness.tick(NOW + MINUTE)
    assert editions(harness) == {1: EditionState.WAITING}
    with harness.store.write() as tx:
        tx.mail_pause.end(by_editor())
    harness.tick(NOW + 2 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]
