"""Telling: an article in words of lists and feeds, once for all that carry it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from syndicate.body.missing_media import without_files
from syndicate.config import Config
from syndicate.errors import Problem
from syndicate.model.articles import Article
from syndicate.model.compiled_body import Galley
from syndicate.publish.build.memory import Memory
from syndicate.publish.build.report import Outcome, said
from syndicate.publish.build.tasks import Missing
from syndicate.render.feeds import FORMATS, Tombstone
from syndicate.render.feeds.channel import entry, tombstone, withdrawn_entry
from syndicate.render.pages import Pages
from syndicate.store import Store, Transaction

_T = TypeVar("_T")

_TEASERS = 2_500_000
"""Bytes of stories that are remembered as lists tell them: some 3,000."""
_ENTRIES = 6_000_000
"""Bytes of what feeds tell that are remembered: some 330 stories, in three formats."""


@dataclass(frozen=True, slots=True)
class Teaser:
    """An article as lists tell it."""

    html: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """An article as feeds tell it."""

    fragments: dict[str, bytes]
    """By the name of the format's file."""
    modified: datetime
    heard: bool
    tombstone: Tombstone | None


class Teller:
    """Tells articles, and remembers how; what can't be told is a problem, and left out."""

    def __init__(self, store: Store, config: Config, pages: Pages) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._teasers = Memory[int, Teaser](_TEASERS)
        self._told = Memory[tuple[int, bool], Told](_ENTRIES)
        self._missing: Missing = {}

    def do_without(self, missing: Missing) -> None:
        """Render articles without these files; what they were rendered with is forgotten."""
        if missing or self._missing:
            both = (*missing, *self._missing)
            self.forget([k for k in both if missing.get(k) != self._missing.get(k)])
        self._missing = missing

    def teasers(self, keys: Sequence[int], outcome: Outcome, *, at: datetime) -> list[Teaser]:
        """Return articles as lists show them at `at`."""
        self.learn(keys, outcome, at=at)
        return self._teasers.recall(keys)

    def learn(self, keys: Sequence[int], outcome: Outcome, *, at: datetime) -> None:
        """Render articles as lists show them at `at`: one query for many lists."""
        breaking_for = self._config.publication.breaking_for
        unknown = [key for key in dict.fromkeys(keys) if key not in self._teasers]
        if unknown:
            with self._store.read() as tx:
                articles = self._articles(tx, unknown)
            for article in articles:
                shown = article.as_of(at, breaking_for)
                teaser = _guarded(self._teaser, shown, outcome, "lists")
                self._teasers.keep(article.key, teaser, len(teaser.html) if teaser else 0)

    def told(self, keys: Sequence[int], outcome: Outcome, *, full: bool) -> list[Told]:
        """Tell articles as feeds do, with the whole text where `full` is set."""
        wanted = [(key, full) for key in keys]
        unknown = [key for key, _ in wanted if (key, full) not in self._told]
        if unknown:
            with self._store.read() as tx:
                articles = self._articles(tx, unknown)
                galleys = tx.readership.galleys(unknown) if full else {}

            def tell(article: Article) -> Told:
                galley = None if article.key in self._missing else galleys.get(article.key)
                return self._tell(article, galley, full=full)

            for article in articles:
                told = _guarded(tell, article, outcome, "feeds")
                size = sum(map(len, told.fragments.values())) if told else 0
                self._told.keep((article.key, full), told, size)
        return self._told.recall(wanted)

    def forget(self, keys: Iterable[int] | None = None) -> None:
        """Tell articles anew the next time; all of them without `keys`."""
        if keys is None:
            self._told.clear()
            self._teasers.clear()
        for key in keys or ():
            self._teasers.forget(key)
            self._told.forget((key, True))
            self._told.forget((key, False))

    def _articles(self, tx: Transaction, keys: Sequence[int]) -> list[Article]:
        articles = tx.readership.articles(keys)
        if not self._missing:
            return articles
        return [without_files(a, self._missing.get(a.key, ())) for a in articles]

    def _teaser(self, article: Article) -> Teaser:
        return Teaser(self._pages.teaser(article), article.modified)

    def _tell(self, article: Article, galley: Galley | None, *, full: bool) -> Told:
        if article.retracted_at is not None:
            told = withdrawn_entry(self._config, article)
            grave = tombstone(self._config, article)
        else:
            told, grave = entry(self._config, article, galley, full_text=full), None
        fragments = {each.file: each.entry(told) for each in FORMATS}
        return Told(fragments, told.modified, told.audio is not None, grave)


def _guarded(
    tell: Callable[[Article], _T], article: Article, outcome: Outcome, where: str
) -> _T | None:
    try:
        return tell(article)
    except Exception as error:  # noqa: BLE001 - one article never breaks the others
        place = article.path or article.slug
        outcome.problems.append(Problem(place, f"left out of the {where}: {said(error)}"))
        return None
