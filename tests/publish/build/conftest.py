"""A newsroom with an address, whose store is empty, and newsrooms that are built once and copied."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from syndicate.config import Config
from syndicate.render.pages import ArticlePages
from syndicate.store import Store
from tests.publish.newsroom import Newsroom

Fill = Callable[[Newsroom], object]
CopyOf = Callable[[Config, Fill], Newsroom]


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication(publication={"url": "https://news.example"}))


@pytest.fixture(scope="module")
def shelf() -> dict[Fill, Path]:
    """The folders of newsrooms that were filled, by what filled them."""
    return {}


@pytest.fixture
def copy_of(
    shelf: dict[Fill, Path], empty_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CopyOf]:
    """A factory of newsrooms as a function fills and builds them: it does so once for a module.

    Each test has a copy of its own, in the folder of its configuration.
    """
    stores = []

    def copied(config: Config, fill: Fill) -> Newsroom:
        if fill not in shelf:
            folder = tmp_path_factory.mktemp("shelf")
            shutil.copy(empty_file, folder)
            with closing(Store.open(f"sqlite:///{folder}/syndicate.db")) as store:
                fill(Newsroom(store, config.override(root=folder)))
            shelf[fill] = folder
        shutil.copytree(shelf[fill], config.root, dirs_exist_ok=True)
        stores.append(Store.open(f"sqlite:///{config.root}/syndicate.db"))
        return Newsroom(stores[-1], config)

    yield copied
    for store in stores:
        store.close()


@pytest.fixture
def rendered(monkeypatch):
    """The slugs of the stories whose page was rendered."""
    slugs = []

    def noting(self, article, compiled, cards):
        slugs.append(article.slug)
        return make(self, article, compiled, cards)

    make = ArticlePages.article
    monkeypatch.setattr(ArticlePages, "article", noting)
    return slugs
