"""`subscribers stats` and `segments`: count readers, and show how their number changes."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Any, Self
from zoneinfo import ZoneInfo

from typer import Argument, Option

from syndicate import clock
from syndicate.cli.console import echo, echo_json, echo_table, note
from syndicate.cli.context import AsJson, CommandContext
from syndicate.cli.editions.feedback import recent_feedback_values
from syndicate.model.feedback import FeedbackTotals
from syndicate.model.subscribers import SuppressionKind

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.store import Growth, Transaction

COUNTS = ("confirmed", "pending", "left", "suppressed", "never_joined")
_NAMED = "`syndicate subscribers list --state suppressed` names who is suppressed"
_MAX_DAILY = 14
"""Days up to which each is listed; a longer time is listed by weeks."""
_WEEK = 7
_PLOT_HEIGHT = 10
"""Lines."""
_MAX_PLOT_WIDTH = 100
"""Columns."""


@dataclass(frozen=True, slots=True)
class StatisticsPeriod:
    """A day or a week."""

    begins: date
    joined: int
    left: int
    total: int
    """Subscriptions at its end."""


def stats(
    command: CommandContext,
    *,
    newsletter: Annotated[str | None, Option(help="Only this newsletter.")] = None,
    days: Annotated[int, Option(min=1, max=3660, help="How many days back.")] = 90,
    json: AsJson = False,
) -> None:
    """Count readers by state, those who joined and left, and whose mail came back."""
    if newsletter is not None:
        command.newsletter(newsletter)
    with command.store() as store, store.read() as tx:
        statistics = _Statistics.read(tx, command.config, newsletter, days=days, now=clock.now())
    if json:
        echo_json(statistics.values())
        return
    statistics.echo_newsletters()
    echo()
    statistics.echo_feedback()
    statistics.echo_changes()
    if days > 1 and sys.stdout.encoding.lower().startswith("utf"):
        echo()
        width = min(get_terminal_size((80, 24)).columns, _MAX_PLOT_WIDTH)
        for line in plot(statistics.days, width=width):
            echo(line)


@dataclass(frozen=True, slots=True)
class _NewsletterStatistics:
    name: str
    counts: dict[str, int]
    """Readers by state, one of COUNTS."""
    feedback: FeedbackTotals
    """What came back of its mail."""
    suppressed: Counter[SuppressionKind]

    @property
    def suppressed_by(self) -> dict[str, int]:
        """The suppressed readers by kind, such as `hard_bounce`."""
        return {kind.name.lower(): self.suppressed[kind] for kind in SuppressionKind}


@dataclass(frozen=True, slots=True)
class _Statistics:
    newsletters: list[_NewsletterStatistics]
    days: list[StatisticsPeriod]

    @classmethod
    def read(
        cls,
        tx: "Transaction",
        config: "Config",
        newsletter: str | None,
        *,
        days: int,
        now: datetime,
    ) -> Self:
        """Count the readers of one newsletter, or of all, and the changes of the last days."""
        zone = config.publication.timezone
        today = now.astimezone(zone).date()
        first = today - timedelta(days=days - 1)
        begin = datetime.combine(first, time(), zone)
        counts = {found.newsletter: found for found in tx.search.newsletter_counts()}
        came_back = tx.feedback_figures.recent(now, within=now - begin)
        suppressed = tx.feedback_figures.suppressed_readers()
        configured = [item.name for item in config.newsletters]
        newsletters = [
            _NewsletterStatistics(
                name,
                {state: getattr(counts.get(name), state, 0) for state in COUNTS},
                came_back.get(name, FeedbackTotals()),
                suppressed.get(name, Counter()),
            )
            for name in ([newsletter] if newsletter else dict.fromkeys([*configured, *counts]))
        ]
        # in the audit log, suppression is not a change of a subscription
        total = sum(item.counts["confirmed"] + item.counts["suppressed"] for item in newsletters)
        growth = tx.search.growth(newsletter, since=begin)
        return cls(newsletters, _days(growth, first, today, total, zone))

    def values(self) -> dict[str, Any]:
        """Return them for scripts."""
        return {
            "newsletters": [
                {
                    "newsletter": item.name,
                    **item.counts,
                    "suppressed_by": item.suppressed_by,
                    "feedback": recent_feedback_values(item.feedback),
                }
                for item in self.newsletters
            ],
            "days": [
                {"day": str(d.begins), "joined": d.joined, "left": d.left, "subscribed": d.total}
                for d in self.days
            ],
        }

    def echo_newsletters(self) -> None:
        """Print the readers of each newsletter by state."""
        headings = [count.replace("_", " ") for count in COUNTS]
        rows = [(item.name, *item.counts.values()) for item in self.newsletters]
        echo_table(("newsletter", *headings), rows)

    def echo_feedback(self) -> None:
        """Print whose mail came back, and whose address is suppressed, if there is anybody."""
        rows = []
        for item in self.newsletters:
            kinds = ", ".join(f"{n:,} by {kind}" for kind, n in item.suppressed_by.items() if n)
            counts = item.feedback.bounced, item.feedback.complained, item.feedback.unsubscribed
            rows.append((item.name, *counts, kinds.replace("_", " ")))
        if not any(cell for _, *cells in rows for cell in cells):
            return
        headings = ("newsletter", "bounced", "called it spam", "unsubscribed by mail", "suppressed")
        echo_table(headings, rows)
        note(f"what came back is of {len(self.days)} days; {_NAMED}")
        echo()

    def echo_changes(self) -> None:
        """Print who joined and left, by day or by week."""
        is_daily = len(self.days) <= _MAX_DAILY
        periods = self.days if is_daily else _weeks(self.days)
        rows = [
            (f"{p.begins}", p.joined, p.left, f"{p.joined - p.left:+}", p.total) for p in periods
        ]
        heading = "day" if is_daily else "week from"
        echo_table((heading, "joined", "left", "net", "subscribed"), rows)


def segments(command: CommandContext, *, json: AsJson = False) -> None:
    """List the segments in config.toml, with the number of people in each."""
    now = clock.now()
    with command.store() as store, store.read() as tx:
        rows = [
            {
                "name": segment.name,
                "people": tx.search.count_segment(command.config.criteria(segment.name), at=now),
                "where": segment.where,
                "description": segment.description,
            }
            for segment in command.config.segments
        ]
    if json:
        echo_json(rows)
        return
    echo_table(("segment", "people", "where", "description"), [row.values() for row in rows])
    if not rows:
        note("config.toml has no [[segments]]; docs/audience.md explains them")


def show(
    command: CommandContext,
    name: Annotated[str, Argument(help="Its name in config.toml.")],
    *,
    newsletter: Annotated[
        str | None, Option(help="Also count those whom this newsletter would reach now.")
    ] = None,
    addresses: Annotated[bool, Option("--list", help="List their addresses.")] = False,
    json: AsJson = False,
) -> None:
    """Count the people in a segment, or list them."""
    chosen = command.segment(name)
    if newsletter is not None:
        command.newsletter(newsletter)
    criteria, now = command.config.criteria(name), clock.now()
    with command.store() as store, store.read() as tx:
        found = tx.search.segment_addresses(criteria, newsletter, at=now)
        if addresses and not json:
            for email in found:
                echo(email)
            return
        people = tx.search.count_segment(criteria, at=now)
        reached = tx.search.count_segment(criteria, newsletter, at=now) if newsletter else None
        emails = list(found) if addresses else None
    if json:
        values = {"name": name, "where": chosen.where, "people": people}
        values |= {} if reached is None else {"newsletter": newsletter, "reached": reached}
        echo_json(values | ({} if emails is None else {"addresses": emails}))
        return
    echo(f"{name}: {people:,} {'person' if people == 1 else 'people'}")
    echo(f"  where {chosen.where}")
    if chosen.description:
        echo(f"  {chosen.description}")
    if reached is not None:
        echo(f"  {newsletter} would reach {reached:,} of them now")


def plot(days: Sequence[StatisticsPeriod], *, width: int) -> list[str]:
    """Plot the subscriptions at the end of each day; return the lines, without colour."""
    import plotext  # noqa: PLC0415 - start-up

    figure = plotext.figure
    figure.clear()
    figure.plot_size(width, _PLOT_HEIGHT)
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


def _days(
    growth: "Sequence[Growth]", first: date, last: date, total: int, zone: ZoneInfo
) -> list[StatisticsPeriod]:
    """Sum quarters of an hour by day, and count back from today's total."""
    joined, left = Counter[date](), Counter[date]()
    for quarter in growth:
        day = quarter.at.astimezone(zone).date()
        joined[day] += quarter.joined
        left[day] += quarter.left
    periods: list[StatisticsPeriod] = []
    for days_ago in range((last - first).days + 1):
        day = last - timedelta(days=days_ago)
        periods.append(StatisticsPeriod(day, joined[day], left[day], max(total, 0)))
        total += left[day] - joined[day]
    return periods[::-1]


def _weeks(days: Sequence[StatisticsPeriod]) -> Iterator[StatisticsPeriod]:
    """Group days by seven, so that the last week ends today."""
    short = len(days) % _WEEK
    for start in range(short - _WEEK if short else 0, len(days), _WEEK):
        week = days[max(start, 0) : start + _WEEK]
        joined, left = sum(day.joined for day in week), sum(day.left for day in week)
        yield StatisticsPeriod(week[0].begins, joined, left, week[-1].total)
