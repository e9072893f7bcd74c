"""Find the readers and articles that a renamed or deleted newsletter or schedule leaves behind."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from syndicate.clock import EPOCH
from syndicate.config import Config, Schedule
from syndicate.model.article_selection import ArticleWindow, select_articles
from syndicate.model.articles import Article
from syndicate.model.subscribers import SubscriptionState
from syndicate.schedule.schedule_start import schedule_start
from syndicate.store import Store, Transaction
from syndicate.store.editions.fires import KnownSchedule
from syndicate.text import count_of

_SLUGS_SHOWN = 5
_DAY = timedelta(days=1)
_SAME_TIME = timedelta(days=31)
"""Schedules whose last slots are closer together than this count as ended at the same time."""


def find_orphans(store: Store, config: Config, *, at: datetime) -> list[str]:
    """Report readers that no newsletter reaches, and articles that no schedule carries."""
    with store.read() as tx:
        return [*_readers(tx, config), *_articles(tx, config, at)]


def find_orphans_daily(store: Store, config: Config, *, at: datetime) -> list[str]:
    """Like `find_orphans`, but each message at most once a day: for a tick every minute."""
    messages = find_orphans(store, config, at=at)
    if not messages:
        return []
    with store.write() as tx:
        return [
            message
            for message in messages
            if tx.attempt_limits.take(f"left behind: {message}", limit=1, per=_DAY, at=at) is None
        ]


def _readers(tx: Transaction, config: Config) -> Iterator[str]:
    subscribed = tx.newsletters.subscription_counts()
    unused = [item.name for item in config.newsletters if item.name not in subscribed]
    to = unused[0] if len(unused) == 1 else "NAME"
    for name, states in sorted(subscribed.items()):
        if config.newsletter(name) is not None:
            continue
        count, unconfirmed = sum(states.values()), states.get(SubscriptionState.PENDING, 0)
        readers = "1 reader is" if count == 1 else f"{count:,} readers are"
        pending = f" ({unconfirmed:,} of them not yet confirmed)" if unconfirmed else ""
        yield (
            f"newsletters: {readers} subscribed to {name!r}{pending}, which is not in the "
            "configuration, so nothing is sent to them; if you renamed it, run "
            f"`syndicate subscribers move --from {name} --to {to}`"
        )


def _articles(tx: Transaction, config: Config, at: datetime) -> Iterator[str]:
    known = tx.schedules.all()
    started = {schedule.name for schedule in known if schedule.has_editions}
    for schedule in config.schedules:
        ended = _ended(known, schedule, config)
        if not ended or schedule.name in started:
            continue
        # those past the old schedule's last edition and before the new one's start
        after = ArticleWindow(after=min(old.upto for old in ended))
        start = schedule_start(tx, schedule.name, at=at, keep=False)
        window = ArticleWindow.of(start, schedule.begin_with, last=None)
        covered = {item.key for item in tx.articles.candidates(schedule.newsletter, window, at)}
        later = tx.articles.candidates(schedule.newsletter, after, at)
        between = [article for article in later if article.key not in covered]
        if articles := select_articles(between, schedule.select, at=at).carried:
            yield _uncarried(schedule, [old.name for old in ended], articles)


def _ended(known: list[KnownSchedule], schedule: Schedule, config: Config) -> list[KnownSchedule]:
    """Return the deleted schedules of the same newsletter that ended last, at about one time."""
    deleted = [
        old
        for old in known
        if old.newsletter == schedule.newsletter and config.schedule(old.name) is None
    ]
    newest = max((old.last_slot or EPOCH for old in deleted), default=EPOCH)
    return [old for old in deleted if newest - (old.last_slot or EPOCH) < _SAME_TIME]


def _uncarried(schedule: Schedule, ended: list[str], articles: tuple[Article, ...]) -> str:
    names = " and ".join(repr(name) for name in ended)
    are = "is" if len(ended) == 1 else "are"
    slugs = ", ".join(article.slug for article in articles[:_SLUGS_SHOWN])
    rest = len(articles) - _SLUGS_SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return (
        f"schedules: {count_of(len(articles), 'article')} came after the last edition of {names}, "
        f"which {are} not in the configuration, and before {schedule.name!r} started, so no "
        f"edition of {schedule.newsletter} carries them: {slugs}{more}; "
        f"give {schedule.name!r} a begin_with, "
        f"or run `syndicate send {schedule.newsletter} --article SLUG`"
    )
