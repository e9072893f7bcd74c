"""JSON Feed 1.1 (jsonfeed.org/version/1.1).

What it has no word for stands in an extension of ours, `_syndicate`:
contributors and the number of comments.
"""

import json
from collections.abc import Sequence
from typing import Any

from syndicate.model.articles import Person
from syndicate.render import addresses
from syndicate.render.feeds.channel import Channel, Entry, rfc3339


def render(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """Write a channel as JSON Feed 1.1."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.url,
        "feed_url": channel.address(addresses.JSON),
        "description": channel.description,
        **({"icon": channel.logo} if channel.logo else {}),
        "language": channel.language,
        "authors": [_person(channel.author)],
        "items": [_item(entry) for entry in entries],
    }
    return f"{json.dumps(feed, ensure_ascii=False, indent=1)}\n".encode()


def _item(entry: Entry) -> dict[str, Any]:
    text = {"content_html": entry.content} if entry.content else {"content_text": entry.summary}
    item = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        **text,
        "image": entry.image and entry.image.src,
        "date_published": rfc3339(entry.published),
        "date_modified": rfc3339(entry.modified),
        "authors": [_person(author) for author in entry.authors],
        "tags": list(entry.categories),
        "language": entry.language,
        "_syndicate": _extension(entry),
    }
    return {key: value for key, value in item.items() if value or key == "content_text"}


def _extension(entry: Entry) -> dict[str, Any]:
    facts = {
        "contributors": [_person(contributor) for contributor in entry.contributors] or None,
        "comments": entry.comments,
        "comments_url": entry.comments_url,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _person(person: Person) -> dict[str, str]:
    return {"name": person.name} | ({"url": person.url} if person.url else {})
