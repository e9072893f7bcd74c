"""Editions in tests: what they say, and where their links lead."""

from datetime import datetime, timedelta

from syndicate.model.editions import (
    CANARY,
    Content,
    Draft,
    Edition,
    EditionKind,
    Item,
    link_marker,
    slot_marker,
)
from syndicate.store import Store
from tests.audience import TEST

NONCE = "q7"
PLACES = ("https://city.example/dam?a=1&b=2", "http://127.0.0.1:8000/articles/dam/")
"""Where the links of an edition lead, unless a test says otherwise."""


def content(subject: str = "City opens the dam", links: int = len(PLACES)) -> Content:
    """Say something to a reader, with links and the hidden one, as a composed edition does."""
    slot = {name: slot_marker(NONCE, name) for name in ("name", "email", "unsubscribe", "view")}
    leads = [link_marker(NONCE, number) for number in range(1, links + 1)]
    told = "".join(f'<p><a href="{lead}">Story {n}</a></p>' for n, lead in enumerate(leads, 1))
    return Content(
        subject=subject,
        preheader="The gates were opened early on Tuesday.",
        html=(
            f'<!doctype html><html lang="en"><head><title>{subject}</title></head><body>'
            f"<h1>{subject}</h1><p>Dear {slot['name']} at {slot['email']}</p>{told}"
            f'<p><a href="{slot["unsubscribe"]}">Unsubscribe</a> '
            f'<a href="{slot["view"]}">View in browser</a></p>'
            f"{link_marker(NONCE, CANARY)}</body></html>"
        ),
        text=f"Dear {slot['name']}\n" + "".join(f"{lead}\n" for lead in leads),
        nonce=NONCE,
    )


def freeze(
    store: Store,
    *,
    newsletter: str = "breaking",
    subject: str = "City opens the dam",
    links: tuple[str, ...] = PLACES,
    at: datetime,
    article: int = 1,
    kind: EditionKind = EditionKind.ALERT,
) -> Edition:
    """Freeze an edition for who is subscribed."""
    draft = Draft(
        newsletter=newsletter,
        schedule=newsletter,
        kind=kind,
        content=content(subject, len(links)),
        items=(Item(article=article, revision=1),),
        upto=1,
        newest=1,
        created_at=at,
        expires_at=at + timedelta(days=1),
        links=links,
    )
    with store.write() as tx:
        return tx.editions.add(draft)


def subscribe(store: Store, email: str = "anna@example.org", *, at: datetime) -> int:
    """Subscribe somebody to `breaking`; return their number."""
    with store.write() as tx:
        tx.subscribers.subscribe(email, "breaking", cause=TEST, at=at)
        found = tx.subscribers.by_email(email)
    assert found is not None
    return found.key
