"""The feeds of the output: their current versions, and the documents that our own hub sends."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from syndicate.config import Config
from syndicate.publish.mirror import Mirror
from syndicate.publish.output.formats import format_of, is_subscription_document
from syndicate.publish.records.manifest import Manifest, PublishedFile
from syndicate.render.feeds.formats import FORMATS


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """One version of a feed."""

    body: bytes
    sha256: str
    """Of the body, in hex."""
    media_type: str


@dataclass(frozen=True, slots=True)
class FeedDocuments:
    """The subscription documents of all public feeds, without archives and private feeds."""

    config: Config
    manifest: Manifest

    @classmethod
    @contextmanager
    def open(cls, config: Config) -> Iterator["FeedDocuments | None"]:
        """Open what was built; None before the first build.

        Raise SyndicateError, also inside the context, where it can't be read.
        """
        with Manifest.opened(config.output) as manifest:
            yield cls(config, manifest) if manifest and manifest.state() else None

    def may_send(self, at: datetime) -> bool:
        """Whether the build may be sent at `at`: it is not a trial, and not of a later time."""
        state = self.manifest.state()
        return state is not None and not state.trial and state.at <= at

    def find(self, topic: str) -> PublishedFile | None:
        """Find a feed by its URL; None where it isn't one of ours."""
        path = topic.removeprefix(f"{self.config.url}/")
        if path == topic or not is_subscription_document(path):
            return None
        file = self.manifest.entry(path)
        return file if file and file.status == HTTPStatus.OK else None

    def is_published(self, file: PublishedFile, mirror: Mirror | None) -> bool:
        """Whether readers get this version of a feed, from the mirror if there is one."""
        return mirror is None or bool(mirror.uploaded_versions({file.path: file.sha256}))

    def read(self, file: PublishedFile) -> FeedDocument | None:
        """Return a feed as it is in the folder; None where it is gone."""
        try:
            body = (self.config.output / file.path).read_bytes()
        except OSError:
            return None
        form = format_of(file.path.rpartition("/")[2])
        return FeedDocument(body, hashlib.sha256(body).hexdigest(), form.media_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedVersions:
    """Paths of the feeds that readers can subscribe to, with their digests."""

    complete: bool
    """Whether all feeds were compared, or only those that builds changed."""
    published: Mapping[str, str]
    """Documents that readers get."""
    not_mirrored: Mapping[str, str]
    """Documents that aren't in the mirror yet, so that readers get an older one."""
    changed: frozenset[str]
    """Paths that builds of this process changed or deleted."""


def find_versions(
    manifest: Manifest, mirror: Mirror | None, changed: Collection[str], *, complete: bool
) -> FeedVersions:
    """Return the versions of changed feeds, or of all."""
    if complete:
        all_files = [manifest.topic_files(writer.file) for writer in FORMATS]
        versions = {path: sha256 for files in all_files for path, sha256 in files.items()}
    else:
        entries = filter(None, map(manifest.entry, changed))
        versions = {file.path: file.sha256 for file in entries if file.status == HTTPStatus.OK}
    published = versions if mirror is None else mirror.uploaded_versions(versions)
    return FeedVersions(
        complete=complete,
        published=published,
        not_mirrored={path: sha for path, sha in versions.items() if path not in published},
        changed=frozenset(changed),
    )
