"""The publication of this repository, for every test of whole publications."""

import shutil
from collections.abc import Iterator

import pytest

from syndicate.intake.articles.article_files import find_article_files
from tests import ROOT
from tests.end_to_end.built_publication import Publication, bring_up


@pytest.fixture(scope="package")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publication]:
    folder = tmp_path_factory.mktemp("demonstration")
    for name in ("config.toml", "logo.png"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "articles", folder / "articles")
    made = bring_up(folder, find_article_files([folder / "articles"]))
    yield made
    made.store.close()
