"""Test copies, outside of the ledger."""

import pytest

from syndicate.deliver.outbox import Outbox
from syndicate.deliver.sample_mail import send_sample
from syndicate.deliver.worker import configured_transports
from syndicate.errors import Refused
from tests.deliver.editions import draft, links, readers, subscribe


@pytest.fixture
def config(publication):
    def make(port: int = 0, **mail):
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        given = (way if port else {}) | {"from": "news@example.org"} | mail
        return publication(mail=given)

    return make


def test_a_copy_touches_no_ledger(sqlite_store, config):
    subscribe(sqlite_store, *readers(3))
    for _ in range(2):
        send_sample(
            draft(),
            "editor@example.org",
            config=config(),
            transports=configured_transports(config()),
            links=links(sqlite_store, config()),
        )

    with sqlite_store.read() as tx:
        assert tx.editions.all() == []
    assert [kept.to for kept in Outbox.of(config()).messages()] == ["editor@example.org"] * 2


def test_a_copy_is_held_back_by_mail_only_too(sqlite_store, config):
    only = config(only=["*@office.example"])
    with pytest.raises(Refused, match=r"mail\.only"):
        send_sample(
            draft(),
            "editor@example.org",
            config=only,
            transports=configured_transports(only),
            links=links(sqlite_store, only),
        )
