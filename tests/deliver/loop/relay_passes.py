"""Passes with relays that refuse, and what they leave."""

import threading
from datetime import timedelta

from syndicate.config import Config
from syndicate.deliver.worker import DeliveryReport, configured_transports, drain
from syndicate.store import Store
from tests.deliver.editions import NOON, links, rows

OK = b"250 2.0.0 ok\r\n"

ENOUGH = 60
"""Seconds after which a pass that should be over is one that hangs."""


def deliver(store: Store, config: Config, *, minutes: float = 0) -> DeliveryReport:
    """Drain once; whatever hangs is stopped, and told."""
    stop = threading.Event()
    timer = threading.Timer(ENOUGH, stop.set)
    timer.start()
    try:
        return drain(
            store,
            config,
            configured_transports(config),
            links(store, config),
            at=NOON + timedelta(minutes=minutes),
            stop=stop,
        )
    finally:
        timer.cancel()
        assert not stop.is_set(), "it hung"


def attempts(store, edition):
    return {row.attempt for row in rows(store, edition.key).values()}


def after(event: threading.Event):
    """An answer to bodies that is not given before something has happened."""

    def body(_: str) -> bytes:
        event.wait(ENOUGH)
        return OK

    return body


def several_relays(publication):
    """Return a factory of publications with a relay for each port."""

    def make(*ports: int, weights: tuple[int, ...] = (), newsletters=None, **mail) -> Config:
        relays = [
            {"name": f"relay{n}", "host": "127.0.0.1", "port": port, "security": "none"}
            | ({"weight": weights[n]} if weights else {})
            for n, port in enumerate(ports)
        ]
        mail = {"transport": "smtp", "from": "news@example.org"} | mail
        more = {"newsletters": newsletters} if newsletters else {}
        made: Config = publication(mail=mail | {"relays": relays}, **more)
        return made

    return make
