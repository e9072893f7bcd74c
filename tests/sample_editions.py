"""Editions for tests, with content and links."""

from datetime import datetime, timedelta

from syndicate.model.editions import (
    CANARY,
    Content,
    Draft,
    Edition,
    EditionKind,
    Item,
    link_marker,
    placeholder,
)
from syndicate.store import Store
from tests.causes import by_test

NONCE = "q7"
PLACES = ("https://city.example/dam?a=1&b=2", "http://127.0.0.1:8000/articles/dam/")
"""The links of an edition, unless a test passes others."""


def content(subject: str = "City opens the dam", links: int = len(PLACES)) -> Content:
    """Return content like that of a composed edition, with links and the hidden one."""
    slot = {name: placeholder(NONCE, name) for name in ("name", "email", "unsubscribe", "view")}
    markers = [link_marker(NONCE, number) for number in range(1, links + 1)]
    links_html = "".join(
        f'<p><a href="{marker}">Story {n}</a></p>' for n, marker in enumerate(markers, 1)
    )
    return Content(
        subject=subject,
        preheader="The gates were opened early on Tuesday.",
        html=(
            f'<!doctype html><html lang="en"><head><title>{subject}</title></head><body>'
            f"<h1>{subject}</h1><p>Dear {slot['name']} at {slot['email']}</p>{links_html}"
            f'<p><a href="{slot["unsubscribe"]}">Unsubscribe</a> '
            f'<a href="{slot["view"]}">View in browser</a></p>'
            f"{link_marker(NONCE, CANARY)}</body></html>"
        ),
        text=f"Dear {slot['name']}\n" + "".join(f"{marker}\n" for marker in markers),
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
    """Freeze an edition for all subscribers."""
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
    """Subscribe a reader to `breaking`; return their number."""
    with store.write() as tx:
        tx.subscribers.subscribe(email, "breaking", cause=by_test(at))
        found = tx.subscribers.by_email(email)
    assert found is not None
    return found.key
