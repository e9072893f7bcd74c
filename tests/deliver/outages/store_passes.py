"""Passes with a store that fails, and what is to be true after them."""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from syndicate.config import Config
from syndicate.deliver.worker import configured_transports
from syndicate.errors import StoreError
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import Edition
from syndicate.store import Store
from tests.deliver.editions import drain_ledger, freeze, readers, rows, subscribe
from tests.deliver.faulty_server import Record
from tests.deliver.outages.test_hostile_servers import agrees

AUDIENCE = 60

CONNECTIONS = 8

AT = 21
"""The body at which something happens to the store."""

Publication = Callable[..., Config]


def patient(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("syndicate.deliver.loop.ledger._STORE_TIMEOUT", seconds)


def at_body(
    number: int, act: Callable[[], object], answer: bytes | None = None, *, at: str = "body"
) -> Callable[[str, bytes], bytes | None]:
    """What a server says: what is polite, but that something happens before an answer."""
    count = itertools.count(1)

    def say(step: str, _: bytes) -> bytes | None:
        if step != at:
            return None
        if next(count) == number:  # once, whatever sessions there are
            act()
        return answer

    return say


def bring_out(store: Store) -> Edition:
    subscribe(store, *readers(AUDIENCE))
    return freeze(store)


def passed(store: Store, config: Config, *, minutes: float = 0) -> StoreError | int:
    """Hand over once; what the pass failed of, or how many it says were accepted."""
    try:
        return drain_ledger(store, config, configured_transports(config), minutes=minutes).accepted
    except StoreError as error:
        return error


def every_body_is_recorded(store: Store, edition: Edition, record: Record) -> None:
    """See that of nobody who may have a copy the ledger says that nothing left."""
    ledger = rows(store, edition.key)
    left = {DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.UNKNOWN}
    for body in record.bodies:
        assert not body.whole or ledger[body.reader].state in left, body


def accepted_of(store: Store, edition: Edition) -> set[str]:
    return {
        to for to, row in rows(store, edition.key).items() if row.state is DeliveryState.ACCEPTED
    }


def all_is_settled(store: Store, edition: Edition, record: Record) -> Counter[DeliveryState]:
    """See that everybody was dealt with, once, and the ledger knows how; return the states."""
    found = agrees(store, edition.key, record)
    assert set(found) <= {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN}
    assert found.total() == AUDIENCE
    return found


def lamented(logs: Sequence[Mapping[str, Any]]) -> set[str]:
    """Whose verdicts are in the log since they could not be recorded."""
    told = [entry for entry in logs if entry["event"] == "outcome not recorded"]
    assert all(one["outcome"] == "accepted" and one["code"] == 250 for one in told)
    return {f"reader{one['reader'] - 1}@example.org" for one in told}


def one_relay(publication: Publication) -> Publication:
    """Return a factory of publications whose relay listens at a port of this machine."""

    def make(port: int, connections: int = CONNECTIONS) -> Config:
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        return publication(mail=way | {"from": "news@example.org", "connections": connections})

    return make
