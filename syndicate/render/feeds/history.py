"""Where a feed leads to: links, and its history of archives and of what was taken back.

RFC 4287 (4.2.7), RFC 5005 (section 4) and RFC 6721.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syndicate.render.feeds.xml_elements import tag


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedLink:
    """Where something else is (RFC 4287, 4.2.7)."""

    rel: str
    href: str
    type: str | None = None
    hreflang: str | None = None
    title: str | None = None
    length: int | None = None
    count: int | None = None
    """How many replies are there (RFC 4685, section 4)."""

    @property
    def attributes(self) -> dict[str, str]:
        """What is known, as attributes of an `atom:link`."""
        facts = {
            "rel": self.rel,
            "type": self.type,
            "hreflang": self.hreflang,
            "title": self.title,
            "length": None if self.length is None else str(self.length),
            tag("thr:count"): None if self.count is None else str(self.count),
            "href": self.href,
        }
        return {name: value for name, value in facts.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHistory:
    """Where a document stands in the history of its feed (RFC 5005, section 4).

    Each mapping holds absolute addresses by the name of a format's file
    (`rss.xml`), and is empty where there is no such document.
    """

    own: Mapping[str, str] = field(default_factory=dict)
    """Where the document itself is; empty: beside its page."""
    current: Mapping[str, str] = field(default_factory=dict)
    prev_archive: Mapping[str, str] = field(default_factory=dict)
    next_archive: Mapping[str, str] = field(default_factory=dict)
    archived: bool = False
    """Whether this is an archive document, which stays as it is."""

    def links(self, name: str) -> Iterator[RelatedLink]:
        """Return where the neighbours of a format's document are."""
        for rel, there in (
            ("current", self.current),
            ("prev-archive", self.prev_archive),
            ("next-archive", self.next_archive),
        ):
            if name in there:
                yield RelatedLink(rel=rel, href=there[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """An entry that was taken back (RFC 6721)."""

    ref: str
    """The entry's id."""
    when: datetime
    url: str
    """The page that says so."""
    by: str | None = None
    comment: str | None = None
