"""A publication with a story and readers, made once."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Operator
from tests.cli.editions.mail_desk import fill


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication with a breaking story for so many readers."""
    folder = tmp_path_factory.mktemp("shelf")
    assert Operator(folder).run("init", "post").code == 0
    operator = Operator(folder / "post")
    fill(operator)
    return operator.folder


@pytest.fixture
def desk(shelf: Path, tmp_path: Path) -> Operator:
    """An operator whose publication is on the shelf."""
    return Operator(shutil.copytree(shelf, tmp_path / "post"))
