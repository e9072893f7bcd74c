"""Editions that wait: for their hold to be over, for a person, or for a mistake to be mended."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
import structlog

from syndicate.errors import Refused
from syndicate.model.editions import ControlAction, EditionState
from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.wiring import ManualSend
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness

SLOT = timedelta(minutes=10)
ADA, BO = "ada@example.org", "bo@example.org"


def by_editor(at=NOW):
    return Cause(who=Actor.REVIEWER, how="approved by Maren Tolk", at=at)


@pytest.fixture
def newsroom(store, publication):
    """Make a publication whose one schedule has these values too, with a reader and a story."""

    def make(**schedule):
        harness = ScheduleHarness(store, publication(schedules=[{**BREAKING, **schedule}]))
        harness.subscribe(ADA)
        harness.file("ferry")
        return harness

    return make


def editions(harness):
    with harness.store.read() as tx:
        return {one.key: one.state for one in tx.editions.all()}


def waiting(harness):
    with harness.store.read() as tx:
        return tx.waiting.all()


def last_fire(harness):
    with harness.store.read() as tx:
        return tx.fires.recent("breaking")[0]


def approve(harness, key, at=NOW):
    harness.services.release.approve(key, by_editor(at))
    harness.tick(at)


@pytest.mark.sql
def test_a_held_edition_is_for_nobody_until_its_time_and_then_leaves_once(newsroom):
    harness = newsroom(hold="5m")
    harness.tick()
    harness.tick(NOW + 4 * MINUTE)
    assert editions(harness) == {1: EditionState.WAITING}
    assert harness.mail() == []
    report = harness.tick(NOW + 5 * MINUTE)
    assert report.released == ("edition 1 is released to 1 reader: its hold is over",)
    harness.tick(NOW + 6 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]
    assert last_fire(harness).reason == "edition 1, released: its hold is over"


def test_what_is_stopped_in_its_hold_was_never_composed(newsroom):
    harness = newsroom(hold="5m")
    harness.tick()
    harness.services.release.reject(1, by_editor())
    assert last_fire(harness).outcome is FireOutcome.SKIPPED
    harness.tick(NOW + 6 * MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + SLOT)
    harness.tick(NOW + SLOT + 5 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


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


def test_an_approved_edition_is_still_held(newsroom):
    harness = newsroom(approve=True, hold="5m")
    harness.tick()
    approve(harness, 1)
    approve(harness, 1, NOW + 4 * MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + 5 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


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


def test_the_next_slot_takes_over_the_articles_of_what_still_waits(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.file("tram", at=NOW + SLOT)
    harness.tick(NOW + SLOT)
    assert editions(harness) == {2: EditionState.WAITING, 1: EditionState.REJECTED}
    with harness.store.read() as tx:
        assert len(tx.editions.items(2)) == 2
        assert tx.editions.get(1).successor == 2
    with pytest.raises(Refused, match="edition 1 is rejected"):
        harness.services.release.approve(1, by_editor())
    approve(harness, 2, NOW + SLOT)
    assert len(harness.mail()) == 1


@pytest.mark.sql
def test_a_slot_with_nothing_new_leaves_what_waits_and_its_hold_as_they_are(newsroom):
    harness = newsroom(hold="25m")
    harness.tick()
    harness.tick(NOW + SLOT)
    harness.tick(NOW + 2 * SLOT)
    assert editions(harness) == {1: EditionState.WAITING}
    fire = last_fire(harness)
    assert fire.outcome is FireOutcome.SKIPPED
    assert fire.reason == "nothing new: edition 1 still waits"
    harness.tick(NOW + 25 * MINUTE)
    harness.tick(NOW + 3 * SLOT)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


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


def test_a_story_that_changes_voids_the_edition_and_what_was_not_seen_is_not_approved(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    with pytest.raises(Refused, match="edition 2 takes the place of edition 1"):
        harness.services.release.approve(1, by_editor(NOW + MINUTE))
    assert harness.mail() == []
    assert editions(harness) == {2: EditionState.WAITING, 1: EditionState.REJECTED}
    assert last_fire(harness).reason.startswith("edition 2, 1 article")
    [again] = waiting(harness)
    assert again.terms.approve_by == NOW.replace(second=0) + timedelta(minutes=30)
    approve(harness, 2, NOW + 2 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry sinks")]


def test_a_story_that_changes_in_a_hold_is_composed_again_and_held_again(newsroom):
    harness = newsroom(hold="5m")
    harness.tick()
    harness.file("ferry", title="Ferry sinks", at=NOW + 4 * MINUTE)
    harness.tick(NOW + 5 * MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + SLOT - MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + SLOT)
    assert harness.mail() == [(ADA, "Breaking: Ferry sinks")]


def test_an_edition_whose_only_story_is_retracted_is_dropped(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    with harness.store.write() as tx:
        tx.articles.retract(tx.articles.by_slug("ferry"), NOW + MINUTE)
    [report] = harness.tick(NOW + 2 * MINUTE).released
    assert report == "edition 1 is rejected: none of its articles is public any more"
    assert last_fire(harness).outcome is FireOutcome.SKIPPED


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


def test_a_segment_that_is_gone_keeps_the_edition(store, publication):
    segments = [{"name": "vip", "where": 'tag = "vip"'}]
    schedule = {**BREAKING, "segment": "vip", "approve": True}
    harness = ScheduleHarness(store, publication(schedules=[schedule], segments=segments))
    harness.subscribe(ADA)
    harness.file("ferry")
    harness.tick()
    without = {name: value for name, value in schedule.items() if name != "segment"}
    harness = ScheduleHarness(store, publication(schedules=[without]))
    with pytest.raises(Refused, match="the segment vip, which is no longer in the config"):
        harness.services.release.approve(1, by_editor())
    assert [one.edition.key for one in waiting(harness)] == [1]


@pytest.fixture
def vip(store, publication):
    """A publication with a segment that Bo is in, but not Ada, whose schedule waits for a person."""

    def make(**tables):
        segments = [{"name": "vip", "where": 'tag = "vip"'}]
        schedules = [{**BREAKING, "approve": True}]
        settings = {"segments": segments, "schedules": schedules, **tables}
        return ScheduleHarness(store, publication(**settings))

    harness = make()
    harness.subscribe(ADA, BO)
    with harness.store.write() as tx:
        bo = tx.subscribers.by_email(BO)
        tx.subscribers.tag(bo.key, ["vip"], cause=by_editor())
    harness.file("ferry")
    return make


def change_and_approve(harness, mended=""):
    """Correct the story, so that what waits is composed again, and approve that."""
    harness.file("ferry", title="Ferry sinks", body=f"<p>All about it{mended}.</p>")
    harness.tick(NOW + MINUTE)
    [again] = waiting(harness)
    assert harness.mail() == []
    approve(harness, again.edition.key, NOW + 2 * MINUTE)


def test_what_was_sent_to_a_segment_by_hand_is_composed_again_for_that_segment(vip):
    harness = vip()
    [newsletter], [schedule] = harness.config.newsletters, harness.config.schedules
    harness.services.send(
        ManualSend(newsletter=newsletter, schedule=schedule, segment="vip"), at=NOW
    )
    change_and_approve(harness)
    assert [to for to, _ in harness.mail()] == [BO]


def test_articles_that_were_sent_to_a_segment_are_composed_again_for_that_segment(vip):
    harness = vip(preflight={"tk": "error"})
    harness.file("ferry", body="<p>All TK about it.</p>")
    [newsletter] = harness.config.newsletters
    harness.services.send(ManualSend(newsletter=newsletter, slugs=["ferry"], segment="vip"), at=NOW)
    change_and_approve(harness, mended=", and TK")
    assert [to for to, _ in harness.mail()] == [BO]
    with harness.store.read() as tx:
        assert tx.archive.find("breaking", 2) is None  # it isn't for everybody


def test_an_edition_whose_schedule_is_gone_still_waits_for_a_person(newsroom, store, publication):
    harness = newsroom(approve=True, hold="5m")
    harness.tick()
    harness = ScheduleHarness(store, publication(schedules=[]))
    for number in (1, 2, 3):  # the last time, it is approved and held
        [one] = waiting(harness)
        assert one.edition.key == number
        assert one.terms.approve_by is not None
        if number == 3:
            harness.services.release.approve(number, by_editor(NOW + number * MINUTE))
        harness.file("ferry", title=f"Ferry {number}", at=NOW + number * MINUTE)
        harness.tick(NOW + number * MINUTE)
    assert harness.mail() == []
    approve(harness, 4, NOW + 4 * MINUTE)
    assert harness.mail() == []
    harness.tick(NOW + 9 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry 3")]


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


def test_a_story_is_not_mailed_twice_where_an_edition_is_released_while_another_is_composed(
    store, publication, monkeypatch
):
    other = {**BREAKING, "name": "other", "approve": True}
    settings = [{**BREAKING, "approve": True}, {**other, "select": {"sections": ["City"]}}]
    harness = ScheduleHarness(store, publication(schedules=settings))
    harness.subscribe(ADA)
    harness.file("ferry")
    harness.tick()
    harness.file("tram", section="City", breaking=False, at=NOW + MINUTE)
    harness.tick(NOW + SLOT)
    assert [one.edition.schedule for one in waiting(harness)] == ["breaking", "other"]
    harness.file("fire", at=NOW + SLOT + MINUTE)
    services = harness.services
    compose, approvals = services.composer.propose, [1]

    def approved_meanwhile(*arguments, **values):
        proposal = compose(*arguments, **values)
        if approvals:
            services.release.approve(approvals.pop(), by_editor(NOW + 2 * SLOT))
        return proposal

    services.publish(NOW + 2 * SLOT)
    monkeypatch.setattr(type(services.composer), "propose", staticmethod(approved_meanwhile))
    services.dispatcher.fire(harness.config.schedules[0], NOW + 2 * SLOT)
    [composed] = [one for one in waiting(harness) if one.edition.schedule == "breaking"]
    with store.read() as tx:
        assert len(tx.editions.items(composed.edition.key)) == 1


def test_an_internal_error_with_one_edition_keeps_no_other_from_its_release(
    store, publication, monkeypatch
):
    other = {**BREAKING, "name": "other", "newsletter": "other", "hold": "5m"}
    schedules, newsletters = [{**BREAKING, "hold": "5m"}, other], ["breaking", "other"]
    named = [{"name": name} for name in newsletters]
    harness = ScheduleHarness(store, publication(schedules=schedules, newsletters=named))
    harness.subscribe(ADA, newsletter="other")
    harness.file("ferry")
    harness.tick()
    release = harness.services.release
    due = type(release)._release_due

    def broken(self, one, at):
        if one.edition.key == 1:
            raise ZeroDivisionError
        return due(self, one, at)

    monkeypatch.setattr(type(release), "_release_due", broken)
    with structlog.testing.capture_logs() as logs:
        done = [release.settle(NOW + 5 * MINUTE + timedelta(seconds=s)) for s in range(2)]
    assert done == [["edition 2 is released to 1 reader: its hold is over"], []]
    assert [(line["event"], line["edition"]) for line in logs] == [("internal error", 1)]


@pytest.mark.sql
def test_while_all_mail_is_paused_nothing_is_released_and_deadlines_still_run(newsroom):
    harness = newsroom(hold="5m")
    harness.tick()
    pause = replace(by_editor(), how="syndicate pause --all, by me")
    with harness.store.write() as tx:
        tx.mail_pause.begin(pause)
    report = harness.tick(NOW + 6 * MINUTE)
    assert (report.released, report.delivered.pause) == ((), pause)
    assert not report.failed
    assert editions(harness) == {1: EditionState.WAITING}
    with harness.store.write() as tx:
        tx.mail_pause.end(pause)
    harness.tick(NOW + 7 * MINUTE)
    assert harness.mail() == [(ADA, "Breaking: Ferry")]


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


def test_an_edition_whose_page_is_not_built_yet_goes_on_waiting(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.file("tram", at=NOW + MINUTE)
    harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    with harness.store.write() as tx:
        tx.articles.assign_numbers(NOW + MINUTE)
    with pytest.raises(Refused, match="tram has no page yet"):
        harness.services.release.approve(1, by_editor(NOW + MINUTE))
    assert editions(harness) == {1: EditionState.WAITING}
    harness.tick(NOW + 2 * MINUTE)
    assert editions(harness) == {2: EditionState.WAITING, 1: EditionState.REJECTED}


def test_why_an_edition_cannot_be_released_is_logged_once(newsroom):
    harness = newsroom(approve=True)
    harness.tick()
    harness.file("tram", at=NOW + MINUTE)
    harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    with harness.store.write() as tx:
        tx.articles.assign_numbers(NOW + MINUTE)
    release = harness.services.release
    with structlog.testing.capture_logs() as logs:
        for second in range(3):
            assert release.settle(NOW + MINUTE + timedelta(seconds=second)) == []
    assert [(line["event"], line["edition"]) for line in logs] == [("not released", 1)]
