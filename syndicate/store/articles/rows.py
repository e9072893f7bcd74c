"""Converts between articles and their rows, and selects them."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select

from syndicate.model.articles import Article, Comments, Figure, Person, Recording, Revision, Status
from syndicate.store.database.schema import articles, revisions

REVISION_FIELDS = tuple(field.name for field in fields(Revision))
_IDENTITY = (
    "key", "id", "slug", "path", "source", "number", "revision", "first_seen", "retracted_at",
)  # fmt: skip
_NEWEST = and_(revisions.c.article == articles.c.key, revisions.c.number == articles.c.revision)
_COLUMNS = [articles.c[name] for name in _IDENTITY] + [
    revisions.c[name] for name in (*REVISION_FIELDS, "saved_at")
]
_NAMES = tuple(column.name for column in _COLUMNS)


def articles_query() -> Select[Any]:
    """Select articles with their newest revision."""
    return select(*_COLUMNS).join(revisions, _NEWEST)


def newest_first(query: Select[Any]) -> Select[Any]:
    """Order articles as lists show them."""
    return query.order_by(articles.c.published_at.desc(), articles.c.id)


def public_at(at: datetime) -> ColumnElement[bool]:
    """Match articles that readers may see at `at`."""
    return and_(
        articles.c.status != Status.DRAFT,
        articles.c.retracted_at.is_(None),
        articles.c.published_at <= at,
    )


def row_of(revision: Revision) -> dict[str, Any]:
    """Return the columns of a revision's row."""
    row = {name: getattr(revision, name) for name in REVISION_FIELDS}
    for name in ("authors", "contributors", "figures"):
        row[name] = [_flat(value) for value in row[name]]
    return row | {
        "tags": list(revision.tags),
        "old_addresses": list(revision.old_addresses),
        "image": _flat(revision.image) if revision.image else None,
        "audio": _flat(revision.audio) if revision.audio else None,
        "comments": _flat(revision.comments) if revision.comments else None,
        "translations": dict(revision.translations),
        "extra": dict(revision.extra),
    }


def article_of(row: Row[Any]) -> Article:
    """Make an article of a row of `articles_query`."""
    values = dict(zip(_NAMES, row, strict=True))
    image, audio, comments = values["image"], values["audio"], values["comments"]
    for name in ("tags", "old_addresses"):
        values[name] = tuple(values[name])
    for name in ("authors", "contributors"):
        values[name] = tuple(Person(**person) for person in values[name])
    values["figures"] = tuple(figure_of(**figure) for figure in values["figures"])
    values["image"] = figure_of(**image) if image else None
    values["audio"] = Recording(**audio) if audio else None
    values["comments"] = Comments(**comments) if comments else None
    return Article(**values)


def figure_of(*, variants: Iterable[int] = (), **row: Any) -> Figure:
    """Make a picture of its stored fields."""
    return Figure(**row, variants=tuple(variants))


def _flat(value: Person | Figure | Recording | Comments) -> dict[str, Any]:
    """Return a value's fields; `asdict` copies them, and takes ten times as long."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
