from collections.abc import Callable

import pytest

from syndicate.config import Config
from syndicate.store import Store
from tests.intake.article_folder import Newsroom


@pytest.fixture
def newsroom(sqlite_store: Store, publication: Callable[..., Config]) -> Newsroom:
    return Newsroom(publication(publication={"timezone": "Europe/Berlin"}), sqlite_store)
