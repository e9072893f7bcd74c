"""Our sender for the kill tests: an edition, its readers, and the runs that send it.

A run does what `tick` does: it takes over what the previous one left, sends what is due, and
exits. By its clock the next run is hours later, so that what was deferred is due again.
Nothing here knows how mail is delivered, but the control.
"""

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import structlog
from sqlalchemy import create_engine, text

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop.ledger import BatchResult, Ledger, LedgerBatch
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.worker import configured_transports, drain
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import Content, Draft, EditionKind, Item, placeholder
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Store, Transaction

CONNECTIONS = 10
SKIP, RESEND = POLICIES = ("skip", "resend")
"""What becomes of a message of which nobody can know whether it was taken."""
_NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
_LATER = timedelta(hours=6)
"""Between two runs, by their clocks: longer than any retry delay or pause of a server."""
_SLOW_DISK = 0.004
"""Seconds before each commit of the control. Without them nobody is killed in the right moment."""
_NONCE = "q7"
_CAUSE = Cause(who=Actor.OPERATOR, how="bench", at=_NOON)
_PARAGRAPH = "<p>The harbour gets its tram lines back after eleven years, says the council.</p>\n"


@dataclass(frozen=True, slots=True)
class Sender:
    """An edition that is sent in as many runs as it takes."""

    url: str
    tables: dict[str, Any]
    """The config's."""
    edition: int
    audience: int
    control: bool = False
    """Whether bodies leave before their intent is recorded: mistakes that have to be found."""

    module = "bench.sender"

    @classmethod
    def make(
        cls,
        url: str,
        folder: Path,
        port: int | None,
        *,
        readers: int,
        policy: str = SKIP,
        control: bool = False,
    ) -> Self:
        """Freeze an edition for so many readers in a store that has none yet.

        It goes to a mail server on this machine; without a port into the outbox in `folder`.
        """
        mail: dict[str, Any] = {"from": "news@example.org", "connections": CONNECTIONS}
        if port is not None:
            mail |= {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        tables = {
            "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
            "newsletters": [{"name": "breaking"}],
            "mail": mail,
            "root": str(folder),
        }
        store = Store.open(url)
        with store.write() as tx:
            for number in range(readers):
                who = f"reader{number}@example.org"
                tx.subscribers.subscribe(who, "breaking", cause=_CAUSE)
            edition = tx.editions.add(_draft()).key
            tx.keys.secret("links")
        store.close()
        _decide(url, edition, policy)
        return cls(url, tables, edition, readers, control)

    def call(self, number: int) -> tuple[str, *tuple[object, ...]]:
        """Return the function that run `number` calls, and its arguments."""
        function = "run_body_first" if self.control else "run"
        return (function, self.url, json.dumps(self.tables), number)

    def waiting(self) -> int:
        """Return how many readers' messages aren't settled."""
        with self._ledger() as tx:
            return tx.deliveries.totals(self.edition).waiting

    def outcomes(self) -> dict[int, DeliveryState]:
        """Return the state of each reader's message, by the reader's number."""
        with self._ledger() as tx:
            return {row.subscriber: row.state for row in tx.deliveries.by_edition(self.edition)}

    @contextmanager
    def _ledger(self) -> Iterator[Transaction]:
        store = Store.open(self.url)
        try:
            with store.read() as tx:
                yield tx
        finally:
            store.close()


def run(url: str, tables: str, number: int) -> None:
    """Take over what a killed run left, and send what is due."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    _set_clock(_NOON + number * _LATER)
    config = Config.model_validate(json.loads(tables))
    store = Store.open(url)
    with store.read() as tx:
        links = SignedLinks(config, tx.keys.secret("links"))
    drain(
        store, config, configured_transports(config), links, at=clock.now(), stop=threading.Event()
    )
    store.close()


def run_body_first(url: str, tables: str, number: int) -> None:
    """Do the same with the order of the two steps wrong, on a slow disk: the control."""
    _send_before_recording()
    _slow_down()
    run(url, tables, number)


def _set_clock(at: datetime) -> None:
    """Set this process's clock: what the previous run deferred is due."""
    began = time.monotonic()

    def now() -> datetime:
        return at + timedelta(seconds=time.monotonic() - began)

    setattr(clock, "now", now)  # noqa: B010 - mypy minds the other way


def _send_before_recording() -> None:
    """Give leave to send at once, and record the intents meanwhile."""
    record = Ledger.record
    late: list[threading.Thread] = []

    def record_late(ledger: Ledger, due: LedgerBatch) -> BatchResult:
        while late:
            late.pop().join()
        recorded = record(ledger, replace(due, intents=[]))
        late.append(
            threading.Thread(target=record, args=(ledger, LedgerBatch(intents=due.intents)))
        )
        late[-1].start()
        leaves = frozenset(claim.key for claim in due.intents)
        return replace(recorded, may_send=leaves)

    setattr(Ledger, "record", record_late)  # noqa: B010 - mypy minds the other way


def _slow_down() -> None:
    """Wait before each commit, as a disk does that is busy."""
    write = Store.write

    @contextmanager
    def slowly(store: Store) -> Iterator[Transaction]:
        with write(store) as tx:
            yield tx
            time.sleep(_SLOW_DISK)

    setattr(Store, "write", slowly)  # noqa: B010 - mypy minds the other way


def _draft() -> Draft:
    leave = placeholder(_NONCE, "unsubscribe")
    name = placeholder(_NONCE, "name")
    return Draft(
        newsletter="breaking",
        schedule=None,
        kind=EditionKind.ALERT,
        content=Content(
            subject="Trams return to the harbour",
            preheader="",
            html=f'<p>Dear {name}</p>\n{_PARAGRAPH * 50}<a href="{leave}">Unsubscribe</a>',
            text=f"Dear {name}\n\nTrams return.\n\nUnsubscribe: {leave}\n",
            nonce=_NONCE,
        ),
        items=(Item(article=1, revision=1),),
        upto=1,
        newest=1,
        created_at=_NOON,
        expires_at=_NOON + timedelta(days=3650),
    )


def _decide(url: str, edition: int, policy: str) -> None:
    """Set an edition's policy: newsletters have one and letters the other, so nothing else does."""
    engine = create_engine(url)
    with engine.begin() as connection:
        decided = text("UPDATE editions SET on_unknown = :policy WHERE key = :edition")
        connection.execute(decided, {"policy": policy, "edition": edition})
    engine.dispose()
