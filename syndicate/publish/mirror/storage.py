"""The storage that a mirror lies in: the one door to fsspec.

fsspec and what it needs for a protocol are the extra `s3`, loaded only
where a mirror is configured. Secrets it finds by itself, as the tools of each
storage do: for S3 in `AWS_ACCESS_KEY_ID` and its kin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from syndicate.errors import ConfigError, SyndicateError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_LOCAL = {"file", "local"}
_NAMES = {
    "content-type": "ContentType",
    "cache-control": "CacheControl",
    "location": "WebsiteRedirectLocation",
}
"""What S3 calls the headers that an object is served with."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder in some storage; several threads may use it at once."""

    filesystem: "AbstractFileSystem"
    root: str

    @classmethod
    def at(cls, url: str, options: Mapping[str, Any]) -> Self:
        """Open a storage; raise SyndicateError where these options mean nothing to it."""
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only with a mirror

        made = {"auto_mkdir": True} if _protocol(url) in _LOCAL else {}
        try:
            # An instance of our own: a kept one would go on with credentials that were changed.
            filesystem, root = url_to_fs(url, skip_instance_cache=True, **made, **options)
        except Exception as error:
            raise SyndicateError(f"{url}: can't be opened: {_said(error)}") from error
        return cls(filesystem, root.rstrip("/"))

    def put(self, file: Path, path: str, headers: Mapping[str, str]) -> None:
        """Store a file at a path; raise SyndicateError with what the storage says.

        Only S3 is told headers.
        """
        named = {_NAMES[name]: value for name, value in headers.items()} if self._is_s3 else {}
        try:
            self.filesystem.put_file(str(file), self._place(path), **named)
        except Exception as error:
            raise SyndicateError(_said(error, path)) from error

    def delete(self, path: str) -> None:
        """Delete what is at a path, if anything; raise SyndicateError as `put` does."""
        try:
            self.filesystem.rm_file(self._place(path))
        except FileNotFoundError:
            return
        except Exception as error:
            raise SyndicateError(_said(error, path)) from error

    @property
    def _is_s3(self) -> bool:
        return "s3" in self.filesystem.protocol

    def _place(self, path: str) -> str:
        return f"{self.root}/{path}"


def require(url: str) -> None:
    """See to it that a protocol is known and installed; raise ConfigError with the remedy."""
    protocol = _protocol(url)
    try:
        from fsspec import get_filesystem_class  # noqa: PLC0415 - only with a mirror

        get_filesystem_class(protocol)
    except ImportError as error:
        raise ConfigError(
            f'publish.mirror = "{url}" — what speaks {protocol} isn\'t installed ({error}); '
            f"`pip install s3fs` brings it for s3; for others, install what fsspec asks for"
        ) from error
    except ValueError as error:
        raise ConfigError(f'publish.mirror = "{url}" — fsspec knows no {protocol}') from error


def _protocol(url: str) -> str:
    return url.partition("://")[0]


def _said(error: Exception, path: str = "") -> str:
    """Return what a storage said, on one line, the same for every path that it says it of."""
    said = " ".join((str(error) or type(error).__name__).split())
    if type(error).__name__ == "NoCredentialsError":
        return f"{said}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    return said.replace(quote(path), "…") if path else said
