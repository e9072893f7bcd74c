"""What is being sent, as it goes: `--watch`, and a few lines while a command delivers.

A terminal is drawn over once a second. Elsewhere each change is a line, of each
edition at most one a second.
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
from syndicate.cli.context import Context
from syndicate.cli.editions.progress_bar import WAY, bar, counts, obstacles, rate, speed, way_row
from syndicate.cli.terminal.console import COLOURS, can_be_redrawn, laid_out, redrawn, say
from syndicate.errors import Refused, StoreError
from syndicate.model.edition_progress import EditionProgress
from syndicate.model.editions import EditionState
from syndicate.schedule.progress_report import ProgressSnapshot, ProgressWatcher

if TYPE_CHECKING:
    from syndicate.config import Config
    from syndicate.store import Store

_EVERY = 1.0
"""Seconds between two looks."""
NOTHING = "nothing is being sent"


def watch(ours: Context, *, only: int | None = None) -> None:
    """Show what is being sent until Ctrl-C, or, of `only` one edition, until nothing of it waits.

    Raise Refused where there is no such edition.
    """
    zone = ours.config.publication.timezone
    with suppress(KeyboardInterrupt), ours.store() as store:
        with store.read() as tx:
            if only is not None and tx.editions.by_key(only) is None:
                raise Refused(f"there is no edition {only}; `syndicate editions` lists them")
        views = _views(ProgressWatcher(store, ours.config, only=only), until_done=only is not None)
        if can_be_redrawn():
            with redrawn() as draw:
                for view in views:
                    draw(_page(view, zone))
        else:
            for line in _news(views, zone):
                say(line)
                sys.stdout.flush()


@contextmanager
def shown(store: "Store", config: "Config") -> Iterator[None]:
    """Show on stderr how far what is sent is, while the block works; nothing of it stays.

    Where stderr is no terminal, nothing is shown.
    """
    if not can_be_redrawn(stderr=True):
        yield
        return
    over = threading.Event()
    with redrawn(stderr=True, transient=True) as draw:

        def follow() -> None:
            watcher, zone = ProgressWatcher(store, config), config.publication.timezone
            while not over.wait(_EVERY):
                with suppress(StoreError):  # whoever works tells of it
                    draw(map(Text, _going(watcher.poll(clock.now()), zone)))

        follower = threading.Thread(target=follow, name="progress", daemon=True)
        follower.start()
        try:
            yield
        finally:
            over.set()
            follower.join()


def _views(watcher: ProgressWatcher, *, until_done: bool) -> Iterator[ProgressSnapshot]:
    while True:
        view = watcher.poll(clock.now())
        yield view
        if until_done and not any(one.totals.waiting for one in view.editions):
            return
        time.sleep(_EVERY)


def _page(view: ProgressSnapshot, zone: ZoneInfo) -> Iterator[Text]:
    """Draw all there is to see."""
    if not view.editions:
        yield Text(NOTHING)
        return
    for one in view.editions:
        yield Text(f"edition {one.edition.key}: {one.edition.subject}")
        yield Text(f"  {bar(one.share)} {int(one.share * 100):>3} %  {speed(one, zone)}")
        yield _coloured(f"  {counts(one.totals)}")
    yield Text()
    yield from laid_out(WAY, map(way_row, view.mail_status.relays))
    lines = list(_in_the_way(view, zone))
    if lines:
        yield Text()
        yield from map(Text, lines)


def _coloured(line: str) -> Text:
    text = Text(line)
    for word, colour in COLOURS.items():
        text.highlight_words([word], colour)
    return text


def _news(views: Iterable[ProgressSnapshot], zone: ZoneInfo) -> Iterator[str]:
    """Say what is new, a line each."""
    known: dict[int, object] = {}
    barred: set[str] = set()
    for number, view in enumerate(views):
        at = f"{clock.now().astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
        if not view.editions and not number:
            yield f"{at}  {NOTHING}"
        for one in view.editions:
            stands = one.totals, one.edition.state
            if known.get(one.edition.key) != stands:
                known[one.edition.key] = stands
                yield f"{at}  {_in_a_line(one, zone)}{_shares(view)}"
        lines = list(_in_the_way(view, zone))
        yield from (f"{at}  {line}" for line in lines if line not in barred)
        barred = set(lines)


def _going(view: ProgressSnapshot, zone: ZoneInfo) -> Iterator[str]:
    """Say how far each edition is that goes on."""
    for one in view.editions:
        if one.totals.queued or one.totals.sending:
            yield _in_a_line(one, zone)


def _in_a_line(one: EditionProgress, zone: ZoneInfo) -> str:
    return f"edition {one.edition.key}: {counts(one.totals)}; {speed(one, zone)}"


def _shares(view: ProgressSnapshot) -> str:
    """Say how fast each of several relays is."""
    at_work = [way for way in view.mail_status.relays if way.per_second]
    if len(view.mail_status.relays) == 1 or not at_work:
        return ""
    return f" ({', '.join(f'{way.name} {rate(way.per_second)}' for way in at_work)})"


def _in_the_way(view: ProgressSnapshot, zone: ZoneInfo) -> Iterator[str]:
    waiting = [
        one
        for one in view.editions
        if one.totals.waiting and one.edition.state is EditionState.SENDING
    ]
    if waiting:
        queued = any(one.totals.queued for one in waiting)
        yield from obstacles(view.mail_status.edition_blockers(queued=queued), zone)
