"""Alarms ring once an hour for each cause, by one process, and once when it is over."""

import json
import threading
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from syndicate.model.alarms import AlarmCause, AlarmKind
from syndicate.schedule.alarms.monitor import AlarmMonitor
from syndicate.store.push.alarms import THIS_MACHINE
from tests import ROOT
from tests.ports import free_port
from tests.schedule.conftest import MINUTE, NOW

pytestmark = pytest.mark.neighbours

HOUR = timedelta(hours=1)


def keys(message):
    """The keys of a message, with those of the objects in it."""
    inner = {name: set(value) for name, value in message.items() if isinstance(value, dict)}
    return set(message), inner


def break_template(harness):
    """Break the template of alerts, so that slots fail."""
    own = harness.config.templates / "email/alert.mjml"
    own.parent.mkdir(parents=True)
    own.write_text("<mjml><mj-body>{{ nonsense }}</mj-body></mjml>")
    return own


@pytest.mark.sql
def test_a_slot_that_fails_rings_at_once_then_hourly_and_when_it_is_over(newsroom):
    harness = newsroom(schedule={"max_late": "3h"})
    own = break_template(harness)
    harness.file("ferry")
    harness.tick()
    [call] = harness.called()
    assert call["cause"] == "slot"
    assert call["about"] == "breaking"
    assert call["text"].startswith(
        "Morning Post: the slot 2026-11-24 12:00 UTC of breaking failed: email/alert.mjml:1"
    )
    assert call["remedy"].startswith("`syndicate fires breaking`")
    assert (call["since"], call["over"]) == ("2026-11-24T12:00:00+00:00", None)
    assert call["publication"]["title"] == "Morning Post"
    page = (ROOT / "docs/monitoring.md").read_text("utf-8")
    shown = json.loads(
        page.split('```json\n{\n  "cause"')[1].split("```")[0].join(['{"cause"', ""])
    )
    assert keys(shown) == keys(call), "as documented"
    assert call["links"]["status"].endswith("/readyz")
    assert len(harness.rung()) == 1
    harness.tick(NOW + 59 * MINUTE)
    assert harness.called() == []
    harness.tick(NOW + HOUR)
    assert [call["over"] for call in harness.called()] == [None]
    assert len(harness.rung()) == 2
    own.unlink()
    harness.tick(NOW + HOUR + MINUTE)
    [over] = harness.called()
    assert over["over"] == "2026-11-24T13:01:30+00:00"
    assert over["text"].startswith("Morning Post: over: the slot")
    harness.tick(NOW + 3 * HOUR)
    assert harness.called() == []
    *alarms, ended = harness.rung()
    assert len(alarms) == 2
    assert all(subject.startswith("[Alarm] Morning Post: the slot") for subject in alarms)
    assert ended.startswith("[Over] Morning Post: the slot")


def test_what_comes_back_within_the_hour_rings_after_it(newsroom):
    harness = newsroom()
    own = break_template(harness)
    text = own.read_text()
    harness.file("ferry")
    harness.tick()
    own.unlink()
    harness.tick(NOW + MINUTE)
    assert len(harness.called()) == 2
    own.write_text(text)
    harness.file("tram", at=NOW + 10 * MINUTE)
    harness.tick(NOW + 10 * MINUTE)
    harness.tick(NOW + 39 * MINUTE)
    assert harness.called() == []
    assert "slot" in harness.alarms(NOW + 39 * MINUTE)
    harness.tick(NOW + HOUR)
    assert len(harness.called()) == 1


@pytest.mark.sql
def test_of_several_processes_one_rings(newsroom):
    harness = newsroom()
    with harness.store.write() as tx:
        cause = AlarmCause(
            kind=AlarmKind.BUILD, subject="", machine=THIS_MACHINE, text="x", remedy="y"
        )
        tx.alarms.report(cause, NOW)
    together, rang = threading.Barrier(4), []

    def check():
        monitor = AlarmMonitor(harness.store, harness.config)
        together.wait()
        rang.append(monitor.check(NOW))

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(rang) == [False, False, False, True]


