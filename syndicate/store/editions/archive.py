"""The archive: the editions of newsletters that everybody may read.

Letters are left out, and so is what went to only a part of the readers. Positions count
from the oldest, so that a page of the list never changes. An edition with an article that
was retracted since keeps its position and isn't shown.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select

from syndicate.model.editions import NEVER_SENT, EditionKind
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import articles, contents, edition_items, editions


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
    """Whether an article in it was retracted since."""


class EditionArchive(Repository):
    """Editions that went to all readers of a newsletter."""

    def count(self, newsletter: str) -> int:
        """Count a newsletter's editions, withdrawn ones included."""
        return self._count(editions, *_of(newsletter))

    def list_range(self, newsletter: str, start: int, stop: int) -> list[ArchivedEdition]:
        """Return the editions from position `start` up to, not including, `stop`."""
        query = _EDITIONS.where(*_of(newsletter)).order_by(editions.c.key)
        return self._values(ArchivedEdition, query.offset(start).limit(stop - start))

    def newest(self, newsletter: str, limit: int) -> list[ArchivedEdition]:
        """Return the newest editions that are shown, the newest first."""
        query = _EDITIONS.where(*_of(newsletter), ~_WITHDRAWN).order_by(editions.c.key.desc())
        return self._values(ArchivedEdition, query.limit(limit))

    def find(self, newsletter: str, key: int) -> ArchivedEdition | None:
        """Find an edition of a newsletter."""
        query = _EDITIONS.where(*_of(newsletter), editions.c.key == key)
        return self._value(ArchivedEdition, query)

    def is_withdrawn(self, key: int) -> bool:
        """Whether an article of an edition, of any newsletter, was retracted since."""
        return self._exists(editions, editions.c.key == key, _WITHDRAWN)

    def adjacent(self, newsletter: str, key: int) -> tuple[int | None, int | None]:
        """Return the numbers of the editions shown before and after one, or None."""
        shown = select(editions.c.key).where(*_of(newsletter), ~_WITHDRAWN).limit(1)
        before = shown.where(editions.c.key < key).order_by(editions.c.key.desc())
        after = shown.where(editions.c.key > key).order_by(editions.c.key)
        return self._execute(before).scalar(), self._execute(after).scalar()


def _of(newsletter: str) -> tuple[ColumnElement[bool], ...]:
    return (
        editions.c.newsletter == newsletter,
        editions.c.kind.in_((EditionKind.ALERT, EditionKind.DIGEST)),
        editions.c.everybody.is_(True),
        editions.c.state.not_in(NEVER_SENT),
    )


_WITHDRAWN = exists(
    select(1)
    .select_from(edition_items.join(articles, articles.c.key == edition_items.c.article))
    .where(edition_items.c.edition == editions.c.key, articles.c.retracted_at.is_not(None))
    .correlate(editions)
)
_EDITIONS = select(
    editions.c.key,
    contents.c.subject,
    contents.c.preheader,
    editions.c.content,
    editions.c.created_at,
    _WITHDRAWN.label("withdrawn"),
).join(contents)
