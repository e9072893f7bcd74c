"""A store on PostgreSQL whose connections can be cut."""

from collections.abc import Iterator

import pytest

from syndicate.store import Store
from tests.deliver.outages.store_failures import Wire, wired


@pytest.fixture
def wire(postgresql: str, empty_database: str) -> Iterator[Wire]:
    with wired(postgresql, empty_database) as made:
        yield made


@pytest.fixture
def far_store(wire: Wire) -> Iterator[Store]:
    """A store on PostgreSQL, at the end of a wire."""
    store = Store.open(wire.url)
    yield store
    store.close()
