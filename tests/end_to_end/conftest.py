"""The publication of this repository and a real one, for every test of whole publications."""

import shutil
from collections.abc import Iterator

import pytest

from syndicate.intake.articles.article_files import find_article_files
from tests import ROOT
from tests.end_to_end.built_publication import CONFIG, Publication, bring_up
from tests.shared_folder import SHARED


@pytest.fixture(scope="package")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publication]:
    folder = tmp_path_factory.mktemp("demonstration")
    for name in ("config.toml", "logo.png"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "articles", folder / "articles")
    made = bring_up(folder, find_article_files([folder / "articles"]))
    yield made
    made.store.close()


@pytest.fixture(scope="package")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publication]:
    assert SHARED is not None
    folder = tmp_path_factory.mktemp("real")
    (folder / "config.toml").write_text(CONFIG)
    files = find_article_files([SHARED / "real/hanoi-summit.md", SHARED / "real/posts"])
    made = bring_up(folder, files)
    yield made
    made.store.close()
