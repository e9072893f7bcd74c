"""JSON Feed 1.1 (jsonfeed.org/version/1.1).

Our extension `_syndicate` has what the format lacks: contributors, rights, translations,
comments, corrections, the sponsor, and details of the picture.
"""

import json
from collections.abc import Iterable
from typing import Any

from syndicate.model.articles import Correction, Person, Recording, Sponsor
from syndicate.render import addresses
from syndicate.render.feeds.channel import DocumentParts, FeedChannel, rfc3339
from syndicate.render.feeds.entries import ChannelEntry

_ENCODER = json.JSONEncoder(ensure_ascii=False)
# Encoding the whole text takes ten times as long; quotes within strings are always escaped.
_EMPTY = b'"content_html": ""'
_WHOLE = b'"content_html": "%s"'
_START = b'{\n "version": "https://jsonfeed.org/version/1.1",\n'
_ITEMS = b'\n "items": ['
_ITEM = b"\n  "
_END = b"]\n}\n"


def write_entry(entry: ChannelEntry) -> bytes:
    """Write an entry as an item on one line, the same for every feed that contains it."""
    text = {"content_html": ""} if entry.content else {"content_text": entry.summary}
    item = {
        "id": entry.id,
        "url": entry.url,
        "external_url": entry.original,
        "title": entry.title,
        "summary": entry.summary,
        **text,
        "image": entry.image and entry.image.src,
        "date_published": rfc3339(entry.published),
        "date_modified": rfc3339(entry.modified),
        "authors": [_person(author, entry.avatars.get(author.name)) for author in entry.authors],
        "tags": list(entry.categories),
        "language": entry.language,
        "attachments": [_attachment(entry.audio)] if entry.audio else None,
        "_syndicate": _extension(entry),
    }
    known = {key: value for key, value in item.items() if value or key in text}
    written = _ENCODER.encode(known).encode()
    return written.replace(_EMPTY, _WHOLE % _escaped(entry.content)) if entry.content else written


def write_document(channel: FeedChannel, fragments: Iterable[bytes]) -> bytes:
    """Write a feed around items."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.url,
        "feed_url": channel.address(addresses.JSON),
        "description": channel.description,
        "next_url": dict(channel.links(addresses.JSON)).get("prev-archive"),
        "icon": channel.icon or channel.logo,
        "favicon": channel.icon,
        "language": channel.language,
        "authors": [_person(channel.author)],
        "hubs": [{"type": "WebSub", "url": hub} for hub in channel.hubs],
        "_syndicate": {"rights": channel.rights} if channel.rights else None,
    }
    known = {key: value for key, value in feed.items() if value}
    head = json.dumps(known, ensure_ascii=False, indent=1).encode().removesuffix(b"\n}")
    items = b",".join(_ITEM + fragment for fragment in fragments)
    return b"".join((head, b",", _ITEMS, items, b"\n " if items else b"", _END))


def split_document(document: bytes) -> DocumentParts | None:
    """Split a feed into its items; None if `write_document` didn't write it.

    No string contains a line break, so each item is one line; both the items and the rest
    are checked to be JSON objects.
    """
    head, opened, rest = document.partition(_ITEMS)
    head += opened
    if not head.startswith(_START) or not _is_object(head + _END):
        return None
    if rest == _END:
        return DocumentParts(head=head, entries=(), tail=_END, separator=b",")
    tail = b"\n " + _END
    if not (rest.startswith(_ITEM) and rest.endswith(tail)):
        return None
    items = rest[len(_ITEM) : -len(tail)].split(b"," + _ITEM)
    if not all(map(_is_object, items)):
        return None
    entries = tuple(_ITEM + item for item in items)
    return DocumentParts(head=head, entries=entries, tail=tail, separator=b",")


def _is_object(written: bytes) -> bool:
    try:
        return isinstance(json.loads(written), dict)
    except (ValueError, RecursionError):
        return False


def _escaped(text: bytes) -> bytes:
    """Escape printable text as the encoder does."""
    text = text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return text.replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t")


def _extension(entry: ChannelEntry) -> dict[str, Any]:
    properties = {
        "contributors": [_person(contributor) for contributor in entry.contributors] or None,
        "section": next((name for name, scheme in entry.categories.items() if scheme), None),
        "rights": entry.rights,
        "translations": entry.translations or None,
        "sponsor": _sponsor(entry.sponsor) if entry.sponsor else None,
        "comments": entry.comments.count,
        "comments_url": entry.comments.url,
        "comments_feed": entry.comments.feed,
        "corrections": [_correction(correction) for correction in entry.corrections] or None,
    }
    if image := entry.image:
        picture = {
            "alt": image.alt or None,
            "caption": image.caption or None,
            "credit": image.credit or None,
            "mime_type": image.type,
            "width": image.width,
            "height": image.height,
            "size_in_bytes": image.length,
        }
        properties["image"] = _known(picture) or None
    return _known(properties)


def _attachment(audio: Recording) -> dict[str, Any]:
    return _known(
        {
            "url": audio.src,
            "mime_type": audio.type,
            "title": audio.title or None,
            "size_in_bytes": audio.length,
            "duration_in_seconds": audio.duration,
        }
    )


def _correction(correction: Correction) -> dict[str, str]:
    return {"date": rfc3339(correction.at), "text": correction.text}


def _sponsor(sponsor: Sponsor) -> dict[str, Any]:
    return _known({"name": sponsor.name, "url": sponsor.url})


def _known(properties: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if value is not None}


def _person(person: Person, avatar: str | None = None) -> dict[str, str]:
    properties = {"name": person.name, "url": person.url, "avatar": avatar}
    return {key: value for key, value in properties.items() if value}
