"""The archive: editions of newsletters as everybody may read them.

Letters are left out, and what went to a part of a newsletter's readers.
They are counted from the oldest, so that a page of the list stays as it is. An
edition that carried an article retracted since keeps its place and isn't shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from syndicate.model.editions import EditionKind
from syndicate.store.database.schema import articles, contents, edition_items, editions

_PUBLIC = (EditionKind.ALERT, EditionKind.DIGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedEdition:
    """An edition as the archive lists it."""

    key: int
    subject: str
    preheader: str
    content: str
    """The hash of its content."""
    created_at: datetime
    withdrawn: bool
    """Whether something in it was retracted since."""


class EditionArchive:
    """What was mailed to whole newsletters."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self, newsletter: str) -> int:
        """Return how many editions a newsletter has had, withdrawn ones with them."""
        query = select(func.count()).select_from(editions).where(*_of(newsletter))
        return self._connection.execute(query).scalar_one()

    def list_range(self, newsletter: str, start: int, stop: int) -> list[ArchivedEdition]:
        """Return the editions from `start` to before `stop`, counted from the oldest, 0."""
        query = _issues().where(*_of(newsletter)).order_by(editions.c.key)
        return _read(self._connection.execute(query.offset(start).limit(stop - start)))

    def newest(self, newsletter: str, limit: int) -> list[ArchivedEdition]:
        """Return the newest editions that are shown, the newest first."""
        query = _issues().where(*_of(newsletter), ~_withdrawn())
        return _read(self._connection.execute(query.order_by(editions.c.key.desc()).limit(limit)))

    def find(self, newsletter: str, key: int) -> ArchivedEdition | None:
        """Find an edition of a newsletter."""
        query = _issues().where(*_of(newsletter), editions.c.key == key)
        found = _read(self._connection.execute(query))
        return found[0] if found else None

    def is_withdrawn(self, key: int) -> bool:
        """Tell whether an article of an edition, of whatever newsletter, was retracted since."""
        query = select(editions.c.key).where(editions.c.key == key, _withdrawn())
        return self._connection.execute(query).first() is not None

    def adjacent(self, newsletter: str, key: int) -> tuple[int | None, int | None]:
        """Return the numbers of the editions shown before and after one."""
        shown = select(editions.c.key).where(*_of(newsletter), ~_withdrawn()).limit(1)
        before = shown.where(editions.c.key < key).order_by(editions.c.key.desc())
        after = shown.where(editions.c.key > key).order_by(editions.c.key)
        return self._connection.execute(before).scalar(), self._connection.execute(after).scalar()


def _of(newsletter: str) -> tuple[Any, ...]:
    mine = editions.c.newsletter == newsletter
    return mine, editions.c.kind.in_(_PUBLIC), editions.c.everybody.is_(True)


def _withdrawn() -> Any:
    carried = edition_items.join(articles, articles.c.key == edition_items.c.article)
    return exists(
        select(1)
        .select_from(carried)
        .where(edition_items.c.edition == editions.c.key, articles.c.retracted_at.is_not(None))
        .correlate(editions)
    )


def _issues() -> Select[Any]:
    return select(
        editions.c.key,
        contents.c.subject,
        contents.c.preheader,
        editions.c.content,
        editions.c.created_at,
        _withdrawn().label("withdrawn"),
    ).join(contents)


def _read(rows: Iterable[Row[Any]]) -> list[ArchivedEdition]:
    return [ArchivedEdition(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it
