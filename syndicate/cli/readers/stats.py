"""`subscribers stats`: how many readers there are, and how that changes."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, command_context
from syndicate.cli.terminal.console import echo, echo_json, echo_table

if TYPE_CHECKING:
    from syndicate.store import Growth, NewsletterCounts

COUNTS = ("confirmed", "pending", "left", "suppressed", "never_joined")
BY_DAY = 14
"""Days that are told one by one; of more, weeks are."""
WEEK = 7
HEIGHT = 10
"""Lines of the plot."""
WIDEST = 100
"""Columns of the plot, at most."""


@dataclass(frozen=True, slots=True)
class StatisticsPeriod:
    """A day or a week."""

    begins: date
    joined: int
    left: int
    total: int
    """How many subscriptions there were at its end."""


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command()(stats)


def stats(
    context: typer.Context,
    *,
    newsletter: Annotated[str | None, typer.Option(help="Of this newsletter alone.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How far back.")] = 90,
    json: AsJson = False,
) -> None:
    """Count readers by where they stand, and who came and went."""
    command = command_context(context)
    if newsletter is not None:
        command.newsletter(newsletter)
    zone = command.config.publication.timezone
    today = clock.now().astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    with command.store() as store, store.read() as tx:
        found = {tally.newsletter: tally for tally in tx.search.newsletter_counts()}
        grown = tx.search.growth(newsletter, since=datetime.combine(first, time(), zone))
    names = [one.name for one in command.config.newsletters]
    names = [newsletter] if newsletter else [*names, *(n for n in found if n not in names)]
    tallies = [_row(name, found.get(name)) for name in names]
    # those whose address isn't mailed have neither left nor gone from the trail's sum
    total = sum(row["confirmed"] + row["suppressed"] for _, row in tallies)
    by_day = _days(grown, first, today, total, zone)
    if json:
        told = [{"newsletter": name, **row} for name, row in tallies]
        echo_json({"newsletters": told, "days": [_values(day) for day in by_day]})
        return
    heads = [count.replace("_", " ") for count in COUNTS]
    echo_table(("newsletter", *heads), [(name, *row.values()) for name, row in tallies])
    echo()
    spans = by_day if days <= BY_DAY else list(_weeks(by_day))
    heading = "day" if days <= BY_DAY else "week from"
    rows = [(f"{s.begins}", s.joined, s.left, f"{s.joined - s.left:+}", s.total) for s in spans]
    echo_table((heading, "joined", "left", "net", "subscribed"), rows)
    if len(by_day) > 1 and sys.stdout.encoding.lower().startswith("utf"):
        echo()
        width = min(get_terminal_size((80, 24)).columns, WIDEST)
        for line in plot(by_day, width=width):
            echo(line)


def plot(days: Sequence[StatisticsPeriod], *, width: int) -> list[str]:
    """Draw how many were subscribed at the end of each day; return the lines, without colour."""
    import plotext  # noqa: PLC0415 - start-up

    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, HEIGHT)
    totals = [day.total for day in days]
    low, high = min(totals), max(totals)
    signal = figure.signal(list(range(len(days))), totals, marker="braille").lines()
    figure.draw(signal)
    ends = [0, len(days) // 2, len(days) - 1]
    figure.ruler("x").ticks(ends, [f"{days[end].begins}" for end in ends])
    levels = sorted({low, (low + high) // 2, high})
    figure.ruler("y").ticks(levels, [f"{level:,}" for level in levels])
    drawn: str = plotext.uncolorize(str(figure.build()))
    figure.clear()
    return [line.rstrip() for line in drawn.splitlines() if line.strip()]


def _row(name: str, tally: "NewsletterCounts | None") -> tuple[str, dict[str, int]]:
    return name, {count: getattr(tally, count) if tally else 0 for count in COUNTS}


def _days(
    grown: "Sequence[Growth]", first: date, last: date, total: int, zone: ZoneInfo
) -> list[StatisticsPeriod]:
    """Sort quarters of an hour into days; count back from today's total."""
    joined: dict[date, int] = {}
    left: dict[date, int] = {}
    for one in grown:
        day = one.at.astimezone(zone).date()
        joined[day] = joined.get(day, 0) + one.joined
        left[day] = left.get(day, 0) + one.left
    spans: list[StatisticsPeriod] = []
    for back in range((last - first).days + 1):
        day = last - timedelta(days=back)
        came, went = joined.get(day, 0), left.get(day, 0)
        spans.append(StatisticsPeriod(day, came, went, max(total, 0)))
        total += went - came
    return spans[::-1]


def _weeks(days: Sequence[StatisticsPeriod]) -> Iterator[StatisticsPeriod]:
    """Put days together by seven, so that the last week ends today."""
    short = len(days) % WEEK
    for start in range(short - WEEK if short else 0, len(days), WEEK):
        week = days[max(start, 0) : start + WEEK]
        joined, left = sum(day.joined for day in week), sum(day.left for day in week)
        yield StatisticsPeriod(week[0].begins, joined, left, week[-1].total)


def _values(day: StatisticsPeriod) -> dict[str, object]:
    return {
        "day": str(day.begins),
        "joined": day.joined,
        "left": day.left,
        "subscribed": day.total,
    }
