"""`explain` and `agenda`: what would go out at a slot and why, and what the coming week brings."""

from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from syndicate import clock
from syndicate.cli.console import (
    echo,
    echo_json,
    echo_table,
    format_slot_time,
    format_time,
    note,
    table_lines,
)
from syndicate.cli.context import AsJson, CommandContext
from syndicate.model.editions import EditionState
from syndicate.text import count_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from syndicate.config import Config, Schedule
    from syndicate.model.editions import Edition
    from syndicate.schedule.agenda import Agenda, AgendaDay
    from syndicate.schedule.explanation import EditionExplanation

_SHOWN = 20
"""How many of the articles that are not in the edition are shown to people; JSON has all."""


def explain(
    command: CommandContext,
    schedule: Annotated[str, Argument(help="The schedule's name.")],
    *,
    at: Annotated[
        str | None,
        Option("--at", metavar="TIME", help="Its first slot from TIME on. Default: the next."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Show what a schedule would send, to how many, and why each article is in or out.

    It mails nobody, and changes nothing.
    """
    from syndicate.schedule.explanation import explain_edition  # noqa: PLC0415 - start-up

    rule = command.find("schedule", schedule, command.config.schedules)
    moment = command.time(at) if at is not None else None
    with command.store() as store:
        explained = explain_edition(store, command.config, rule, at=moment, now=clock.now())
    if json:
        echo_json(_values(explained))
        return
    zone = command.config.zone(rule)
    _echo_edition(explained, zone)
    rows = [
        (item.outcome, item.article.published, item.article.slug, item.reason or item.article.title)
        for item in explained.articles
    ]
    carried = sum(item.outcome != "out" for item in explained.articles)
    if rows:
        echo()
        echo_table(("", "date", "article", "title, or why not"), rows[: carried + _SHOWN], zone)
    if (rest := len(rows) - carried - _SHOWN) > 0:
        note(f"and {rest} more that are not in it: --json lists all")


def _echo_edition(explained: "EditionExplanation", zone: "ZoneInfo") -> None:
    rule, draft = explained.schedule, explained.draft
    slot = format_slot_time(explained.slot.due_at, zone)
    due = " (it is due, and goes out with the next pass)" if explained.is_due else ""
    echo(f"{rule.name}, {slot}{due}")
    if explained.failure:
        echo(f"fails: {explained.failure}")
    elif draft is None:
        echo("nothing new: no edition")
    elif explained.is_repeated and explained.waiting is not None:
        echo(f"nothing new: edition {explained.waiting.edition.key} says the same, and still waits")
    else:
        echo(f"subject:    {draft.content.subject}")
        echo(f"preheader:  {draft.content.preheader}")
        echo(f"size:       {explained.kilobytes:.1f} KB of HTML")
        to = f"{rule.newsletter}, segment {rule.segment}" if rule.segment else rule.newsletter
        late = f"; {explained.latecomers:,} more subscribed after its newest story was public"
        late = late if explained.latecomers else ""
        echo(f"to:         {count_of(explained.audience, 'reader')} of {to}, as of now{late}")
    for line in _waits(explained, zone):
        echo(f"waits:      {line}")
    for warning in explained.warnings:
        echo(f"warning:    {warning}")
    if explained.waiting is not None and not explained.is_repeated:
        key = explained.waiting.edition.key
        note(
            f"edition {key} of this schedule waits: its articles are counted as new here, since "
            f"this edition takes them over unless edition {key} is released before"
        )


def _waits(explained: "EditionExplanation", zone: "ZoneInfo") -> list[str]:
    """Write what the edition would wait for before it is sent."""
    terms = explained.terms
    if terms is None or explained.is_repeated:
        return []
    lines = list(terms.findings)
    if terms.approve_by is not None:
        lines.append(f"for a person's approval, until {format_time(terms.approve_by, zone)}")
    if terms.hold:
        lines.append(f"{clock.format_duration(terms.hold)}, so that it can be stopped (hold)")
    return lines


def _values(explained: "EditionExplanation") -> dict[str, Any]:
    draft, terms = explained.draft, explained.terms
    content = draft.content if draft is not None else None
    return {
        "schedule": explained.schedule.name,
        "newsletter": explained.schedule.newsletter,
        "segment": explained.schedule.segment,
        "slot": explained.slot.key,
        "due_at": explained.slot.due_at,
        "is_due": explained.is_due,
        "sends": draft is not None and not explained.is_repeated,
        "failure": explained.failure,
        "kind": draft.kind if draft is not None else None,
        "subject": content.subject if content is not None else None,
        "preheader": content.preheader if content is not None else None,
        "html_bytes": len(content.html.encode()) if content is not None else None,
        "audience": explained.audience if draft is not None else None,
        "subscribed_later": explained.latecomers if draft is not None else None,
        "approve_by": terms.approve_by if terms is not None else None,
        "hold": terms.hold.total_seconds() if terms is not None else 0.0,
        "findings": list(terms.findings) if terms is not None else [],
        "warnings": list(explained.warnings),
        "takes_over": explained.waiting.edition.key if explained.waiting is not None else None,
        "articles": [
            {
                "slug": item.article.slug,
                "title": item.article.title,
                "published": item.article.published,
                "outcome": item.outcome,
                "reason": item.reason,
            }
            for item in explained.articles
        ],
    }


def agenda(
    command: CommandContext,
    *,
    days: Annotated[int, Option(min=1, max=92, help="How many days after today.")] = 7,
    json: AsJson = False,
) -> None:
    """Show what waits and leaves now, and the slots and embargoes of the coming days."""
    from syndicate.schedule.agenda import load_agenda  # noqa: PLC0415 - start-up

    with command.store() as store:
        loaded = load_agenda(store, command.config, at=clock.now(), days=days)
    if json:
        echo_json(_agenda_values(loaded, command.config))
        return
    sections = list(_sections(loaded, command.config))
    rows = [row for _, section in sections for row in section]
    lines = iter([str(line) for line in table_lines(("", "", ""), rows)][1:])
    for number, (heading, section) in enumerate(sections):
        if number:
            echo()
        echo(heading)
        for line in islice(lines, len(section)):
            echo(f"  {line}")


_Row = tuple[str, str, str]


def _sections(loaded: "Agenda", config: "Config") -> "Iterator[tuple[str, list[_Row]]]":
    """Yield the headings of the agenda and their rows: a time, a name, what it is about."""
    if rows := list(_now_rows(loaded, config.publication.timezone)):
        yield "Now", rows
    if loaded.frequent:
        rows = []
        for item in loaded.frequent:
            at = _time(item.next_at, config.zone(item.schedule), loaded.start)
            of = f"next of {_rhythm(item.schedule)}, {_audience(item.schedule)}"
            rows.append((at, item.schedule.name, of))
        yield "Through every day", rows
    for day in loaded.days:
        rows = list(_day_rows(day, config))
        if rows or day.clock_change:
            yield f"{day.day:%A %Y-%m-%d}{_clock_change(day)}", rows
    if not any(day.slots or day.articles for day in loaded.days):
        until = f"{loaded.days[-1].day:%A %Y-%m-%d}"
        yield f"No slot at a time of its own, and no embargo, until {until}", []


def _now_rows(loaded: "Agenda", zone: "ZoneInfo") -> "Iterator[_Row]":
    from syndicate.schedule.mail_status import describe_pause  # noqa: PLC0415 - start-up

    if loaded.pause is not None:
        since = _time(loaded.pause.at, zone, loaded.start)
        paused = f"is paused until `syndicate resume --all`: {describe_pause(loaded.pause)}"
        yield since, "all mail", paused
    for waiting in loaded.waiting:
        key, terms = waiting.edition.key, waiting.terms
        until = terms.approve_by or waiting.release_at
        at = _time(until, zone, loaded.start) if until is not None else ""
        wait = (
            f"last moment for `syndicate approve {key}`"
            if terms.approve_by is not None
            else f"is sent; until then `syndicate reject {key}` drops it"
        )
        why = "".join(f"; {finding}" for finding in terms.findings)
        yield at, f"edition {key}", f"{wait}{why}: {waiting.edition.subject}"
    for edition, totals in loaded.under_way:
        counts = f"{totals.accepted:,} of {totals.audience:,} accepted"
        paused = "is paused" if edition.state is EditionState.PAUSED else "is being sent"
        yield "", f"edition {edition.key}", f"{paused}, {counts}: {edition.subject}"
    for newsletter, finding in loaded.complaints.items():
        yield "", newsletter, f"its next editions wait for a person: {finding}"


def _day_rows(day: "AgendaDay", config: "Config") -> "Iterator[_Row]":
    """Yield the slots of a day and what becomes public on it, in order of time."""
    zone = config.publication.timezone
    rows: list[tuple[datetime, _Row]] = []
    for at, schedule in day.slots:
        local = at.astimezone(config.zone(schedule))
        shown = f"{local:%H:%M %Z}" if local.date() == day.day else f"{local:%a %H:%M %Z}"
        rows.append((at, (shown, schedule.name, _audience(schedule))))
    for article in day.articles:
        local = article.published.astimezone(zone)
        title = f"becomes public: {article.title}"
        rows.append((article.published, (f"{local:%H:%M %Z}", article.slug, title)))
    rows.sort(key=lambda row: row[0])
    return (row for _, row in rows)


def _audience(schedule: "Schedule") -> str:
    segment = f", segment {schedule.segment}" if schedule.segment else ""
    return f"{schedule.newsletter}{segment}"


def _rhythm(schedule: "Schedule") -> str:
    if schedule.every is not None:
        return f"every {clock.format_duration(schedule.every)}"
    return f"cron {schedule.cron}"


def _time(at: datetime, zone: "ZoneInfo", now: datetime) -> str:
    """Format a time, with its weekday unless that is today's."""
    local = at.astimezone(zone)
    today = local.date() == now.astimezone(zone).date()
    return f"{local:%H:%M %Z}" if today else f"{local:%a %H:%M %Z}"


def _clock_change(day: "AgendaDay") -> str:
    if not day.clock_change:
        return ""
    way = "forward" if day.clock_change > timedelta() else "back"
    return f" (the clocks go {way} by {clock.format_duration(abs(day.clock_change))})"


def _agenda_values(loaded: "Agenda", config: "Config") -> dict[str, Any]:
    return {
        "from": loaded.start,
        "until": loaded.until,
        "paused_since": loaded.pause.at if loaded.pause is not None else None,
        "waiting": [
            _edition_values(waiting.edition)
            | {"approve_by": waiting.terms.approve_by, "release_at": waiting.release_at}
            | {"findings": list(waiting.terms.findings)}
            for waiting in loaded.waiting
        ],
        "under_way": [
            _edition_values(edition) | {"state": edition.state, **asdict(totals)}
            for edition, totals in loaded.under_way
        ],
        "complaints": dict(loaded.complaints),
        "frequent": [
            _schedule_values(item.schedule)
            | {"rhythm": _rhythm(item.schedule)}
            | {"next": item.next_at.astimezone(config.zone(item.schedule))}
            for item in loaded.frequent
        ],
        "slots": [
            _schedule_values(schedule) | {"due_at": at.astimezone(config.zone(schedule))}
            for day in loaded.days
            for at, schedule in day.slots
        ],
        "articles": [
            {"slug": article.slug, "title": article.title, "public_at": article.published}
            for day in loaded.days
            for article in day.articles
        ],
    }


def _schedule_values(schedule: "Schedule") -> dict[str, Any]:
    return {
        "schedule": schedule.name,
        "newsletter": schedule.newsletter,
        "segment": schedule.segment,
    }


def _edition_values(edition: "Edition") -> dict[str, Any]:
    return {
        "edition": edition.key,
        "newsletter": edition.newsletter,
        "schedule": edition.schedule,
        "subject": edition.subject,
    }
