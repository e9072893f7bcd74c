"""Files beside an article, and `media/`, where they are kept: each whole or not at all."""

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

from syndicate.model.media_integrity import is_intact

_MAX_ADDRESS_LENGTH = 4096


def locate(address: str, *, folder: Path, root: Path, kind: str) -> Path:
    """Return the file of a local address; raise ValueError when it may not be read.

    It lies in the publication at `root` or in the article's `folder`, which it
    is relative to; `kind` is what it should be, in a word.
    """
    if len(address) > _MAX_ADDRESS_LENGTH:
        raise ValueError(f"longer than any address of a {kind}")
    path = unquote(urlsplit(address).path)
    if not path or "\0" in path:
        raise ValueError(f"no address of a {kind}")
    root = root.resolve()
    file = ((root if path.startswith("/") else folder) / path.lstrip("/")).resolve()
    if not any(file.is_relative_to(place) for place in (root, folder.resolve())):
        raise ValueError("lies outside of the publication and of the article's folder")
    if not file.is_file():
        raise ValueError(f"no such {kind}")
    return file


def save(data: bytes, target: Path) -> None:
    """Write a file, unless it is there with this content."""
    if _has_content(target, data):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with half.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)


def is_saved(target: Path) -> bool:
    """Whether a file of `media/` is there and is what its name promises."""
    try:
        with target.open("rb") as file:
            return is_intact(target.name, file)
    except FileNotFoundError:
        return False


def _has_content(target: Path, data: bytes) -> bool:
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except FileNotFoundError:
        return False
