"""Links of a feed, its archives, and tombstones of retracted articles.

RFC 4287 (4.2.7), RFC 5005 (section 4) and RFC 6721.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.render.feeds.xml_elements import tag


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedLink:
    """A link of a feed or an entry (RFC 4287, 4.2.7)."""

    rel: str
    href: str
    type: str | None = None
    hreflang: str | None = None
    title: str | None = None
    length: int | None = None
    count: int | None = None
    """The number of replies (RFC 4685, section 4)."""

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes of an `atom:link`, without those that are None."""
        attributes = {
            "rel": self.rel,
            "type": self.type,
            "hreflang": self.hreflang,
            "title": self.title,
            "length": None if self.length is None else str(self.length),
            tag("thr:count"): None if self.count is None else str(self.count),
            "href": self.href,
        }
        return {name: value for name, value in attributes.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHistory:
    """The position of a document in the archives of its feed (RFC 5005, section 4).

    Each mapping has absolute addresses by the name of a format's file (`rss.xml`), and is empty
    if there is no such document.
    """

    own: Mapping[str, str] = field(default_factory=dict)
    """The document itself; empty if it is beside its page."""
    current: Mapping[str, str] = field(default_factory=dict)
    prev_archive: Mapping[str, str] = field(default_factory=dict)
    next_archive: Mapping[str, str] = field(default_factory=dict)
    archived: bool = False
    """Whether this is an archive document, which never changes."""

    def links(self, name: str) -> Iterator[RelatedLink]:
        """Yield the links from a format's document to the others."""
        for rel, documents in (
            ("current", self.current),
            ("prev-archive", self.prev_archive),
            ("next-archive", self.next_archive),
        ):
            if name in documents:
                yield RelatedLink(rel=rel, href=documents[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """The notice of a retracted entry (RFC 6721)."""

    ref: str
    """The entry's id."""
    when: datetime
    url: str
    """The page with the notice."""
    by: str | None = None
    comment: str | None = None
