"""Articles in the store, for tests that need some."""

from datetime import datetime
from typing import Any

from syndicate.model.articles import Article, Revision
from syndicate.store import NewArticle, Transaction


def add_article(tx: Transaction, revision: Revision, *, at: datetime, **names: Any) -> Article:
    """Add an article with this id, slug, path and source."""
    tx.articles.add_all([NewArticle(revision=revision, **names)], at)
    added = tx.articles.by_id(names["id"])
    assert added is not None
    return added
