"""What the delivery tests send: contents, editions, and a ledger to deliver them by."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders, MessageTemplate, Recipient
from syndicate.deliver.smtp.transport import Transport
from syndicate.deliver.worker import DeliveryReport, drain
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import Content, Draft, Edition, EditionKind, Item, placeholder
from syndicate.store import Store
from tests.causes import by_test

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NONCE = "q7"
SECRET = b"0" * 32
NAME, EMAIL, LEAVE = (placeholder(NONCE, name) for name in ("name", "email", "unsubscribe"))


def content(**changes: str) -> Content:
    said = {
        "subject": "Trams return to the harbour",
        "preheader": "After eleven years",
        "html": f'<p>Dear {NAME} &lt;{EMAIL}&gt;</p>\n<a href="{LEAVE}">Unsubscribe</a>',
        "text": f"Dear {NAME} <{EMAIL}>\n\nUnsubscribe: {LEAVE}\n",
        "nonce": NONCE,
    }
    return Content(**(said | changes))


def draft(
    kind: EditionKind = EditionKind.ALERT, newsletter: str = "breaking", **changes: str
) -> Draft:
    return Draft(
        newsletter=newsletter,
        schedule=newsletter,
        kind=kind,
        content=content(**changes),
        items=(Item(article=1, revision=1),),
        upto=1,
        newest=1,
        created_at=NOON,
        expires_at=NOON + timedelta(days=1),
    )


def edition(config: Config, kind: EditionKind = EditionKind.ALERT) -> EditionHeaders:
    return EditionHeaders.of(
        Edition(
            key=41,
            newsletter="breaking",
            schedule="breaking",
            kind=kind,
            subject="",
            content="",
            upto=1,
            created_at=NOON,
            slot_at=NOON,
            expires_at=NOON + timedelta(days=1),
        ),
        config,
    )


def reader(
    config: Config,
    *,
    kind: EditionKind = EditionKind.ALERT,
    name: str = "Ada",
    email: str = "ada@example.org",
) -> Recipient:
    links = SignedLinks(config, SECRET)
    return Recipient(
        headers=edition(config, kind),
        message_id=links.message_id(41, 7, "example.org"),
        name=name,
        email=email,
        links={
            "unsubscribe": links.leave(7, "breaking"),
            "one_click": links.unsubscribe(7, "breaking"),
            "preferences": "",
            "view": "",
            "confirm": "",
        },
    )


def message(said: Content, who: Recipient) -> bytes:
    """One reader's copy, whole."""
    return bytes(MessageTemplate.of(said, who.headers).render(who))


def subscribe(store: Store, *emails: str, newsletter: str = "breaking") -> None:
    with store.write() as tx:
        for email in emails:
            tx.subscribers.subscribe(email, newsletter, cause=by_test(NOON))


def freeze(store: Store, paper: Draft | None = None) -> Edition:
    with store.write() as tx:
        return tx.editions.add(paper or draft())


def readers(count: int) -> list[str]:
    return [f"reader{n}@example.org" for n in range(count)]


def drain_ledger(
    store: Store, config: Config, relays: Sequence[Transport], *, minutes: float = 0
) -> DeliveryReport:
    """Drain the ledger once, so many minutes after noon."""
    return drain(
        store,
        config,
        relays,
        links(store, config),
        at=NOON + timedelta(minutes=minutes),
        stop=threading.Event(),
    )


def links(store: Store, config: Config) -> SignedLinks:
    with store.write() as tx:
        return SignedLinks(config, tx.keys.secret("links"))


def states(store: Store, key: int) -> dict[DeliveryState, int]:
    with store.read() as tx:
        return dict(Counter(row.state for row in tx.deliveries.by_edition(key)))


def rows(store: Store, key: int):
    """The ledger rows of an edition, by address."""
    with store.read() as tx:
        return {row.email: row for row in tx.deliveries.by_edition(key)}
