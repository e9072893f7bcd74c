"""A publication with a hub, and its subscriber."""

import pytest

from tests.publish.push.subscriber import station, subscriber


@pytest.fixture
def reader():
    with subscriber() as opened:
        yield opened


@pytest.fixture
def post(sqlite_store, publication):
    with station(sqlite_store, publication) as opened:
        yield opened
