"""Mail about alarms: in short lines, with commands that can be copied."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from syndicate.model.alarms import Alarm, AlarmKind
from syndicate.render.mail.alarm_mail import compose_alarm_mail
from syndicate.render.mail.plain_text import WIDTH
from tests.render.mail.samples import AT

ALARM = Alarm(
    kind=AlarmKind.PAUSED,
    subject="1",
    text="edition 1 paused itself: 12 of 200 were refused for good",
    remedy="look at the replies with `syndicate deliveries 1`, then `syndicate resume 1 --all`",
    since=AT,
    seen_at=AT,
)
ZONE = ZoneInfo("Europe/Berlin")


def test_lines_are_short_and_commands_whole():
    mail = compose_alarm_mail(ALARM, "Morning Post", ZONE, AT)
    assert max(map(len, mail.text.split("\n"))) <= WIDTH
    for command in ("syndicate deliveries 1", "syndicate resume 1 --all", "syndicate status"):
        assert f"`{command}`" in mail.text
        assert f"<code>{command}</code>" in mail.html


def test_an_alarm_that_is_over_says_since_when():
    mail = compose_alarm_mail(replace(ALARM, over_at=AT), "Morning Post", ZONE, AT)
    assert mail.subject.startswith("[Over] Morning Post: ")
    assert "is over since 2026-11-24 09:05 CET" in " ".join(mail.text.split())
