"""A newsroom with an address, whose store is empty."""

import pytest

from tests.publish.newsroom import Newsroom


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication(publication={"url": "https://news.example"}))
