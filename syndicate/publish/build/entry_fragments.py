"""Telling: an article in words of lists and feeds, once for all that carry it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from syndicate.body.missing_media import without_files
from syndicate.config import Config
from syndicate.errors import Problem
from syndicate.model.articles import Article
from syndicate.model.compiled_body import CompiledBody
from syndicate.publish.build.memory import RenderCache
from syndicate.publish.build.report import TaskOutcome, said
from syndicate.publish.build.tasks import Missing
from syndicate.render.feeds import FORMATS, Tombstone
from syndicate.render.feeds.channel import build_entry, build_tombstone, build_withdrawn_entry
from syndicate.render.pages.list_pages import ListPages
from syndicate.store import Store, Transaction

_T = TypeVar("_T")

_TEASERS = 2_500_000
"""Bytes of stories that are remembered as lists tell them: some 3,000."""
_ENTRIES = 6_000_000
"""Bytes of what feeds tell that are remembered: some 330 stories, in three formats."""


@dataclass(frozen=True, slots=True)
class ListTeaser:
    """An article as lists tell it."""

    html: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class EntryFragments:
    """An article as feeds tell it."""

    fragments: dict[str, bytes]
    """By the name of the format's file."""
    modified: datetime
    heard: bool
    tombstone: Tombstone | None


class FragmentRenderer:
    """Tells articles, and remembers how; what can't be told is a problem, and left out."""

    def __init__(self, store: Store, config: Config, pages: ListPages) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._teasers = RenderCache[int, ListTeaser](_TEASERS)
        self._told = RenderCache[tuple[int, bool], EntryFragments](_ENTRIES)
        self._missing: Missing = {}

    def do_without(self, missing: Missing) -> None:
        """Render articles without these files; what they were rendered with is forgotten."""
        if missing or self._missing:
            both = (*missing, *self._missing)
            self.forget([k for k in both if missing.get(k) != self._missing.get(k)])
        self._missing = missing

    def teasers(
        self, keys: Sequence[int], outcome: TaskOutcome, *, at: datetime
    ) -> list[ListTeaser]:
        """Return articles as lists show them at `at`."""
        self.learn(keys, outcome, at=at)
        return self._teasers.recall(keys)

    def learn(self, keys: Sequence[int], outcome: TaskOutcome, *, at: datetime) -> None:
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

    def told(
        self, keys: Sequence[int], outcome: TaskOutcome, *, full: bool
    ) -> list[EntryFragments]:
        """Tell articles as feeds do, with the whole text where `full` is set."""
        wanted = [(key, full) for key in keys]
        unknown = [key for key, _ in wanted if (key, full) not in self._told]
        if unknown:
            with self._store.read() as tx:
                articles = self._articles(tx, unknown)
                galleys = tx.published.compiled_bodies(unknown) if full else {}

            def tell(article: Article) -> EntryFragments:
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
        articles = tx.published.articles(keys)
        if not self._missing:
            return articles
        return [without_files(a, self._missing.get(a.key, ())) for a in articles]

    def _teaser(self, article: Article) -> ListTeaser:
        return ListTeaser(self._pages.teaser(article), article.modified)

    def _tell(self, article: Article, galley: CompiledBody | None, *, full: bool) -> EntryFragments:
        if article.retracted_at is not None:
            told = build_withdrawn_entry(self._config, article)
            grave = build_tombstone(self._config, article)
        else:
            told, grave = build_entry(self._config, article, galley, full_text=full), None
        fragments = {each.file: each.write_entry(told) for each in FORMATS}
        return EntryFragments(fragments, told.modified, told.audio is not None, grave)


def _guarded(
    tell: Callable[[Article], _T], article: Article, outcome: TaskOutcome, where: str
) -> _T | None:
    try:
        return tell(article)
    except Exception as error:  # noqa: BLE001 - one article never breaks the others
        place = article.path or article.slug
        outcome.problems.append(Problem(place, f"left out of the {where}: {said(error)}"))
        return None
