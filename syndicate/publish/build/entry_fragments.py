"""Articles rendered for lists and feeds, once for all documents that contain them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from cachetools import LRUCache

from syndicate.body.figures import without_files
from syndicate.body.file_links import with_addresses
from syndicate.config import Config
from syndicate.errors import Problem
from syndicate.model.articles import Article, CompiledBody
from syndicate.publish.build.tasks import Missing, TaskOutcome, error_text
from syndicate.render.article_end import StoryCard
from syndicate.render.feeds.entries import (
    EntryFragments,
    build_entry,
    build_tombstone,
    build_withdrawn_entry,
)
from syndicate.render.feeds.formats import FORMATS
from syndicate.render.pages import ListPages
from syndicate.store import Store

_T = TypeVar("_T")
_Cache = LRUCache[tuple[int, bool], _T | None]
"""What was rendered, by the article's key and whether it has the whole text; None if it failed."""

_TEASER_CACHE_SIZE = 2_500_000
"""Bytes: some 3,000 teasers."""
_LEAD_CACHE_SIZE = 1_000_000
"""Bytes: the leads of some 1,000 lists."""
_CARD_CACHE_SIZE = 1_500_000
"""Bytes: some 3,000 articles at the end of another."""
_ENTRY_CACHE_SIZE = 6_000_000
"""Bytes: the entries of some 330 articles, in three formats."""


@dataclass(frozen=True, slots=True)
class ListTeaser:
    """An article in a list."""

    html: str
    modified: datetime


def _html_size(rendered: ListTeaser | StoryCard | None) -> int:
    return len(rendered.html) if rendered else 0


class FragmentRenderer:
    """Renders articles and caches the results; an article that fails is reported and left out."""

    def __init__(self, store: Store, config: Config, pages: ListPages) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._teasers: _Cache[ListTeaser] = LRUCache(_TEASER_CACHE_SIZE, _html_size)
        self._leads: _Cache[ListTeaser] = LRUCache(_LEAD_CACHE_SIZE, _html_size)
        self._cards: _Cache[StoryCard] = LRUCache(_CARD_CACHE_SIZE, _html_size)
        self._entries: _Cache[EntryFragments] = LRUCache(
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
        render = partial(self._teaser, at=at, lead=False)
        return self._render(render, self._teasers, keys, outcome, where="lists")

    def leads(
        self, keys: Sequence[int], outcome: TaskOutcome, *, at: datetime
    ) -> dict[int, ListTeaser | None]:
        """Return articles as the lists show them that they lead; as `teasers` does."""
        render = partial(self._teaser, at=at, lead=True)
        return self._render(render, self._leads, keys, outcome, where="lists")

    def entries(
        self, keys: Sequence[int], outcome: TaskOutcome, *, full: bool, at: datetime
    ) -> list[EntryFragments]:
        """Return articles as feeds show them at `at`, with the whole text where `full` is set."""
        render = partial(self._entry, full=full)
        found = self._render(
            render, self._entries, keys, outcome, where="feeds", full_at=at if full else None
        )
        return [entry for key in keys if (entry := found.get(key))]

    def cards(
        self, keys: Sequence[int], outcome: TaskOutcome, known: Iterable[Article] = ()
    ) -> dict[int, StoryCard | None]:
        """Return articles as the page of another one ends with them.

        Those in `known` need not be read.
        """
        articles = {article.key: article for article in known}

        def render(article: Article, _: CompiledBody | None) -> StoryCard:
            return self._pages.card(article)

        where = "ends of articles"
        return self._render(render, self._cards, keys, outcome, where=where, known=articles)

    def forget(self, keys: Collection[int] | None = None) -> None:
        """Remove articles from the cache; without `keys`, all."""
        caches: tuple[_Cache[Any], ...]
        caches = self._teasers, self._leads, self._cards, self._entries
        for cache in caches:
            if keys is None:
                cache.clear()
            for key in keys or ():
                cache.pop((key, False), None)
                cache.pop((key, True), None)

    def _render(
        self,
        render: Callable[[Article, CompiledBody | None], _T],
        cache: _Cache[_T],
        keys: Sequence[int],
        outcome: TaskOutcome,
        *,
        where: str,
        full_at: datetime | None = None,
        known: Mapping[int, Article] | None = None,
    ) -> dict[int, _T | None]:
        """Return articles from a cache, or else rendered.

        With `full_at`, they are rendered from their bodies, as their links are then.
        """
        full = full_at is not None
        found = {key: cache[key, full] for key in keys if (key, full) in cache}
        unknown = [key for key in dict.fromkeys(keys) if key not in found]
        if not unknown:
            return found
        articles = [article for key in unknown if (article := (known or {}).get(key))]
        unread = [key for key in unknown if key not in (known or {})]
        bodies: Mapping[int, CompiledBody] = {}
        targets: Mapping[str, Article] = {}
        if unread:
            with self._store.read() as tx:
                articles += tx.published.articles(unread)
                bodies = tx.published.compiled_bodies(unread) if full else {}
                targets = tx.file_links.find(articles) if full else {}
        for stored in articles:
            key, missing = stored.key, self._missing.get(stored.key)
            article = without_files(stored, missing) if missing else stored
            if full_at is not None:
                article = with_addresses(article, targets, full_at)
            body = bodies.get(key) if article is stored else None
            try:
                found[key] = render(article, body)
            except Exception as error:  # noqa: BLE001 - one article never breaks the others
                found[key] = None
                text = f"left out of the {where}: {error_text(error)}"
                outcome.problems.append(Problem(article.path or article.slug, text))
            with suppress(ValueError):  # it is larger than the cache
                cache[key, full] = found[key]
        return found

    def _teaser(
        self, article: Article, _: CompiledBody | None, *, at: datetime, lead: bool
    ) -> ListTeaser:
        shown = article.as_of(at, self._config.publication.breaking_for)
        return ListTeaser(self._pages.teaser(shown, lead=lead), article.modified)

    def _entry(self, article: Article, body: CompiledBody | None, *, full: bool) -> EntryFragments:
        if article.retracted_at is not None:
            feed_entry = build_withdrawn_entry(self._config, article)
            deleted = build_tombstone(self._config, article)
        else:
            people, deleted = self._pages.people, None
            feed_entry = build_entry(self._config, article, body, full_text=full, people=people)
        fragments = {writer.file: writer.write_entry(feed_entry) for writer in FORMATS}
        return EntryFragments(fragments, feed_entry.modified, feed_entry.audio is not None, deleted)
