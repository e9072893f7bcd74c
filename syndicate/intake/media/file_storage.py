"""Find and read the media files beside an article; save media to `media/`, atomically."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from syndicate.errors import SyndicateError
from syndicate.model.media_integrity import is_intact

_MAX_ADDRESS_LENGTH = 4096


def locate(address: str, *, folder: Path, root: Path, kind: str) -> Path:
    """Return the file of a local address; raise ValueError if it may not be read.

    It must be in the publication at `root` or in the article's `folder`, to which it is
    relative; `kind` is the word for it in messages, such as "picture".
    """
    if len(address) > _MAX_ADDRESS_LENGTH:
        raise ValueError(f"too long for the address of a {kind}")
    path = unquote(urlsplit(address).path)
    if not path or "\0" in path:
        raise ValueError(f"not the address of a {kind}")
    root = root.resolve()
    file = ((root if path.startswith("/") else folder) / path.lstrip("/")).resolve()
    if not any(file.is_relative_to(parent) for parent in (root, folder.resolve())):
        raise ValueError("is outside the publication and the article's folder")
    if not file.is_file():
        raise ValueError(f"no such {kind}")
    return file


def read(file: Path, *, max_bytes: int) -> bytes:
    """Return a file's content; raise ValueError if it is too large."""
    if file.stat().st_size > max_bytes:
        raise ValueError(f"larger than {max_bytes // 1_000_000} MB")
    return file.read_bytes()


def save(data: bytes, target: Path, *, kind: str) -> None:
    """Write a file of `media/`, unless it exists with this content.

    Raise SyndicateError where that fails, which is not the article's fault.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        if not (
            target.is_file() and target.stat().st_size == len(data) and target.read_bytes() == data
        ):
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
    except OSError as error:
        raise SyndicateError(
            f"{target.parent}: {kind}s can't be saved there: {error.strerror}"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def is_saved(target: Path) -> bool:
    """Whether a file of `media/` exists, with the content whose hash is its name."""
    try:
        with target.open("rb") as file:
            return is_intact(target.name, file)
    except FileNotFoundError:
        return False
