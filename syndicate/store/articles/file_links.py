"""Finds the articles to which others link by their files."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from syndicate.body.file_links import linked_files
from syndicate.model.articles import Article
from syndicate.store.articles.reading import BATCH, ArticleReader
from syndicate.store.database.schema import articles as articles_table


class FileLinkTargets(ArticleReader):
    """Articles, as links to their files find them."""

    def find(self, articles: Iterable[Article]) -> dict[str, Article]:
        """Return the articles to which some link by their files, by path, whatever their state."""
        paths = sorted(linked_files(articles))
        batches = (paths[start : start + BATCH] for start in range(0, len(paths), BATCH))
        found = (target for batch in batches for target in self.find_many({"path": batch}))
        return {target.path: target for target in found if target.path}

    def paths(self, keys: Sequence[int]) -> set[str]:
        """Return the paths of articles."""
        path, key = articles_table.c.path, articles_table.c.key
        query = sa.select(path).where(path.is_not(None))
        batches = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
        return {found for batch in batches for found in self._column(query.where(key.in_(batch)))}
