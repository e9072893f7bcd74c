"""A folder of published files, and a client of its server."""

import pytest

from tests.web.published.published_folder import HUBS, PUBLIC, published, served


@pytest.fixture
def feeds(tmp_path):
    return published(tmp_path)


@pytest.fixture
def client(feeds):
    with served(feeds, **PUBLIC, websub=HUBS) as client:
        yield client
