"""Rows of articles as values, and values as rows."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select

from syndicate.model.articles import Article, Figure, Person, Recording, Revision, Status
from syndicate.store.schema import articles, revisions

SAVED = tuple(field.name for field in fields(Revision))
_IDENTITY = (
    "key", "id", "slug", "path", "source", "number", "revision", "first_seen", "retracted_at",
)  # fmt: skip
_NEWEST = and_(revisions.c.article == articles.c.key, revisions.c.number == articles.c.revision)
_COLUMNS = [articles.c[name] for name in _IDENTITY] + [
    revisions.c[name] for name in (*SAVED, "saved_at")
]


def articles_query() -> Select[Any]:
    """Select articles with their newest revision."""
    return select(*_COLUMNS).join(revisions, _NEWEST)


def newest_first(query: Select[Any]) -> Select[Any]:
    """Put a query of articles in the order of lists."""
    return query.order_by(articles.c.published_at.desc(), articles.c.id)


def public_at(at: datetime) -> ColumnElement[bool]:
    """Whether readers may see an article at `at`."""
    return and_(
        articles.c.status != Status.DRAFT,
        articles.c.retracted_at.is_(None),
        articles.c.published_at <= at,
    )


def row_of(revision: Revision) -> dict[str, Any]:
    """Return a revision as the columns of its row."""
    row = {name: getattr(revision, name) for name in SAVED}
    for name in ("authors", "contributors", "figures"):
        row[name] = [_flat(value) for value in row[name]]
    return row | {
        "tags": list(revision.tags),
        "image": _flat(revision.image) if revision.image else None,
        "audio": _flat(revision.audio) if revision.audio else None,
        "translations": dict(revision.translations),
        "extra": dict(revision.extra),
    }


def article_of(row: Row[Any]) -> Article:
    """Return the article that a row of `articles_query` is."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    image, audio = values["image"], values["audio"]
    return Article(
        **values
        | {
            "status": Status(values["status"]),
            "tags": tuple(values["tags"]),
            "authors": _people(values["authors"]),
            "contributors": _people(values["contributors"]),
            "figures": tuple(_figure(figure) for figure in values["figures"]),
            "image": _figure(image) if image else None,
            "audio": Recording(**audio) if audio else None,
        }
    )


def _figure(row: dict[str, Any]) -> Figure:
    return Figure(**row | {"variants": tuple(row.get("variants", ()))})


def _people(rows: Iterable[dict[str, Any]]) -> tuple[Person, ...]:
    return tuple(Person(**row) for row in rows)


def _flat(value: Person | Figure | Recording) -> dict[str, Any]:
    """Return a value's fields; `asdict` would copy them, in ten times the time."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
