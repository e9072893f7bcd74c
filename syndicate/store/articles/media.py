"""The type and size of each picture in `media/`; the bytes are in the folder."""

from sqlalchemy import select

from syndicate.model.articles import Figure
from syndicate.store.database.repository import Repository
from syndicate.store.database.schema import media
from syndicate.store.database.sql_engine import insert_new


class MediaCatalogue(Repository):
    """The publication's own pictures."""

    def add(self, figure: Figure) -> None:
        """Add a picture; its name is a hash of its content, so there is nothing to update."""
        insert_new(
            self._connection,
            media,
            {
                "src": figure.src,
                "type": figure.type,
                "width": figure.width,
                "height": figure.height,
                "length": figure.length,
                "variants": list(figure.variants),
            },
        )

    def get(self, src: str) -> Figure | None:
        """Find a picture by its `media/…` name; alt, caption and credit are the article's."""
        row = self._execute(select(media).where(media.c.src == src)).one_or_none()
        if row is None:
            return None
        return Figure(
            src=row.src,
            type=row.type,
            width=row.width,
            height=row.height,
            length=row.length,
            variants=tuple(row.variants),
        )
