"""A reader with a link from a mail."""

import pytest

from tests.web.readers.unsubscribe.leaving_reader import Reader, known_reader


@pytest.fixture
def reader(web, sqlite_store, publication) -> Reader:
    return known_reader(web(), sqlite_store, publication())
