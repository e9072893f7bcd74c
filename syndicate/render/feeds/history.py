"""The archives of a feed (RFC 5005, section 4), and tombstones of retracted articles (RFC 6721)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime


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

    def links(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield relation and address of the links from a format's document to the others."""
        for rel, documents in (
            ("current", self.current),
            ("prev-archive", self.prev_archive),
            ("next-archive", self.next_archive),
        ):
            if name in documents:
                yield rel, documents[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """The notice of a retracted entry (RFC 6721)."""

    ref: str
    """The entry's id."""
    when: datetime
    url: str
    """The page with the notice."""
    by: str
    comment: str
