"""What a newsletter or schedule that has another name now leaves behind under its old one."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from syndicate.clock import EPOCH
from syndicate.config import Config, Schedule
from syndicate.model.article_selection import select_articles
from syndicate.model.article_window import ArticleWindow
from syndicate.model.articles import Article
from syndicate.model.subscribers import SubscriptionState
from syndicate.schedule.beginning import beginning_there_would_be
from syndicate.schedule.composer import counted
from syndicate.store import Store, Transaction
from syndicate.store.editions.fires import KnownSchedule

NAMED = 5
"""How many slugs a message names; the rest is counted."""
_DAY = timedelta(days=1)
_TOGETHER = timedelta(days=31)
"""Schedules of which the last slots lie closer than this ended at the same time."""


def left_behind(store: Store, config: Config, *, at: datetime) -> list[str]:
    """Say which readers no newsletter reaches, and which stories no schedule carries.

    Each message is one line, with the numbers and what to do about it.
    """
    with store.read() as tx:
        return [*_readers(tx, config), *_stories(tx, config, at)]


def left_behind_daily(store: Store, config: Config, *, at: datetime) -> list[str]:
    """Say the same, each message once a day: for passes that come every minute."""
    found = left_behind(store, config, at=at)
    if not found:
        return []
    with store.write() as tx:
        return [
            message
            for message in found
            if tx.attempt_limits.take(f"left behind: {message}", most=1, per=_DAY, at=at)
        ]


def _readers(tx: Transaction, config: Config) -> Iterator[str]:
    subscribed = tx.newsletters.subscription_counts()
    free = [item.name for item in config.newsletters if item.name not in subscribed]
    to = free[0] if len(free) == 1 else "NAME"
    for name, states in sorted(subscribed.items()):
        if config.newsletter(name) is not None:
            continue
        count, unconfirmed = sum(states.values()), states.get(SubscriptionState.PENDING, 0)
        readers = "1 reader is" if count == 1 else f"{count:,} readers are"
        pending = f" ({unconfirmed:,} of them not yet confirmed)" if unconfirmed else ""
        yield (
            f"newsletters: {readers} subscribed to {name!r}{pending}, which is not in the "
            "configuration, so nothing is sent to them; if it has another name now: "
            f"`syndicate subscribers move --from {name} --to {to}`"
        )


def _stories(tx: Transaction, config: Config, at: datetime) -> Iterator[str]:
    known = tx.schedules.all()
    begun = {schedule.name for schedule in known if schedule.has_editions}
    for schedule in config.schedules:
        gone = _gone(known, schedule, config)
        if not gone or schedule.name in begun:
            continue
        between = _between(tx, schedule, after=min(ended.upto for ended in gone), at=at)
        if between:
            yield _uncarried(schedule, [ended.name for ended in gone], between)


def _gone(known: list[KnownSchedule], schedule: Schedule, config: Config) -> list[KnownSchedule]:
    """Return the schedules of the same newsletter that ended last, all at about one time."""
    gone = [
        ended
        for ended in known
        if ended.newsletter == schedule.newsletter and config.schedule(ended.name) is None
    ]
    newest = max((ended.last_slot or EPOCH for ended in gone), default=EPOCH)
    return [ended for ended in gone if newest - (ended.last_slot or EPOCH) < _TOGETHER]


def _between(
    tx: Transaction, schedule: Schedule, *, after: int, at: datetime
) -> tuple[Article, ...]:
    """Return what is past the last edition of the old schedule and before the new one begins."""
    beginning = beginning_there_would_be(tx, schedule.name, at=at)
    window = ArticleWindow.of(beginning, schedule.begin_with, last=None)
    its = {article.key for article in tx.articles.candidates(schedule.newsletter, window, at)}
    found = tx.articles.candidates(schedule.newsletter, ArticleWindow(after=after), at)
    between = [article for article in found if article.key not in its]
    return select_articles(between, schedule.select, at=at).carried


def _uncarried(schedule: Schedule, gone: list[str], between: tuple[Article, ...]) -> str:
    names = " and ".join(repr(name) for name in gone)
    are = "is" if len(gone) == 1 else "are"
    slugs = ", ".join(article.slug for article in between[:NAMED])
    more = f" and {len(between) - NAMED} more" if len(between) > NAMED else ""
    return (
        f"schedules: {counted(len(between))} came after the last edition of {names}, which {are} "
        f"not in the configuration, and before {schedule.name!r} began, so no edition of "
        f"{schedule.newsletter} carries them: {slugs}{more}; give {schedule.name!r} a begin_with, "
        f"or `syndicate send {schedule.newsletter} --article SLUG`"
    )
