"""Composes the mail about an alarm, in English, without a template: one may be what is broken."""

import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from html import escape
from zoneinfo import ZoneInfo

from syndicate.model.alarms import HEADLINES, Alarm
from syndicate.model.editions import Content
from syndicate.render.mail.plain_text import wrap
from syndicate.text import isolate, shorten

_SUBJECT_LENGTH = 110
"""Characters; lists of mail show about half of them."""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
</head>
<body style="margin:0 auto;max-width:600px;padding:24px;font:16px/1.5 system-ui,sans-serif">
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">{title}</h1>
{paragraphs}
</body>
</html>
"""
_COMMAND = re.compile("`([^`]+)`")
_UNBROKEN = "\N{FIGURE SPACE}"
"""Where a line isn't broken."""
_PARAGRAPH = '<p style="margin:0 0 12px;overflow-wrap:anywhere">{}</p>'


def compose_alarm_mail(alarm: Alarm, publication: str, zone: ZoneInfo, at: datetime) -> Content:
    """Compose what people get when an alarm is on, or over, at a time."""
    word = "Alarm" if alarm.is_on else "Over"
    headline = HEADLINES[alarm.kind]
    title = f"{headline[0].upper()}{headline[1:]}" if alarm.is_on else f"Over: {headline}"
    subject = shorten(f"[{word}] {isolate(publication, 'ltr')}: {alarm.text}", _SUBJECT_LENGTH)
    paragraphs = list(_paragraphs(alarm, publication, zone, at))
    marked = (_COMMAND.sub(r"<code>\1</code>", escape(text)) for text in paragraphs)
    html = "\n".join(map(_PARAGRAPH.format, marked))
    return Content(
        subject=subject,
        preheader="",
        html=_PAGE.format(title=escape(title), paragraphs=html),
        text="\n\n".join(map(_wrapped, [title, *paragraphs])) + "\n",
        nonce=sha256(f"{alarm.key}{at}".encode()).hexdigest()[:16],
    )


def _wrapped(text: str) -> str:
    """Wrap text, but no command, so that it can be copied."""
    joined = _COMMAND.sub(lambda command: command[0].replace(" ", _UNBROKEN), text)
    return wrap(joined).replace(_UNBROKEN, " ")


def _paragraphs(alarm: Alarm, publication: str, zone: ZoneInfo, at: datetime) -> Iterator[str]:
    since = f"{alarm.since.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    yield f"{alarm.text[0].upper()}{alarm.text[1:]}."
    if alarm.over_at is not None:
        over = f"{alarm.over_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
        yield f"It began at {since}, and is over since {over}. There is nothing to do."
    else:
        yield f"Since: {since}."
        yield f"What to do: {alarm.remedy}."
        yield (
            "`syndicate status` shows everything that is wrong now. While this lasts, you get a "
            "mail about it once an hour, and one when it is over."
        )
    yield f"{publication}, {at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
