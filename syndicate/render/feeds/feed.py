"""The feeds of a publication: one of everything, and one of each section."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.render import addresses
from syndicate.render.feeds.channel import title


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed selects, and which page it belongs to."""

    section: str | None = None
    """As its newest article spells it; None: everything."""
    title: str
    home: str
    """The address of its page, from the root; its documents lie beside that."""
    articles: tuple[Article, ...]
    """The newest, as many as a feed holds, newest first."""
    since: datetime
    """When its oldest article appeared; the epoch where there is none."""

    @classmethod
    def all(cls, config: Config, articles: Sequence[Article]) -> tuple[Self, ...]:
        """List the feeds of public articles, newest first: everything, then each section."""
        sections: dict[str, list[Article]] = {}
        for article in articles:
            if article.section:
                sections.setdefault(addresses.section(article.section), []).append(article)
        return (
            cls._of(config, addresses.HOME, None, articles),
            *(
                cls._of(config, home, inside[0].section, inside)
                for home, inside in sorted(sections.items())
            ),
        )

    @classmethod
    def _of(
        cls, config: Config, home: str, section: str | None, articles: Sequence[Article]
    ) -> Self:
        return cls(
            section=section,
            title=title(config, section),
            home=home,
            articles=tuple(articles[: config.feeds.items]),
            since=articles[-1].published if articles else EPOCH,
        )
