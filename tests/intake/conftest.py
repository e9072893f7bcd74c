from collections.abc import Callable

import pytest

from syndicate.config import Config
from syndicate.store import Store
from tests.intake.article_folder import ArticleFolder


@pytest.fixture
def articles(sqlite_store: Store, publication: Callable[..., Config]) -> ArticleFolder:
    return ArticleFolder(publication(publication={"timezone": "Europe/Berlin"}), sqlite_store)
