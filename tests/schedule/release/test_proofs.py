"""Proofs: reviewers see an edition before anybody else does, once, and not after it is decided."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from syndicate.deliver.outbox import Outbox
from syndicate.errors import Refused
from syndicate.model.articles import Correction
from syndicate.model.editions import ControlAction, EditionState
from syndicate.model.schedule_slots import FireOutcome
from syndicate.model.subscribers import Actor, Cause
from syndicate.schedule.staff_mail import StaffMessage
from tests.schedule.conftest import BREAKING, MINUTE, NOW, ScheduleHarness

ADA = "ada@example.org"
MAREN, BO = "maren@example.org", "bo@example.org"
REVIEWERS = {"reviewers": [f"Maren Tolk <{MAREN}>", BO]}
BUTTON = "/review/"
SANK = Correction(at=NOW, text="The ferry had 40 people on board, not 400.")
HOUR = timedelta(hours=1)


@pytest.fixture
def newsroom(store, publication):
    """Make a publication with two reviewers, whose one schedule has these values too."""

    def make(review=REVIEWERS, **schedule):
        schedules = [{**BREAKING, "approve": True, **schedule}]
        harness = ScheduleHarness(store, publication(schedules=schedules, review=review))
        harness.subscribe(ADA)
        harness.file("ferry", title="Ferry & tram")
        return harness

    return make


def by_maren(at=NOW, why=""):
    return Cause(who=Actor.REVIEWER, how="by Maren Tolk, by code", at=at, why=why)


def proofs(harness):
    found = Outbox.of(harness.config).messages()
    return {one.to: one for one in found if one.subject.startswith("Proof: ")}


def decisions(harness, key):
    with harness.store.read() as tx:
        return tx.control.decisions(key)


@pytest.mark.sql
def test_each_reviewer_gets_the_edition_once_with_a_link_of_their_own(newsroom):
    harness = newsroom()
    harness.tick()
    harness.tick(NOW + MINUTE)
    assert sorted(harness.mail()) == sorted(
        [(MAREN, "Proof: Breaking: Ferry & tram"), (BO, "Proof: Breaking: Ferry & tram")]
    )
    found = proofs(harness)
    links = harness.services.links
    for address, other in ((MAREN, BO), (BO, MAREN)):
        for part in (found[address].html, found[address].text):
            assert links.review(1, address) in part
            assert links.review(1, other) not in part
            assert "Ferry" in part
            assert "12:30" in part
    assert found[MAREN].html.index(BUTTON) < found[MAREN].html.index("All about ferry")
    [record] = decisions(harness, 1)
    assert record.act is ControlAction.PROOFED
    assert record.detail.endswith("to Maren Tolk, bo@example.org")


def test_a_link_names_no_address(newsroom):
    links = newsroom().services.links
    token = links.review(1, MAREN).rpartition("/")[2]
    assert links.read_pair("review", token) == (1, links.reviewer_key(MAREN.upper()))
    assert links.read_pair("view", token) is None
    assert links.reviewer_key(MAREN) != links.reviewer_key(BO)


def test_what_is_only_held_needs_nobody_and_has_no_proof(newsroom):
    harness = newsroom(approve=False, hold="5m")
    harness.tick()
    assert harness.mail() == []


def test_without_reviewers_nobody_is_mailed_and_one_who_comes_later_still_gets_it(newsroom):
    harness = newsroom(review={})
    harness.tick()
    assert decisions(harness, 1) == []
    harness = newsroom(review={"reviewers": [MAREN]})
    harness.tick(NOW + MINUTE)
    assert [to for to, _ in harness.mail()] == [MAREN]


@pytest.mark.sql
def test_one_that_is_composed_again_has_a_new_proof(newsroom):
    harness = newsroom()
    harness.tick()
    harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    harness.tick(NOW + MINUTE)
    subjects = [subject for to, subject in harness.mail() if to == MAREN]
    assert sorted(subjects) == ["Proof: Breaking: Ferry & tram", "Proof: Breaking: Ferry sinks"]


@pytest.mark.sql
def test_a_proof_that_has_not_left_is_dropped_with_the_decision(newsroom):
    harness = newsroom()
    services = harness.services
    services.publish(NOW)
    services.dispatcher.fire_all(NOW)
    assert services.proofs.enqueue_missing(NOW) == [
        f"the proof of edition 1 is mailed to Maren Tolk, {BO}"
    ]
    assert services.proofs.enqueue_missing(NOW) == []
    services.release.reject(1, by_maren())
    harness.tick(NOW + MINUTE)
    assert harness.mail() == []


def test_what_is_sent_back_waits_for_a_change_and_is_approved_only_after_a_new_proof(newsroom):
    harness = newsroom()
    harness.tick()
    with harness.store.write() as tx:
        tx.waiting.send_back(1, by_maren(NOW + MINUTE, "the ferry has a name"))
    with harness.store.read() as tx:
        assert tx.waiting.is_sent_back(1)
    assert decisions(harness, 1)[-1].detail.endswith("; the ferry has a name")
    harness.tick(NOW + 2 * MINUTE)
    assert ADA not in [to for to, _ in harness.mail()]
    harness.file("ferry", title="The Aurora sinks", at=NOW + 3 * MINUTE)
    harness.tick(NOW + 3 * MINUTE)
    assert (MAREN, "Proof: Breaking: The Aurora sinks") in harness.mail()
    with harness.store.read() as tx:
        assert not tx.waiting.is_sent_back(2)


def test_what_was_sent_back_for_a_finding_still_needs_a_person_when_that_is_mended(
    newsroom, monkeypatch
):
    harness = newsroom(approve=False)
    services = harness.services
    propose = services.composer.propose

    def with_finding(*args, **values):
        proposal = propose(*args, **values)
        object.__setattr__(proposal, "findings", ("a link leads nowhere",))
        return proposal

    monkeypatch.setattr(services.composer, "propose", with_finding)
    services.tick(NOW)
    with harness.store.write() as tx:
        assert tx.waiting.find(1).terms.findings
        tx.waiting.send_back(1, by_maren(NOW, "mend it"))
    harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    harness.tick(NOW + MINUTE)
    with harness.store.read() as tx:
        again = tx.waiting.find(2)
    assert again.terms.approve_by == NOW.replace(second=0) + timedelta(minutes=30)
    assert again.terms.findings == ()


def test_after_its_time_nothing_is_approved(newsroom):
    harness = newsroom(approve_by="5m")
    harness.tick()
    with pytest.raises(Refused, match="the time to approve edition 1 is over"):
        harness.services.release.approve(1, by_maren(NOW + 5 * MINUTE))
    harness.tick(NOW + 5 * MINUTE)
    with harness.store.read() as tx:
        assert tx.editions.get(1).state is EditionState.REJECTED


@pytest.mark.sql
def test_who_approved_it_in_the_store_alone_is_named_where_it_is_released(newsroom):
    harness = newsroom()
    harness.tick()
    with harness.store.write() as tx:
        tx.waiting.approve(1, by_maren(NOW + MINUTE))
    report = harness.tick(NOW + MINUTE)
    assert report.released == ("edition 1 is released to 1 reader: by Maren Tolk, by code",)
    assert (ADA, "Breaking: Ferry & tram") in harness.mail()
    with harness.store.read() as tx:
        [fire] = tx.fires.recent("breaking")
    assert fire.outcome is FireOutcome.EDITION
    assert fire.reason == "edition 1, released: by Maren Tolk, by code"


@pytest.mark.sql
def test_readers_are_counted_as_they_would_be_at_release(newsroom):
    harness = newsroom()
    harness.subscribe("bo@example.com", "cy@example.com")
    harness.tick()
    with harness.store.write() as tx:
        cy = tx.subscribers.by_email("cy@example.com")
        tx.subscribers.unsubscribe(cy.key, "breaking", cause=by_maren())
    harness.subscribe("late@example.com")
    with harness.store.read() as tx:
        counted = tx.waiting.count_readers(1, segment=None, at=NOW)
    harness.services.release.approve(1, by_maren())
    with harness.store.read() as tx:
        assert tx.deliveries.totals(1).audience == counted == 2


def test_a_broken_template_of_ones_own_holds_back_the_proof_and_nothing_else(newsroom):
    harness = newsroom()
    own = harness.config.templates / "email"
    own.mkdir(parents=True)
    (own / "proof.html").write_text("{{ nothing.at.all }}")
    harness.tick()
    assert harness.mail() == []
    (own / "proof.html").unlink()
    harness.tick(NOW + MINUTE)
    assert len(harness.mail()) == 2


@pytest.mark.sql
@pytest.mark.parametrize("dies_at", [1, 2])
def test_a_process_that_dies_while_it_queues_proofs_loses_and_doubles_none(
    newsroom, monkeypatch, dies_at
):
    harness = newsroom()
    services = harness.services
    services.publish(NOW)
    services.dispatcher.fire_all(NOW)
    queued, enqueue = [], StaffMessage.enqueue

    def die(message, tx, at):
        enqueue(message, tx, at)
        queued.append(message.to)
        if len(queued) == dies_at:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(StaffMessage, "enqueue", die)
        with pytest.raises(KeyboardInterrupt):
            services.proofs.enqueue_missing(NOW)
    assert decisions(harness, 1) == []
    harness.tick(NOW + MINUTE)
    harness.tick(NOW + 2 * MINUTE)
    assert sorted(to for to, _ in harness.mail()) == [BO, MAREN]


@pytest.mark.sql
def test_two_processes_that_find_a_proof_missing_mail_it_once(newsroom):
    harness = newsroom()
    services = harness.services
    services.publish(NOW)
    services.dispatcher.fire_all(NOW)
    start, done = Barrier(2), []

    def find_missing():
        mail = harness.services.proofs
        start.wait()
        done.extend(mail.enqueue_missing(NOW))

    threads = [Thread(target=find_missing) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    acts = [record.act for record in decisions(harness, 1)]
    assert acts == [ControlAction.PROOFED]


@pytest.mark.sql
@pytest.mark.parametrize(
    ("mode", "corrections", "fate"),
    [
        ("send", (SANK,), "The next edition names the correction instead."),
        ("next", (SANK,), "The next edition names the correction instead."),
        ("none", (SANK,), "Readers who have the earlier version won’t hear of the correction."),
        ("next", (), "Readers who have the earlier version won’t hear of the correction."),
    ],
)
def test_the_proof_of_a_correction_says_what_its_readers_get_when_nobody_approves_it(
    store, publication, mode, corrections, fate
):
    newsletters = [{"name": "breaking", "corrections": mode}]
    config = publication(schedules=[BREAKING], newsletters=newsletters, review=REVIEWERS)
    harness = ScheduleHarness(store, config)
    harness.subscribe(ADA)
    harness.file("ferry")
    harness.tick()
    harness.file("ferry", title="Ferry, corrected", corrections=corrections, at=NOW + MINUTE)
    harness.services.publish(NOW + MINUTE)
    if mode != "send":
        harness.services.correct("ferry", by_maren(NOW + MINUTE))
    harness.tick(NOW + MINUTE)
    text = " ".join(proofs(harness)[MAREN].text.split())
    assert f"After that it won’t be sent. {fate}" in text
    assert "stories go into" not in text
    for hours in (25, 26):  # nobody approves it
        harness.file(f"tram-{hours}", at=NOW + hours * HOUR)
        harness.tick(NOW + hours * HOUR)
    mailed = [one.text for one in Outbox.of(harness.config).messages() if one.to == ADA]
    assert len(mailed) == 3
    assert sum("Correction: In" in text for text in mailed) == ("next edition" in fate)
