"""Show editions while they are being sent: `--watch`, and progress while a command delivers.

On a terminal, the display is redrawn every second. Elsewhere each change is a line, at most
one per edition and second.
"""

import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from syndicate import clock
from syndicate.cli.context import CommandContext
from syndicate.cli.editions.control import load_edition
from syndicate.cli.editions.progress_format import (
    blocker_lines,
    draw_bar,
    format_counts,
    format_rate,
    format_speed,
)
from syndicate.cli.terminal.console import (
    COLOURS,
    echo,
    live_display,
    supports_live_display,
    table_lines,
)
from syndicate.errors import StoreError
from syndicate.model.editions import EditionProgress, EditionState
from syndicate.schedule.progress_report import ProgressSnapshot, ProgressWatcher

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.store import Store

_POLL_INTERVAL = 1.0
"""Seconds."""
NOTHING = "nothing is being sent"


def watch(command: CommandContext, *, only: int | None = None) -> None:
    """Show all editions until Ctrl-C, or `only` one until no delivery of it waits.

    Raise Refused for an unknown edition.
    """
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


def _snapshots(watcher: ProgressWatcher, *, until_done: bool) -> Iterator[ProgressSnapshot]:
    while True:
        snapshot = watcher.poll(clock.now())
        yield snapshot
        if until_done and not any(progress.totals.waiting for progress in snapshot.editions):
            return
        time.sleep(_POLL_INTERVAL)


def _page(snapshot: ProgressSnapshot, zone: ZoneInfo) -> Iterator[Text]:
    if not snapshot.editions:
        yield Text(NOTHING)
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
    lines = list(_blocker_lines(snapshot, zone))
    if lines:
        yield Text()
        yield from map(Text, lines)


def _changes(snapshots: Iterable[ProgressSnapshot], zone: ZoneInfo) -> Iterator[str]:
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
        lines = list(_blocker_lines(snapshot, zone))
        yield from (f"{at}  {line}" for line in lines if line not in reported)
        reported = set(lines)


def _edition_line(progress: EditionProgress, zone: ZoneInfo) -> str:
    counts = format_counts(progress.totals)
    return f"edition {progress.edition.key}: {counts}; {format_speed(progress, zone)}"


def _relay_rates(snapshot: ProgressSnapshot) -> str:
    """Format the rate of each relay, if there are several."""
    relays = snapshot.mail_status.relays
    rates = [
        f"{relay.name} {format_rate(relay.per_second)}" for relay in relays if relay.per_second
    ]
    return f" ({', '.join(rates)})" if len(relays) > 1 and rates else ""


def _blocker_lines(snapshot: ProgressSnapshot, zone: ZoneInfo) -> Iterator[str]:
    waiting = [
        progress.totals
        for progress in snapshot.editions
        if progress.totals.waiting and progress.edition.state is EditionState.SENDING
    ]
    if waiting:
        queued = any(totals.queued for totals in waiting)
        yield from blocker_lines(snapshot.mail_status.edition_blockers(queued=queued), zone)
