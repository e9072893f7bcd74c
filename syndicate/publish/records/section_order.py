"""The order of each section: its public articles by their public numbers, as of the last build.

The page of an article ends with those before it, so a new article, whose number is the highest,
changes no other page, and a changed one those of the few after it.
"""

import sqlite3
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from itertools import chain

from syndicate.config import Config
from syndicate.render import addresses
from syndicate.store.articles.section_numbers import NumberedArticle

PRECEDING = 3
"""How many articles the page of another ends with."""
_UNNUMBERED = 1 << 60
"""Added to the key of an article without a number, which comes after all others."""


class SectionOrder:
    """The order of one output folder, stored in its manifest.

    Articles of one language stay among themselves, and so do those without a section.
    """

    def __init__(self, database: sqlite3.Connection, config: Config) -> None:
        self._database = database
        self._language = config.publication.language

    def replace(self, articles: Iterable[NumberedArticle]) -> None:
        """Put all articles in order."""
        self._database.execute("DELETE FROM numbered")
        self._insert(articles)

    def update(self, keys: Collection[int], articles: Iterable[NumberedArticle]) -> set[int]:
        """Put changed articles in order; return the keys of the others whose page changes by it.

        Those of `keys` that are not among `articles` are public no more.
        """
        followers = self.followers(keys)
        self.remove(keys)
        self._insert(articles)
        return (followers | self.followers(keys)).difference(keys)

    def remove(self, keys: Iterable[int]) -> None:
        """Remove articles that have no page."""
        self._database.executemany(
            "DELETE FROM numbered WHERE article = ?", ((key,) for key in keys)
        )

    def followers(self, keys: Iterable[int]) -> set[int]:
        """Return the keys of the articles whose pages end with one of these."""
        query = (
            "SELECT later.article FROM numbered AS own JOIN numbered AS later"
            " ON later.section = own.section AND later.number > own.number"
            " WHERE own.article = ? ORDER BY later.number LIMIT ?"
        )
        found = (self._database.execute(query, (key, PRECEDING)) for key in keys)
        return {key for (key,) in chain.from_iterable(found)}

    def preceding(self, keys: Collection[int]) -> dict[int, tuple[int, ...]]:
        """Return the articles before each of these, the nearest first."""
        query = (
            "SELECT earlier.article FROM numbered AS own JOIN numbered AS earlier"
            " ON earlier.section = own.section AND earlier.number < own.number"
            " WHERE own.article = ? ORDER BY earlier.number DESC LIMIT ?"
        )
        return {
            key: tuple(row[0] for row in self._database.execute(query, (key, PRECEDING)))
            for key in keys
        }

    def all_preceding(self) -> Mapping[int, tuple[int, ...]]:
        """Return the articles before each article, the nearest first."""
        preceding: dict[int, tuple[int, ...]] = {}
        current, before = "", deque[int](maxlen=PRECEDING)
        query = "SELECT article, section FROM numbered ORDER BY section, number"
        for article, section in self._database.execute(query):
            if section != current:
                current = section
                before.clear()
            preceding[article] = tuple(before)
            before.appendleft(article)
        return preceding

    def _insert(self, articles: Iterable[NumberedArticle]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO numbered VALUES (?, ?, ?)",
            ((article.key, self._section(article), _number(article)) for article in articles),
        )

    def _section(self, article: NumberedArticle) -> str:
        section = article.section or ""
        address = addresses.section(section) if section.strip() else ""
        return f"{(article.language or self._language).lower()} {address}"


def _number(article: NumberedArticle) -> int:
    return _UNNUMBERED + article.key if article.number is None else article.number
