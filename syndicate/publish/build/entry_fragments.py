"""Articles rendered for lists and feeds, once for all documents that contain them."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cachetools import LRUCache

from syndicate.body.figures import without_files
from syndicate.config import Config
from syndicate.errors import Problem
from syndicate.model.articles import Article, CompiledBody
from syndicate.publish.build.tasks import Missing, TaskOutcome, error_text
from syndicate.render.feeds.entries import (
    EntryFragments,
    build_entry,
    build_tombstone,
    build_withdrawn_entry,
)
from syndicate.render.feeds.formats import FORMATS
from syndicate.render.pages import ListPages
from syndicate.store import Store, Transaction

_K = TypeVar("_K")
_T = TypeVar("_T")

_TEASER_CACHE_SIZE = 2_500_000
"""Bytes: some 3,000 teasers."""
_ENTRY_CACHE_SIZE = 6_000_000
"""Bytes: the entries of some 330 articles, in three formats."""


@dataclass(frozen=True, slots=True)
class ListTeaser:
    """An article in a list."""

    html: str
    modified: datetime


class FragmentRenderer:
    """Renders articles and caches the results; an article that fails is reported and left out."""

    def __init__(self, store: Store, config: Config, pages: ListPages) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._teasers: LRUCache[int, ListTeaser | None] = LRUCache(
            _TEASER_CACHE_SIZE, lambda teaser: len(teaser.html) if teaser else 0
        )
        self._entries: LRUCache[tuple[int, bool], EntryFragments | None] = LRUCache(
            _ENTRY_CACHE_SIZE, lambda entry: sum(map(len, entry.fragments.values())) if entry else 0
        )
        self._missing: Missing = {}

    def set_missing(self, missing: Missing) -> None:
        """Render articles without these files; what was rendered with them is forgotten."""
        if missing or self._missing:
            both = (*missing, *self._missing)
            self.forget([key for key in both if missing.get(key) != self._missing.get(key)])
        self._missing = missing

    def teasers(
        self, keys: Sequence[int], outcome: TaskOutcome, *, at: datetime
    ) -> dict[int, ListTeaser | None]:
        """Return articles as lists show them at `at`; None for what can't be rendered."""
        breaking_for = self._config.publication.breaking_for
        found = {key: self._teasers[key] for key in keys if key in self._teasers}
        if unknown := [key for key in dict.fromkeys(keys) if key not in found]:
            with self._store.read() as tx:
                articles = self._articles(tx, unknown)

            def render(article: Article) -> ListTeaser:
                return ListTeaser(self._pages.teaser(article), article.modified)

            for article in articles:
                shown = article.as_of(at, breaking_for)
                found[article.key] = _render_or_report(render, shown, outcome, "lists")
                _keep(self._teasers, article.key, found[article.key])
        return found

    def entries(
        self, keys: Sequence[int], outcome: TaskOutcome, *, full: bool
    ) -> list[EntryFragments]:
        """Return articles as feeds show them, with the whole text where `full` is set."""
        found = {key: self._entries[key, full] for key in keys if (key, full) in self._entries}
        if unknown := [key for key in keys if key not in found]:
            with self._store.read() as tx:
                articles = self._articles(tx, unknown)
                bodies = tx.published.compiled_bodies(unknown) if full else {}

            def render(article: Article) -> EntryFragments:
                body = None if article.key in self._missing else bodies.get(article.key)
                return self._entry(article, body, full=full)

            for article in articles:
                found[article.key] = _render_or_report(render, article, outcome, "feeds")
                _keep(self._entries, (article.key, full), found[article.key])
        return [entry for key in keys if (entry := found.get(key))]

    def forget(self, keys: Iterable[int] | None = None) -> None:
        """Remove articles from the cache; without `keys`, all."""
        if keys is None:
            self._entries.clear()
            self._teasers.clear()
        for key in keys or ():
            self._teasers.pop(key, None)
            self._entries.pop((key, True), None)
            self._entries.pop((key, False), None)

    def _articles(self, tx: Transaction, keys: Sequence[int]) -> list[Article]:
        articles = tx.published.articles(keys)
        if not self._missing:
            return articles
        return [without_files(a, self._missing.get(a.key, ())) for a in articles]

    def _entry(self, article: Article, body: CompiledBody | None, *, full: bool) -> EntryFragments:
        if article.retracted_at is not None:
            feed_entry = build_withdrawn_entry(self._config, article)
            deleted = build_tombstone(self._config, article)
        else:
            feed_entry, deleted = build_entry(self._config, article, body, full_text=full), None
        fragments = {writer.file: writer.write_entry(feed_entry) for writer in FORMATS}
        return EntryFragments(fragments, feed_entry.modified, feed_entry.audio is not None, deleted)


def _keep(cache: LRUCache[_K, _T], key: _K, value: _T) -> None:
    with suppress(ValueError):  # it is larger than the cache
        cache[key] = value


def _render_or_report(
    render: Callable[[Article], _T], article: Article, outcome: TaskOutcome, where: str
) -> _T | None:
    try:
        return render(article)
    except Exception as error:  # noqa: BLE001 - one article never breaks the others
        place = article.path or article.slug
        outcome.problems.append(Problem(place, f"left out of the {where}: {error_text(error)}"))
        return None
