"""Looks up the articles that a batch of files may update, in one go."""

from collections.abc import Iterable, Mapping

from syndicate.model.articles import Article


class ArticleLookup:
    """Finds articles as `ArticleReader` does, for the ids, paths, slugs and sources given.

    It returns them as they were when they were looked up.
    """

    def __init__(self, articles: Iterable[Article], slugs: Mapping[str, int]) -> None:
        by_key = {article.key: article for article in articles}
        self._ids = {article.id: article for article in by_key.values()}
        self._paths = {article.path: article for article in by_key.values() if article.path}
        self._slugs = {slug: by_key[key] for slug, key in slugs.items()}
        self._sources: dict[str, list[Article]] = {}
        for key in sorted(by_key):
            self._sources.setdefault(by_key[key].source, []).append(by_key[key])

    def by_id(self, public_id: str) -> Article | None:
        """Find an article by its public id."""
        return self._ids.get(public_id)

    def by_path(self, path: str) -> Article | None:
        """Find the article that a file holds."""
        return self._paths.get(path)

    def by_slug(self, slug: str) -> Article | None:
        """Find an article by the slug that it has or ever had."""
        return self._slugs.get(slug)

    def by_source(self, source: str) -> list[Article]:
        """Find articles by the hash of their file's body, oldest first."""
        return self._sources.get(source, [])
