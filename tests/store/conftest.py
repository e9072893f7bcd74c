import pytest


@pytest.fixture
def tx(store):
    with store.write() as transaction:
        yield transaction
