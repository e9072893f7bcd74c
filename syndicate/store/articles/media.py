"""The type and size of each picture in `media/`; the bytes are in the folder."""

from sqlalchemy import select

from syndicate.model.articles import Figure
from syndicate.store.articles.rows import figure_of
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import media

_COLUMNS = tuple(media.columns.keys())


class MediaCatalogue(Repository):
    """The publication's own pictures."""

    def add(self, figure: Figure) -> None:
        """Add a picture; its name is a hash of its content, so there is nothing to update."""
        self._insert_new(media, {name: getattr(figure, name) for name in _COLUMNS})

    def get(self, src: str) -> Figure | None:
        """Find a picture by its `media/…` name; alt, caption and credit are the article's."""
        return self._value(figure_of, select(media).where(media.c.src == src))
