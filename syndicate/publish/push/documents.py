"""Documents: the feeds that somebody may subscribe to, as they lie in the output."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.output.formats import format_of, is_followed
from syndicate.publish.output.manifest import Manifest


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """One version of a feed."""

    body: bytes
    sha256: str
    """Of the body, in hex."""
    media_type: str


class FeedDocuments:
    """The newest documents of all public feeds; archives and private feeds are none of them."""

    def __init__(self, config: Config, manifest: Manifest) -> None:
        self._config = config
        self._manifest = manifest

    @classmethod
    @contextmanager
    def seen(cls, config: Config) -> Iterator["FeedDocuments | None"]:
        """Look at what was built; None where nothing is, or a build is beginning anew.

        Raise SyndicateError, also later, where that can't be read.
        """
        manifest = Manifest.seen(config.output)
        if manifest is None:
            yield None
            return
        try:
            with closing(manifest):
                yield cls(config, manifest) if manifest.state() is not None else None
        except sqlite3.Error as error:
            raise SyndicateError(f"{config.output}: the manifest: {error}") from error

    def is_due(self, at: datetime) -> bool:
        """Whether what was built may be told of at `at`: no trial, and of no time to come."""
        state = self._manifest.state()
        return state is not None and not state.trial and state.at <= at

    def is_there(self, topic: str, mirror: Mirror | None) -> bool:
        """Whether readers get the newest version of a feed: from the mirror, if there is one."""
        path, version = self._path(topic), self.version(topic)
        return mirror is None or not (path and version) or path in mirror.having({path: version})

    def version(self, topic: str) -> str | None:
        """Return the sha256 of what is at the address of a feed; None where it is none of ours."""
        path = self._path(topic)
        entry = self._manifest.entry(path) if path else None
        return entry.sha256 if entry and entry.status == HTTPStatus.OK else None

    def read(self, topic: str) -> FeedDocument | None:
        """Return the document at the address of a feed; None where there is none now."""
        path = self._path(topic)
        if path is None or self.version(topic) is None:
            return None
        try:
            body = (self._config.output / path).read_bytes()
        except OSError:
            return None
        form = format_of(path.rpartition("/")[2])
        return FeedDocument(body, hashlib.sha256(body).hexdigest(), form.media_type)

    def _path(self, topic: str) -> str | None:
        """Return the path of a feed's newest document; None for other addresses."""
        root = f"{self._config.url}/"
        if not topic.startswith(root):
            return None
        path = topic.removeprefix(root)
        return path if is_followed(path) else None