def test_a_restart_repeats_nothing(newsroom):
    harness = newsroom()
    break_template(harness)
    harness.file("ferry")
    harness.tick()
    harness.called()
    harness.ring(NOW + MINUTE)  # with services of its own
    assert harness.called() == []


def test_with_every_relay_dead_the_webhook_still_gets_it(newsroom):
    relays = [
        {"name": name, "host": "127.0.0.1", "port": free_port(), "security": "none"}
        for name in ("main", "reserve")
    ]
    harness = newsroom(mail={"transport": "smtp", "from": "news@example.org", "relays": relays})
    harness.file("ferry")
    harness.tick()
    assert harness.called() == []
    harness.tick(NOW + 31 * MINUTE)
    [call] = harness.called()
    assert call["cause"] == "mail"
    assert "no mail was accepted since 2026-11-24 12:00 UTC while mail waits" in call["text"]
    assert "main: 127.0.0.1" in call["text"]
    assert "nothing listens there" in call["text"]
    assert harness.alarms(NOW + 31 * MINUTE).keys() == {"mail"}


def test_a_webhook_that_fails_is_called_again_and_never_named_in_the_log(newsroom, hook):
    harness = newsroom()
    hook.status = 500
    break_template(harness)
    harness.file("ferry")
    with capture_logs() as logs:
        harness.tick()
    assert len(harness.called()) == 1
    [failed] = [line for line in logs if line["event"] == "webhook failed"]
    assert failed["to"] == "127.0.0.1"
    assert "token" not in str(failed)
    hook.status = 200
    harness.tick(NOW + MINUTE)
    assert len(harness.called()) == 1
    harness.tick(NOW + 2 * MINUTE)
    assert harness.called() == []


def test_what_is_over_before_it_could_be_sent_replaces_it(newsroom, hook):
    harness = newsroom()
    hook.status = 500
    own = break_template(harness)
    harness.file("ferry")
    harness.tick()
    harness.called()
    own.unlink()
    hook.status = 200
    harness.tick(NOW + MINUTE / 2)
    assert harness.called() == [], "it is left alone for a minute"
    harness.tick(NOW + 2 * MINUTE)
    assert [bool(call["over"]) for call in harness.called()] == [True]


def test_an_error_that_ends_a_pass_rings_too(newsroom):
    harness = newsroom()
    own = harness.config.templates / "page/layout.html"
    own.parent.mkdir(parents=True)
    harness.config.output.write_text("a file where the folder should be")
    with pytest.raises(Exception, match="feeds"):
        harness.tick()
    assert [call["cause"] for call in harness.called()] == ["build"]


def test_the_alarms_of_a_machine_that_is_gone_are_over_after_two_hours(newsroom):
    harness = newsroom()
    cause = AlarmCause(kind=AlarmKind.DISK, subject="store", machine="web-9", text="x", remedy="y")
    with harness.store.write() as tx:
        tx.alarms.report(cause, NOW)
    harness.ring(NOW)
    harness.ring(NOW + 2 * HOUR)
    assert "disk" in harness.alarms(NOW + 2 * HOUR)
    harness.ring(NOW + 2 * HOUR + MINUTE)
    assert harness.alarms(NOW + 2 * HOUR + MINUTE) == {}


def test_a_trial_of_another_time_rings_nothing(newsroom):
    harness = newsroom()
    break_template(harness)
    harness.file("ferry")
    harness.tick(trial=True)
    assert (harness.called(), harness.rung()) == ([], [])


def test_the_mail_says_what_to_do_and_survives_any_text(newsroom):
    harness = newsroom()
    text = "edition 1 waits, since <b>subject\nis empty & so on"
    cause = AlarmCause(
        kind=AlarmKind.BUILD, subject="", machine=THIS_MACHINE, text=text, remedy="`syndicate x`"
    )
    with harness.store.write() as tx:
        tx.alarms.report(cause, NOW)
    harness.ring()
    assert harness.rung() == [
        "[Alarm] Morning Post: edition 1 waits, since <b>subject is empty & so on"
    ]
