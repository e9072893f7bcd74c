"""A subscribed reader, with the links in their mails."""

import html
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.subscribers import ConfirmationKind, Subscriber, SubscriberChange
from syndicate.store import PendingConfirmation, Store, Transaction
from tests.causes import by_test

NEWSLETTERS = [
    {"name": "breaking", "description": "What can't wait, when it happens."},
    {"name": "culture", "title": "Culture & more"},
    {"name": "secret", "offered": False},
]
SIGNUP = {"fields": [{"name": "city", "label": "Where you live"}, {"name": "job"}]}
TABLES: dict[str, Any] = {"newsletters": NEWSLETTERS, "signup": SIGNUP}
BUTTON = re.compile(r'name="action" value="([\w-]+)"')


@dataclass
class KnownReader:
    """Anna, who is subscribed to `breaking`."""

    client: httpx.Client
    store: Store
    config: Config
    key: int

    @property
    def links(self) -> SignedLinks:
        with self.store.write() as tx:
            return SignedLinks(self.config, tx.keys.secret("links"))

    @property
    def path(self) -> str:
        return path_of(self.links.preferences(self.key))

    def get(self, below: str = "") -> httpx.Response:
        return self.client.get(self.path + below)

    def post(self, action: str, below: str = "", **fields: Any) -> httpx.Response:
        return self.client.post(self.path + below, data={"action": action, **fields})

    def data_link(self) -> str:
        """Request the letter with the link to Anna's data; return the path of its button."""
        assert self.post("data").status_code == 200
        with self.store.read() as tx:
            letter = questions_to(tx, self.key, ConfirmationKind.DATA)[0].letter
        return path_of(self.links.confirm(letter, self.key))

    def with_data(self, action: str, **fields: Any) -> httpx.Response:
        """Press a button on the personal data page."""
        return self.client.post(self.data_link(), data={"action": action, **fields})

    @property
    def person(self) -> Subscriber:
        with self.store.read() as tx:
            found = tx.subscribers.by_key(self.key)
        assert found is not None
        return found

    @property
    def gone(self) -> bool:
        with self.store.read() as tx:
            return tx.subscribers.by_key(self.key) is None

    @property
    def states(self) -> dict[str, str]:
        return {item.newsletter: str(item.state) for item in self.person.subscriptions}

    @property
    def trail(self) -> list[SubscriberChange]:
        with self.store.read() as tx:
            return list(tx.audit_log.changes(self.key))

    @property
    def last(self) -> SubscriberChange:
        return self.trail[-1]


def subscribe_anna(
    client: httpx.Client, store: Store, config: Config, at: datetime | None = None
) -> KnownReader:
    at = at or clock.now()
    with store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", "breaking", name="Anna", cause=by_test(at))
        person = tx.subscribers.by_email("anna@example.org")
    assert person is not None
    return KnownReader(client, store, config, person.key)


def status_text(answer: httpx.Response) -> str:
    """Return the page's status message."""
    found = re.search(r'role="status"[^>]*>([^<]*)<', answer.text)
    return html.unescape(found[1]) if found else ""


def path_of(address: str) -> str:
    """Return the path of an address."""
    return "/" + address.split("/", 3)[3]


def dump(folder: Path) -> list[str]:
    """Return all rows of a SQLite store."""
    file = f"file:{folder}/syndicate.db?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as connection:
        return list(connection.iterdump())


def dump_without_limits(folder: Path) -> list[str]:
    """Return all rows but the limits, which also count refused requests."""
    return [line for line in dump(folder) if not line.startswith('INSERT INTO "counters"')]


def questions_to(tx: Transaction, key: int, kind: ConfirmationKind) -> list[PendingConfirmation]:
    """Return what a reader was asked to confirm, newest first."""
    return [asked for asked in reversed(tx.confirmations.by_subscriber(key)) if asked.kind is kind]
