"""What rings: each cause begins, has its remedy, and is over when it is mended."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.model.alarms import AlarmKind, RelayCertificate
from syndicate.model.articles import Correction
from syndicate.model.subscribers import Actor, Cause
from syndicate.store.push.alarms import THIS_MACHINE
from tests.causes import by_test
from tests.deliver.editions import draft, subscribe
from tests.schedule.conftest import MINUTE, NOW

pytestmark = pytest.mark.neighbours

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SMTP = {"transport": "smtp", "host": "mail.example.org", "from": "news@example.org"}


def by_editor(at=NOW):
    return Cause(who=Actor.OPERATOR, how="syndicate approve", at=at)


# slots


@pytest.mark.sql
def test_a_slot_that_no_process_fires_rings_five_minutes_after_it(newsroom):
    harness = newsroom()
    assert harness.alarms() == {}, "it has never run"
    harness.tick()
    slot = NOW.replace(second=0) + 10 * MINUTE
    assert harness.alarms(slot + 4 * MINUTE) == {}
    alarm = harness.alarms(slot + 5 * MINUTE)["slot"]
    assert alarm.since == slot
    assert alarm.text.startswith(
        "the slot 2026-11-24 12:10 UTC of breaking did not fire; the last pass was at "
    )
    assert "`syndicate run`" in alarm.remedy
    assert harness.alarms(slot + 3 * HOUR)["slot"].since == slot, "the first of many"
    harness.tick(slot + 5 * MINUTE)
    assert harness.alarms(slot + 5 * MINUTE) == {}


def test_a_timing_that_is_new_or_has_changed_is_not_overdue(newsroom):
    newsroom().tick()
    changed = newsroom(schedule={"every": "1h"})
    assert changed.alarms(NOW + 3 * HOUR) == {}


def test_a_slot_that_was_too_late_rings_until_a_person_sends_or_the_next_one_fires(
    newsroom, monkeypatch
):
    harness = newsroom(schedule={"every": None, "cron": "0 7 * * *", "max_late": "30m"})
    harness.tick(NOW - DAY)
    harness.tick(NOW.replace(hour=7))
    harness.file("ferry")
    late = NOW.replace(hour=8) + DAY
    monkeypatch.setattr(clock, "now", lambda: late)
    harness.tick(late)
    alarm = harness.alarms(late)["slot"]
    assert "was missed: 1 h late, limit 30 m" in alarm.text
    assert "`syndicate send breaking --schedule breaking`" in alarm.remedy
    assert harness.alarms(late + 6 * HOUR) == {}, "nobody can mend it any more"
    again = late + DAY
    monkeypatch.setattr(clock, "now", lambda: again)
    harness.tick(again)
    assert "slot" in harness.alarms(again)
    harness.file("tram", at=again)
    from syndicate.schedule.wiring import ManualSend

    newsletter, schedule = harness.config.newsletter("breaking"), harness.config.schedules[0]
    assert harness.services.send(ManualSend(newsletter=newsletter, schedule=schedule), at=again)
    assert harness.alarms(again) == {}


# mail


@pytest.mark.sql
def test_mail_that_could_not_leave_before_is_not_silent(newsroom):
    harness = newsroom(mail=SMTP)
    subscribe(harness.store, "bo@example.org")
    with harness.store.write() as tx:
        edition = tx.editions.add(replace(draft(), created_at=NOW, expires_at=NOW + DAY))
        tx.control.pause(edition.key, by_test(NOW))
    assert harness.alarms(NOW + 2 * HOUR) == {}, "a person paused it"
    with harness.store.write() as tx:
        tx.control.resume(edition.key, by_test(NOW + 2 * HOUR))
    assert harness.alarms(NOW + 2 * HOUR + 29 * MINUTE) == {}
    alarm = harness.alarms(NOW + 2 * HOUR + 30 * MINUTE)["mail"]
    assert alarm.since == NOW + 2 * HOUR
    with harness.store.write() as tx:
        tx.mail_pause.begin(by_test(NOW + 3 * HOUR))
    assert harness.alarms(NOW + 3 * HOUR) == {}, "a person paused everything"
    with harness.store.write() as tx:
        tx.mail_pause.end(by_test(NOW + 4 * HOUR))
    assert harness.alarms(NOW + 4 * HOUR) == {}
    assert harness.alarms(NOW + 5 * HOUR)["mail"].since == NOW + 4 * HOUR


def test_an_edition_that_waited_for_approval_is_due_from_its_release_on(newsroom):
    harness = newsroom(schedule={"approve": True, "approve_by": "8h"}, mail=SMTP)
    harness.file("ferry")
    harness.services.publish(NOW)
    harness.services.dispatcher.fire_all(NOW)
    harness.services.release.approve(1, by_editor(NOW + 3 * HOUR))
    assert "mail" not in harness.alarms(NOW + 3 * HOUR + 29 * MINUTE)
    assert harness.alarms(NOW + 3 * HOUR + 30 * MINUTE)["mail"].since == NOW + 3 * HOUR


# editions


def pause_itself(harness, at=NOW):
    """Add an edition that pauses itself, as the ledger does when too much is refused."""
    subscribe(harness.store, "bo@example.org")
    limit = Cause(who=Actor.SERVER, how="12 of 200 were refused for good", at=at)
    with harness.store.write() as tx:
        edition = tx.editions.add(replace(draft(), created_at=at, expires_at=at + DAY))
        tx.control.pause(edition.key, limit)


@pytest.mark.sql
def test_an_edition_that_paused_itself_rings_until_a_person_decides(newsroom):
    harness = newsroom()
    pause_itself(harness)
    alarm = harness.alarms()["paused"]
    assert alarm.text == "edition 1 paused itself: 12 of 200 were refused for good"
    assert "`syndicate resume 1`" in alarm.remedy
    with harness.store.write() as tx:
        tx.control.resume(1, by_test(NOW))
    assert harness.alarms() == {}
    with harness.store.write() as tx:
        tx.control.pause(1, by_test(NOW))
    assert harness.alarms() == {}, "a person paused it"


def test_an_edition_that_waits_for_approval_rings_at_half_of_its_time(newsroom):
    harness = newsroom(schedule={"approve": True, "approve_by": "20m", "every": "1h"})
    harness.file("ferry")
    harness.tick()
    assert harness.alarms(NOW + 9 * MINUTE) == {}
    alarm = harness.alarms(NOW + 10 * MINUTE)["approval"]
    assert alarm.text == (
        "edition 1 of breaking waits for approval; at 2026-11-24 12:20 UTC it is given up, and its "
        "articles go into the next one"
    )
    assert "`syndicate approve 1`" in alarm.remedy
    harness.services.release.approve(1, by_editor(NOW + 10 * MINUTE))
    assert harness.alarms(NOW + 10 * MINUTE) == {}


def test_an_edition_with_mistakes_rings_at_once(newsroom, monkeypatch):
    from syndicate.schedule.composer import Composer

    compose = Composer._compose

    def with_mistake(self, *arguments, **options):
        return replace(compose(self, *arguments, **options), findings=("It has no subject",))

    monkeypatch.setattr(Composer, "_compose", with_mistake)
    harness = newsroom()
    harness.file("ferry")
    harness.tick()
    alarm = harness.alarms()["preflight"]
    assert alarm.text == "edition 1 of breaking waits for a person: It has no subject"
    assert alarm.subject == "breaking", "one that is composed again is the same cause"


def test_a_correction_that_is_composed_again_is_the_same_cause(newsroom):
    harness = newsroom(newsletters=[{"name": "breaking", "corrections": "send"}])
    harness.file("ferry")
    harness.tick()
    sank = Correction(at=NOW, text="The ferry had 40 people on board, not 400.")
    sunday = Correction(at=NOW, text="It sank on Sunday, not on Monday.")
    found = []
    for edition, corrections in enumerate(([sank], [sank, sunday]), 2):
        at = NOW + edition * MINUTE
        harness.file("ferry", corrections=corrections, at=at)
        harness.tick(at)
        found.append(harness.alarms(NOW + 13 * HOUR)["approval"])
    assert [alarm.text[:9] for alarm in found] == ["edition 2", "edition 3"]
    assert found[0].key == found[1].key
    assert found[1].text.endswith("given up, and nobody gets the correction as a mail of its own")


# machines


def test_a_disk_that_is_nearly_full_rings_and_has_to_recover(newsroom, monkeypatch):
    harness = newsroom()
    size, real = 100_000, os.statvfs

    def disk(free, files=1000):
        def statvfs(folder):
            values = list(real(folder))
            values[:8] = [1_000_000, 1_000_000, size, free, free, 1000, files, files]
            return os.statvfs_result(values)

        monkeypatch.setattr(os, "statvfs", statvfs)

    disk(free=2001)
    harness.ring()
    assert harness.alarms() == {}
    disk(free=1999)
    harness.ring()
    alarm = harness.alarms()["disk"]
    assert alarm.text == (
        f"the disk of the store, the output and the outbox on {THIS_MACHINE} has 2.0 GB (2%) left"
    )
    disk(free=2999)
    assert "disk" in harness.alarms(), "it would flap"
    disk(free=3001)
    harness.ring()
    assert harness.alarms() == {}
    disk(free=50_000, files=49)
    assert "49 files (5% of its inodes) left" in harness.alarms()["disk"].text


@pytest.mark.parametrize(
    ("valid_for", "left", "rings"),
    [(90, 15, False), (90, 13, True), (6, 2, False), (6, 1, True), (90, -1, True)],
)
def test_a_certificate_rings_before_it_ends(newsroom, valid_for, left, rings):
    harness = newsroom(mail=SMTP)
    ends = NOW + left * DAY
    with harness.store.write() as tx:
        for relay in ("mail.example.org", "gone.example.org"):
            tx.certificates.save(
                RelayCertificate(
                    relay=relay, starts_at=ends - valid_for * DAY, ends_at=ends, seen_at=NOW
                )
            )
    alarms = harness.alarms()
    assert (alarms.keys() == {"certificate"}) is rings
    if rings:
        assert alarms["certificate"].subject == "mail.example.org"


def test_a_secret_that_can_not_be_read_rings(newsroom, monkeypatch):
    harness = newsroom(mail={**SMTP, "username": "me", "password_env": "NO_SUCH_PASSWORD"})
    monkeypatch.setattr(type(harness.services.staff_mail), "send_due", lambda *_: 0)
    harness.ring()
    [call] = harness.called()
    assert call["cause"] == "secret"
    assert "mail.password_env" in call["text"]
    monkeypatch.setenv("NO_SUCH_PASSWORD", "found")
    harness.ring(NOW + MINUTE)
    assert [bool(call["over"]) for call in harness.called()] == [True]


def test_a_page_that_can_not_be_built_rings_until_a_build_is_complete(newsroom):
    harness = newsroom()
    own = harness.config.templates / "page/article.html"
    own.parent.mkdir(parents=True)
    own.write_text("{{ nonsense }}")
    harness.file("ferry", breaking=False)
    harness.tick()
    alarm = harness.alarms()["build"]
    assert alarm.kind is AlarmKind.BUILD
    assert "page/article.html:1" in alarm.text
    own.unlink()
    harness.tick(NOW + MINUTE)
    assert harness.alarms(NOW + MINUTE) == {}


# bounces


@pytest.mark.sql
def test_a_mailbox_that_nobody_can_read_rings_after_a_quarter_of_an_hour(newsroom):
    mailbox = {"host": "imap.example.org", "username": "bounce", "password_env": "BOUNCES"}
    tables = {"bounces": {"address": "bounce@news.example.org", "imap": mailbox}}
    harness = newsroom(**tables)
    with harness.store.write() as tx:
        tx.doors.fail("imap", "imap.example.org:993: no answer", NOW)
        tx.doors.fail("imap", "imap.example.org:993 refused the login", NOW + 5 * MINUTE)
        tx.doors.fail("maildir", "is no longer used", NOW)
    assert "bounces" not in harness.alarms(NOW + 14 * MINUTE)
    alarm = harness.alarms(NOW + 15 * MINUTE)["bounces"]
    assert (alarm.subject, alarm.since) == ("imap", NOW)
    assert alarm.text == (
        "no bounces were read since 2026-11-24 12:00 UTC: imap.example.org:993 refused the login"
    )
    assert "`syndicate bounces fetch`" in alarm.remedy
    with harness.store.write() as tx:
        tx.doors.succeed("imap", 0, NOW + 16 * MINUTE)
    assert "bounces" not in harness.alarms(NOW + 16 * MINUTE)
    left = "1 report could not be recorded: internal error"
    with harness.store.write() as tx:
        for minute in (17, 30):
            tx.doors.succeed("imap", 2, NOW + minute * MINUTE, unrecorded=left)
    alarm = harness.alarms(NOW + 32 * MINUTE)["bounces"]
    assert alarm.since == NOW + 17 * MINUTE
    assert alarm.text == f"not all bounces could be recorded since 2026-11-24 12:17 UTC: {left}"
