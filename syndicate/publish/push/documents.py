"""Documents: the feeds that somebody may subscribe to, as they lie in the output."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from syndicate.config import Config
from syndicate.publish.formats import format_of
from syndicate.publish.manifest import Manifest
from syndicate.publish.push.seen import is_followed


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a feed."""

    body: bytes
    sha256: str
    """Of the body, in hex."""
    media_type: str


class Documents:
    """The newest documents of all public feeds; archives and private feeds are none of them."""

    def __init__(self, config: Config, manifest: Manifest) -> None:
        self._config = config
        self._manifest = manifest

    @classmethod
    @contextmanager
    def seen(cls, config: Config) -> Iterator["Documents | None"]:
        """Look at what was built; None where nothing is, or a build is beginning anew."""
        manifest = Manifest.seen(config.output)
        if manifest is None:
            yield None
            return
        with closing(manifest):
            yield cls(config, manifest) if manifest.state() is not None else None

    def version(self, topic: str) -> str | None:
        """Return the sha256 of what is at the address of a feed; None where it is none of ours."""
        path = self._path(topic)
        entry = self._manifest.entry(path) if path else None
        return entry.sha256 if entry and entry.status == HTTPStatus.OK else None

    def read(self, topic: str) -> Document | None:
        """Return the document at the address of a feed; None where there is none now."""
        path = self._path(topic)
        if path is None or self.version(topic) is None:
            return None
        try:
            body = (self._config.output / path).read_bytes()
        except OSError:
            return None
        form = format_of(path.rpartition("/")[2])
        return Document(body, hashlib.sha256(body).hexdigest(), form.media_type)

    def _path(self, topic: str) -> str | None:
        """Return the path of a feed's newest document; None for other addresses."""
        root = f"{self._config.url}/"
        if not topic.startswith(root):
            return None
        path = topic.removeprefix(root)
        return path if is_followed(path) else None
