"""`--watch`, and progress while a command delivers.

On a terminal, the display is redrawn every second. Elsewhere each change is a line, at most
one per edition and second.
"""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from syndicate import clock
from syndicate.cli.console import (
    COLOURS,
    echo,
    format_time,
    live_display,
    supports_live_display,
    supports_unicode,
    table_lines,
)
from syndicate.cli.context import CommandContext
from syndicate.cli.editions.control import edition_state, load_edition
from syndicate.cli.editions.relays import blocker_lines, format_rate
from syndicate.errors import ConfigError, StoreError
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import EditionProgress, EditionState

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.schedule.progress_report import ProgressSnapshot, ProgressWatcher
    from syndicate.store import Store

_POLL_INTERVAL = 1.0
"""Seconds."""
NOTHING = "nothing is being sent"
_BAR_WIDTH = 24
_OTHER_STATES = ("deferred", "failed", "expired", "skipped", "unknown")


def watch_editions(command: CommandContext, *, json: bool, only: int | None = None) -> None:
    """Show all editions until Ctrl-C, or `only` one until no delivery of it waits.

    Raise Refused for an unknown edition, and ConfigError where JSON is wanted, too.
    """
    from syndicate.schedule.progress_report import ProgressWatcher  # noqa: PLC0415 - start-up

    if json:
        raise ConfigError("--watch is for people and --json for scripts: use one of them")
    zone = command.config.publication.timezone
    with suppress(KeyboardInterrupt), command.store() as store:
        if only is not None:
            with store.read() as tx:
                load_edition(tx, only)
        watcher = ProgressWatcher(store, command.config, only=only)
        snapshots = _snapshots(watcher, until_done=only is not None)
        if supports_live_display():
            with live_display() as draw:
                for snapshot in snapshots:
                    draw(_page(snapshot, zone))
        else:
            for line in _changes(snapshots, zone):
                echo(line)
                sys.stdout.flush()


@contextmanager
def show_progress(store: "Store", config: "Config") -> Iterator[None]:
    """Show progress on stderr while the block delivers, if stderr is a terminal; then erase it."""
    if not supports_live_display(stderr=True):
        yield
        return
    from syndicate.schedule.progress_report import ProgressWatcher  # noqa: PLC0415 - start-up

    done = threading.Event()
    with live_display(stderr=True, transient=True) as draw:

        def follow() -> None:
            watcher, zone = ProgressWatcher(store, config), config.publication.timezone
            while not done.wait(_POLL_INTERVAL):
                with suppress(StoreError):  # the delivering thread reports it
                    draw(
                        Text(_edition_line(progress, zone))
                        for progress in watcher.poll(clock.now()).editions
                        if progress.totals.queued or progress.totals.sending
                    )

        follower = threading.Thread(target=follow, name="progress", daemon=True)
        follower.start()
        try:
            yield
        finally:
            done.set()
            follower.join()


def _snapshots(watcher: "ProgressWatcher", *, until_done: bool) -> "Iterator[ProgressSnapshot]":
    while True:
        snapshot = watcher.poll(clock.now())
        yield snapshot
        if until_done and not any(progress.totals.waiting for progress in snapshot.editions):
            return
        time.sleep(_POLL_INTERVAL)


def _page(snapshot: "ProgressSnapshot", zone: ZoneInfo) -> Iterator[Text]:
    if not snapshot.editions:
        yield Text(NOTHING)
        yield from map(Text, blocker_lines(snapshot.blockers, zone))
        return
    for progress in snapshot.editions:
        share = progress.share
        yield Text(f"edition {progress.edition.key}: {progress.edition.subject}")
        yield Text(f"  {draw_bar(share)} {int(share * 100):>3} %  {format_speed(progress, zone)}")
        counts = Text(f"  {format_counts(progress.totals)}")
        for word, colour in COLOURS.items():
            counts.highlight_words([word], colour)
        yield counts
    yield Text()
    headings = ("relay", "sessions", "rate", "accepted", "deferred", "failed")
    rows = [
        (r.name, r.sessions, format_rate(r.per_second), r.accepted, r.deferred, r.failed)
        for r in snapshot.mail_status.relays
    ]
    yield from table_lines(headings, rows)
    lines = list(blocker_lines(snapshot.blockers, zone))
    if lines:
        yield Text()
        yield from map(Text, lines)


def _changes(snapshots: "Iterable[ProgressSnapshot]", zone: ZoneInfo) -> Iterator[str]:
    known: dict[int, object] = {}
    reported: set[str] = set()
    for number, snapshot in enumerate(snapshots):
        at = f"{clock.now().astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
        if not snapshot.editions and not number:
            yield f"{at}  {NOTHING}"
        for progress in snapshot.editions:
            state = progress.totals, progress.edition.state
            if known.get(progress.edition.key) != state:
                known[progress.edition.key] = state
                yield f"{at}  {_edition_line(progress, zone)}{_relay_rates(snapshot)}"
        lines = list(blocker_lines(snapshot.blockers, zone))
        yield from (f"{at}  {line}" for line in lines if line not in reported)
        reported = set(lines)


def _edition_line(progress: EditionProgress, zone: ZoneInfo) -> str:
    counts = format_counts(progress.totals)
    return f"edition {progress.edition.key}: {counts}; {format_speed(progress, zone)}"


def _relay_rates(snapshot: "ProgressSnapshot") -> str:
    """Format the rate of each relay, if there are several."""
    relays = snapshot.mail_status.relays
    rates = [
        f"{relay.name} {format_rate(relay.per_second)}" for relay in relays if relay.per_second
    ]
    return f" ({', '.join(rates)})" if len(relays) > 1 and rates else ""


def draw_bar(share: float) -> str:
    """Draw a progress bar, in ASCII where the terminal shows nothing else."""
    full = int(share * _BAR_WIDTH)
    full_char, empty_char = "━─" if supports_unicode() else "#."
    return full_char * full + empty_char * (_BAR_WIDTH - full)


def format_counts(totals: DeliveryTotals) -> str:
    """Format an edition's counts: "7,320 of 12,000 accepted, 12 deferred, 3 failed"."""
    others = ((name, getattr(totals, name)) for name in _OTHER_STATES)
    rest = (f", {count:,} {name}" for name, count in others if count)
    return f"{totals.accepted:,} of {totals.audience:,} accepted{''.join(rest)}"


def format_unsettled(edition: int, count: int) -> str:
    """Write how many deliveries may have arrived, and what settles them."""
    settle = f"`syndicate settle {edition} --unknown resend|skip`"
    return f"{count:,} unknown: they may have arrived; waits for {settle}"


def format_speed(progress: EditionProgress, zone: ZoneInfo) -> str:
    """Format an edition's rate and remaining time: "812/s, done in 6 s"; or its state."""
    state = edition_state(progress.edition, progress.totals)
    if state != EditionState.SENDING:
        return state
    if not progress.totals.queued and not progress.totals.sending:
        return f"next attempt {format_time(progress.next_attempt_at, zone)}"
    if not progress.per_second:
        return "waiting"
    rate, left = format_rate(progress.per_second), progress.left
    return f"{rate}, done in {format_remaining(left)}" if left else rate


def format_remaining(time: timedelta) -> str:
    """Format a remaining time roughly: "40 s", "12 min", "3 h 5 min"."""
    seconds = int(time.total_seconds())
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if hours else f"{minutes} min"
