"""Corrections in mail: which copies of an article are wrong, and what an edition says of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from syndicate.model.articles import Article, Correction

CORRECTED_WITHIN = timedelta(days=7)
"""How long after an edition was composed its readers are sent corrections of their own."""
MAX_NOTES = 10
"""How many corrected articles an edition names; further ones are named by the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleNote:
    """A corrected article, and what an edition says of it to those who had an earlier revision."""

    article: Article
    since: int
    """The revision that its readers had."""
    corrections: tuple[Correction, ...]
    """The corrections that they haven't read; empty where it was changed without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongCopies:
    """The copies of an article that a correction is for: those of a newsletter's editions."""

    article: int
    revisions: tuple[int, ...]
    """The wrong revisions, ascending."""
    since: datetime
    """Editions that were composed earlier don't count."""

    def to_json(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        since = self.since.isoformat()
        return {"article": self.article, "revisions": list(self.revisions), "since": since}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `to_json` was made of."""
        return cls(
            article=stored["article"],
            revisions=tuple(stored["revisions"]),
            since=datetime.fromisoformat(stored["since"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedStory:
    """An article of an edition, and what became of it since."""

    slug: str
    title: str
    """As the edition had it."""
    revision: int
    newest: int
    """The article's newest revision."""
    corrected: bool
    """Whether it has a correction that the edition's revision lacks."""
    retracted: bool

    @property
    def since(self) -> str:
        """What happened to it since: retracted, corrected or changed; empty for nothing."""
        if self.retracted or self.corrected:
            return "retracted" if self.retracted else "corrected"
        return "changed" if self.newest > self.revision else ""
