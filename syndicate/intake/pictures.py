"""Picture files: found beside the article, judged by their content, kept in `media/`."""

import hashlib
import os
import re
import secrets
import warnings
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

from PIL import Image, UnidentifiedImageError

from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.model.articles import MEDIA, Figure

_KINDS = {
    "GIF": (".gif", "image/gif"),
    "PNG": (".png", "image/png"),
    "JPEG": (".jpg", "image/jpeg"),
    "WEBP": (".webp", "image/webp"),
    "AVIF": (".avif", "image/avif"),
}
_BIGGEST = 50_000_000
_MOST_PIXELS = 100_000_000
_ORIENTATION, _SIDEWAYS = 0x0112, (5, 6, 7, 8)


class PictureMissing(SyndicateError):  # noqa: N818 - reads as what happened
    """A picture that can't be used; its text says why."""


class Pictures:
    """The pictures of one article's file.

    With `keep` false nothing is written, and pictures are only looked at.
    """

    def __init__(self, file: Path, config: Config, *, keep: bool = True) -> None:
        self._folder = file.parent
        self._config = config
        self._keep = keep
        self._used: dict[str, Figure] = {}

    @property
    def used(self) -> tuple[Figure, ...]:
        """The local pictures that were asked for, each once."""
        return tuple({figure.src: figure for figure in self._used.values()}.values())

    def find(self, address: str) -> Figure:
        """Return the picture behind an address: a remote one as it is, a local one from `media/`.

        Raise PictureMissing for one that isn't there, lies outside of the
        publication and the article's own folder, or is no picture.
        """
        address = address.strip()
        if address.startswith("//"):
            address = f"https:{address}"
        if re.match("https?://", address, re.IGNORECASE):
            return Figure(src=address)
        if address not in self._used:
            self._used[address] = self._take(address)
        return self._used[address]

    def _take(self, address: str) -> Figure:
        try:
            data = self._read(self._locate(address))
            figure = _measure(data)
        except (OSError, ValueError) as error:
            raise PictureMissing(f"{address}: {error}" if address else str(error)) from error
        if self._keep:
            self._store(data, figure)
        return figure

    def _store(self, data: bytes, figure: Figure) -> None:
        """Keep a picture; raise SyndicateError where that fails: it is not the article's fault."""
        target = self._config.media / figure.src.removeprefix(MEDIA)
        try:
            _store(data, target)
        except OSError as error:
            raise SyndicateError(
                f"{target.parent}: pictures can't be kept there: {error.strerror}"
            ) from error

    def _locate(self, address: str) -> Path:
        """Return the file of a local address; raise ValueError when it may not be read."""
        path = unquote(urlsplit(address).path)
        if not path or "\0" in path:
            raise ValueError("no address of a picture")
        root = self._config.root.resolve()
        base = root if path.startswith("/") else self._folder
        file = (base / path.lstrip("/")).resolve()
        if not any(file.is_relative_to(place) for place in (root, self._folder.resolve())):
            raise ValueError("lies outside of the publication and of the article's folder")
        if not file.is_file():
            raise ValueError("no such picture")
        return file

    @staticmethod
    def _read(file: Path) -> bytes:
        if file.stat().st_size > _BIGGEST:
            raise ValueError(f"larger than {_BIGGEST // 1_000_000} MB")
        return file.read_bytes()


def _measure(data: bytes) -> Figure:
    """Return what is to be known of a picture; raise ValueError when it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            suffix, kind, (width, height) = _look(data)
    except Image.DecompressionBombError as error:
        raise ValueError("has too many pixels") from error
    except (UnidentifiedImageError, SyntaxError, EOFError) as error:
        raise ValueError("no GIF, PNG, JPEG, WebP or AVIF picture") from error
    name = hashlib.sha256(data).hexdigest()[:32] + suffix
    return Figure(src=MEDIA + name, width=width, height=height, type=kind, length=len(data))


def _look(data: bytes) -> tuple[str, str, tuple[int, int]]:
    """Return suffix, media type, and the size as shown: EXIF may turn a picture."""
    with Image.open(BytesIO(data), formats=list(_KINDS)) as image:
        suffix, kind = _KINDS[image.format or ""]
        width, height = image.size
        if width * height > _MOST_PIXELS:
            raise ValueError("has too many pixels")
        exif = Image.Image.getexif(image)  # a PNG's own getexif would decode it
        sideways = exif.get(_ORIENTATION) in _SIDEWAYS
        image.verify()
    return suffix, kind, (height, width) if sideways else (width, height)


def _store(data: bytes, target: Path) -> None:
    """Write a file whole or not at all; one that is there has the same content."""
    if target.exists() and target.stat().st_size == len(data):
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
