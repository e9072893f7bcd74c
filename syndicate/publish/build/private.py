"""Private feeds as documents: what the public ones tell, in full, with a gap for the token.

They are laid out as the last build laid out the public ones, and printed when
somebody asks. A document is the same for every reader but for their token.
"""

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from threading import Lock

from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.model.articles import Status
from syndicate.publish.build.entry_fragments import EntryFragments, FragmentRenderer
from syndicate.publish.build.pagination import newest
from syndicate.publish.build.report import TaskOutcome
from syndicate.publish.build.topic_index import TopicIndex
from syndicate.publish.output.gzip_template import GzipTemplate
from syndicate.publish.output.manifest import Manifest, ManifestState, PublishedFile
from syndicate.render import addresses, topics
from syndicate.render.feeds import FORMATS, FeedChannel, FeedHistory, FeedWriter, channel
from syndicate.render.pages.list_pages import ListPages
from syndicate.render.topics import Topic
from syndicate.store import Store

_KEPT = 32 * 1024 * 1024
"""How many bytes of documents are remembered."""

_Version = tuple[str, int, str]
"""The style and the newest change of a build, and the digest of the public document."""


class PrivateFeedWriter:
    """Prints private documents, and remembers them until what they tell of changes."""

    def __init__(
        self, store: Store, config: Config, pages: ListPages, *, kept: int = _KEPT
    ) -> None:
        self._store = store
        self._config = config
        self._teller = FragmentRenderer(store, config, pages)
        self._told_until: int | None = None
        self._gap = secrets.token_urlsafe(32)  # nobody who writes an article knows it
        self._kept = kept
        self._printed: OrderedDict[str, tuple[_Version, GzipTemplate]] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def document(self, address: str) -> tuple[FeedWriter, GzipTemplate] | None:
        """Return what stands for the public document at an address from the root.

        None where there is none that readers follow. Raise StoreError, or sqlite3.Error
        where the manifest can't be read.
        """
        each = next((one for one in FORMATS if address.endswith(f"/{one.file}")), None)
        if each is None or not address.isascii():  # our addresses are, and SQLite is particular
            return None
        seen = Manifest.seen(self._config.output)
        if seen is None:
            return None
        with closing(seen), self._lock:
            public, state = seen.entry(addresses.output_path(address)), seen.state()
            if public is None or state is None or public.owner + each.file != address:
                return None
            version = (state.style, state.change, public.sha256)
            known, printed = self._printed.get(address, (None, None))
            if printed is None or known != version:
                self._teller.do_without(
                    {key: frozenset(files) for key, files in seen.missed().items()}
                )
                printed = self._print(each, public, TopicIndex(seen.database), state)
            self._remember(address, version, printed)
            return each, printed

    def _print(
        self, each: FeedWriter, public: PublishedFile, lists: TopicIndex, state: ManifestState
    ) -> GzipTemplate:
        topic = lists.topic(public.owner) or topics.everything()  # which is there without articles
        told = self._tell(newest(lists, topic, self._config).rows, state)
        head = self._head(topic, told)
        body = each.write_document(head, (one.fragments[each.file] for one in told))
        return GzipTemplate.of(body, self._gap.encode())

    def _tell(self, rows: Sequence[int], state: ManifestState) -> list[EntryFragments]:
        """Tell articles in full, but those that are not public any more since the build."""
        with self._store.read() as tx:
            changed = tx.published.changed(state.change, since=state.at, at=state.at)
            doubtful = tx.published.articles([key for key in rows if key in {*changed}])
            if self._told_until is not None:
                changed = tx.published.changed(self._told_until, since=state.at, at=state.at)
                self._teller.forget(changed)
        self._told_until = state.change
        hidden = {
            one.key for one in doubtful if one.status is Status.DRAFT or one.published > state.at
        }
        shown = [key for key in rows if key not in hidden]
        return self._teller.told(shown, TaskOutcome(), full=True)

    def _head(self, topic: Topic, told: Sequence[EntryFragments]) -> FeedChannel:
        """Describe the feed as the public one, but for what would lead others to it.

        Since it doesn't lie beside its page, it names no hub.
        """
        private = addresses.private_feed(self._gap, topic.home)
        head = channel.build_channel(
            self._config,
            topic,
            updated=max((one.modified for one in told), default=EPOCH),
            has_audio=any(one.heard for one in told),
            archive=FeedHistory(
                own={one.file: f"{self._config.web_url}{private}{one.file}" for one in FORMATS}
            ),
            deleted=tuple(one.tombstone for one in told if one.tombstone),
        )
        podcast = replace(head.podcast, locked=True) if head.podcast else None
        return replace(head, podcast=podcast, private=True)

    def _remember(self, address: str, version: _Version, printed: GzipTemplate) -> None:
        """Remember what was asked for last; forget what nobody asked for the longest."""
        if address in self._printed:
            self._weight -= self._printed.pop(address)[1].weight
        self._printed[address] = (version, printed)
        self._weight += printed.weight
        while self._weight > self._kept and len(self._printed) > 1:
            _, (_, oldest) = self._printed.popitem(last=False)
            self._weight -= oldest.weight
