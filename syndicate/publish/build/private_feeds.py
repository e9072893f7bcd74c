"""Private feeds: the documents of public feeds, with full text and a placeholder for the token.

They have the pagination of the last build and are rendered on request. A document is the
same for all readers but for their token.
"""

import hashlib
import secrets
import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

from cachetools import LRUCache

from syndicate.config import Config
from syndicate.model.articles import Status
from syndicate.publish.build.entry_fragments import FragmentRenderer
from syndicate.publish.build.tasks import TaskOutcome
from syndicate.publish.output.formats import GZIP_LEVEL
from syndicate.publish.records.file_link_index import FileLinkIndex
from syndicate.publish.records.manifest import Manifest, ManifestState, PublishedFile
from syndicate.publish.records.topic_index import TopicIndex
from syndicate.render import addresses, topics
from syndicate.render.feeds.channel import FeedHistory, build_channel
from syndicate.render.feeds.entries import EntryFragments
from syndicate.render.feeds.formats import FORMATS, FeedWriter
from syndicate.render.pages import ListPages
from syndicate.store import Store

_CACHE_SIZE = 32 * 1024 * 1024
"""Bytes of cached documents."""
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""A gzip header without a name or a time (RFC 1952, 2.3)."""
_FINAL_BLOCK = b"\x03\x00"
"""An empty final block (RFC 1951, 3.2.3)."""

_Version = tuple[str, int, str]
"""The style and the newest change of a build, and the digest of the public document."""


class PrivateFeedWriter:
    """Renders private documents, and caches them until their articles change."""

    def __init__(
        self, store: Store, config: Config, pages: ListPages, *, cache_size: int = _CACHE_SIZE
    ) -> None:
        self._store = store
        self._config = config
        self._fragments = FragmentRenderer(store, config, pages)
        self._rendered_change: int | None = None
        """The change of the store that the fragments are up to date with."""
        self._placeholder = secrets.token_urlsafe(32)  # no author of an article knows it
        self._documents: LRUCache[str, tuple[_Version, GzipTemplate]] = LRUCache(
            cache_size, lambda cached: cached[1].size
        )
        self._lock = Lock()

    def document(self, address: str) -> tuple[FeedWriter, "GzipTemplate"] | None:
        """Return the private version of the public document at an address from the root.

        None where it is not a feed that readers subscribe to. Raise SyndicateError where the
        store or the manifest can't be read.
        """
        writer = next((writer for writer in FORMATS if address.endswith(f"/{writer.file}")), None)
        if writer is None or not address.isascii():  # SQLite fails for some other characters
            return None
        with Manifest.opened(self._config.output) as manifest, self._lock:
            if manifest is None:
                return None
            public, state = manifest.entry(addresses.output_path(address)), manifest.state()
            if public is None or state is None or public.owner + writer.file != address:
                return None
            version = (state.style, state.change, public.sha256)
            cached, document = self._documents.get(address, (None, None))
            if cached != version or document is None:
                self._fragments.set_missing(manifest.missing_files())
                document = self._render(writer, public, manifest, state)
                with suppress(ValueError):  # it is larger than the cache
                    self._documents[address] = version, document
            return writer, document

    def _render(
        self, writer: FeedWriter, public: PublishedFile, manifest: Manifest, state: ManifestState
    ) -> "GzipTemplate":
        index = TopicIndex(manifest.database)
        empty = {topic.home: topic for topic in topics.configured(self._config)}
        topic = index.topic(public.owner) or empty.get(public.owner) or topics.everything()
        rows = index.newest(topic.home, topics.item_limit(topic, self._config))
        links = FileLinkIndex(manifest.database)
        entries = self._entries([row.article for row in rows], state, links)
        # like the public one, without links that would reveal it to others; it names no hub, since
        # it isn't in the folder of its page
        private = addresses.private_feed(self._placeholder, topic.home)
        own = {writer.file: f"{self._config.web_url}{private}{writer.file}" for writer in FORMATS}
        head = build_channel(self._config, topic, entries, FeedHistory(own=own))
        head = replace(head, private=True)
        body = writer.write_document(head, (entry.fragments[writer.file] for entry in entries))
        return GzipTemplate(tuple(body.split(self._placeholder.encode())))

    def _entries(
        self, rows: Sequence[int], state: ManifestState, links: FileLinkIndex
    ) -> list[EntryFragments]:
        """Return articles in full, without those that were hidden since the build."""
        with self._store.read() as tx:
            changed = tx.published.changed(state.change, since=state.at, at=state.at)
            articles = tx.published.articles(list({*rows} & {*changed}))
            if self._rendered_change is not None:
                changed = tx.published.changed(self._rendered_change, since=state.at, at=state.at)
                self._fragments.forget([*changed, *links.articles()])
        self._rendered_change = state.change
        hidden = {a.key for a in articles if a.status is Status.DRAFT or a.published > state.at}
        shown = [key for key in rows if key not in hidden]
        return self._fragments.entries(shown, TaskOutcome(), full=True, at=state.at)


@dataclass(frozen=True)
class GzipTemplate:
    """The parts of a document, split at its placeholders; the value goes between each two.

    It is compressed once and filled in for each request: compressing it each time would cost
    more than the rest of the response. So its parts are compressed separately, and the value
    is stored between them uncompressed.
    """

    parts: tuple[bytes, ...]

    @cached_property
    def digest(self) -> str:
        """Identifies the document, whatever the value."""
        return hashlib.sha256(b"\0".join(self.parts)).hexdigest()[:32]

    @cached_property
    def size(self) -> int:
        """The bytes that it takes in memory."""
        return sum(map(len, self.parts)) + sum(map(len, self._deflated))

    def render(self, value: bytes) -> bytes:
        """Return the document with a value filled in."""
        return value.join(self.parts)

    def render_gzipped(self, value: bytes) -> bytes:
        """Return the same, gzipped; the value is shorter than 64 KiB."""
        document, length = self.render(value), len(value)
        stored = struct.pack("<xHH", length, length ^ 0xFFFF) + value  # (RFC 1951, 3.2.4)
        end = struct.pack("<II", zlib.crc32(document), len(document) & 0xFFFFFFFF)
        return b"".join((_HEADER, stored.join(self._deflated), _FINAL_BLOCK, end))

    @cached_property
    def _deflated(self) -> list[bytes]:
        """The parts, each compressed to end at a byte boundary and to refer to no earlier one."""
        deflated = []
        for part in self.parts:
            deflater = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
            deflated.append(deflater.compress(part) + deflater.flush(zlib.Z_FULL_FLUSH))
        return deflated
