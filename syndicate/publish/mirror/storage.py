"""The storage of a mirror. No other module uses fsspec.

fsspec and its protocols are the extra `s3`, imported only where a mirror is configured.
fsspec finds credentials by itself, as the tools of each storage do: for S3 in
`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from syndicate.errors import ConfigError, SyndicateError
from syndicate.text import one_line

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_LOCAL = {"file", "local"}
_S3_NAMES = {
    "content-type": "ContentType",
    "cache-control": "CacheControl",
    "location": "WebsiteRedirectLocation",
}
"""S3's names of HTTP headers."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A folder in some storage; safe for several threads."""

    filesystem: "AbstractFileSystem"
    root: str

    @classmethod
    def open(cls, url: str, options: Mapping[str, Any]) -> Self:
        """Open a storage; raise SyndicateError where it refuses these options."""
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only with a mirror

        defaults = {"auto_mkdir": True} if _protocol(url) in _LOCAL else {}
        try:
            # A cached instance would keep using credentials that have changed.
            filesystem, root = url_to_fs(url, skip_instance_cache=True, **defaults, **options)
        except Exception as error:
            raise SyndicateError(f"{url}: can't be opened: {_error_text(error)}") from error
        return cls(filesystem, root.rstrip("/"))

    def put(self, file: Path, path: str, headers: Mapping[str, str]) -> None:
        """Upload a file to a path; raise SyndicateError with the storage's error.

        Only S3 gets the headers.
        """
        is_s3 = "s3" in self.filesystem.protocol
        metadata = {_S3_NAMES[name]: value for name, value in headers.items() if is_s3}
        try:
            self.filesystem.put_file(str(file), f"{self.root}/{path}", **metadata)
        except Exception as error:
            raise SyndicateError(_error_text(error, path)) from error

    def delete(self, path: str) -> None:
        """Delete a file, if it exists; raise SyndicateError as `put` does."""
        try:
            self.filesystem.rm_file(f"{self.root}/{path}")
        except FileNotFoundError:
            return
        except Exception as error:
            raise SyndicateError(_error_text(error, path)) from error


def check_installed(url: str) -> None:
    """Raise ConfigError with the remedy where a protocol is unknown or not installed."""
    protocol = _protocol(url)
    try:
        from fsspec import get_filesystem_class  # noqa: PLC0415 - only with a mirror

        get_filesystem_class(protocol)
    except ImportError as error:
        raise ConfigError(
            f'publish.mirror = "{url}" — the package for {protocol} isn\'t installed ({error}); '
            "for s3 run `pip install s3fs`; for others, install what fsspec asks for"
        ) from error
    except ValueError as error:
        raise ConfigError(
            f'publish.mirror = "{url}" — fsspec has no protocol {protocol}'
        ) from error


def _protocol(url: str) -> str:
    return url.partition("://")[0]


def _error_text(error: Exception, path: str = "") -> str:
    text = one_line(str(error)) or type(error).__name__
    if type(error).__name__ == "NoCredentialsError":
        return f"{text}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    return text.replace(quote(path), "…") if path else text
