"""Publications with hubs, and a subscriber."""

import pytest

from tests.publish.newsroom import Newsroom
from tests.publish.push.endpoints import listening
from tests.publish.push.subscriber import station, subscriber
from tests.publish.push.websub_room import HOME, told


@pytest.fixture
def reader():
    with subscriber() as opened:
        yield opened


@pytest.fixture
def post(sqlite_store, publication):
    with station(sqlite_store, publication) as opened:
        yield opened


@pytest.fixture
def hub():
    with listening() as listener:
        yield listener


@pytest.fixture
def room_of(sqlite_store, publication):
    """A factory of newsrooms that know hubs."""

    def make(*hubs, store=sqlite_store, **tables):
        config = publication(publication={"url": HOME}, websub={"hubs": hubs}, **tables)
        return Newsroom(store, config)

    return make


@pytest.fixture
def room(room_of, hub):
    """A newsroom with two articles, whose hub knows it."""
    made = room_of(hub.url)
    made.file("ferry", section="Harbour", tags=("ships",))
    made.file("tram", section="City")
    told(made, made.build())
    hub.forget()
    return made
