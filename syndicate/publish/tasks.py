"""What a printer is asked for: small values that travel between processes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndicate.render.topics import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Articles:
    """The pages of some articles, as of a moment, by their keys."""

    keys: tuple[int, ...]
    at: datetime
    anew: bool = False
    """Whether to look into pictures that are there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a topic's list."""

    topic: Topic
    address: str
    number: int | None
    """Counted from the oldest, from 1; None for the page with the newest."""
    articles: tuple[int, ...]
    """Newest first."""
    newer: str | None = None
    older: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a topic's feed, in all of its formats."""

    topic: Topic
    folder: str
    """The address that its formats lie at."""
    rows: tuple[int, ...]
    """Articles, those that were withdrawn among them, newest first."""
    history: Mapping[str, Any] | None = None
    """The fields of its `Archive`, where it has a history."""


Task = Articles | Page | Document
