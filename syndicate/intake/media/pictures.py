"""Picture files: found beside the article, judged by their content, kept in `media/`."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.intake.media import file_storage, image_codec, picture_resizing
from syndicate.intake.media.metadata import strip_metadata
from syndicate.model import pictures
from syndicate.model.articles import MEDIA, Figure
from syndicate.model.urls import http_url
from syndicate.workers.resource_limits import restart_timers

_FORMATS = {
    "GIF": (".gif", "image/gif"),
    "PNG": (".png", "image/png"),
    "JPEG": (".jpg", "image/jpeg"),
    "WEBP": (".webp", "image/webp"),
    "AVIF": (".avif", "image/avif"),
}
_MAX_BYTES = 50_000_000
_ROTATED = (5, 6, 7, 8)


class PictureMissing(SyndicateError):  # noqa: N818 - reads as what happened
    """A picture that can't be used; its text says why."""


class Pictures:
    """The pictures of one article's file.

    With `save` false nothing is written, and pictures are only looked at.
    """

    def __init__(self, file: Path, config: Config, *, save_media: bool = True) -> None:
        self._file = file
        self._config = config
        self._save_media = save_media
        self._used: dict[str, Figure] = {}
        self._timed_files: set[Path] = set()
        self._missing: dict[str, str] = {}
        """Why an address can't be used."""

    @property
    def incomplete(self) -> bool:
        """Whether a picture was asked for that can't be used."""
        return bool(self._missing)

    @property
    def used(self) -> tuple[Figure, ...]:
        """The local pictures that were asked for, each once."""
        return tuple({figure.src: figure for figure in self._used.values()}.values())

    def find(self, address: str) -> Figure:
        """Return the picture behind an address: a remote one as it is, a local one from `media/`.

        Raise PictureMissing for one that isn't there, lies outside of the
        publication and the article's own folder, or is no picture, and for an
        address that leads nowhere.
        """
        address = address.strip()
        if address.startswith("//"):
            address = f"https:{address}"
        if re.match("https?:", address, re.IGNORECASE):
            if (remote := http_url(address)) is None:
                raise PictureMissing(f"{address}: no web address")
            return Figure(src=remote)
        if address in self._missing:
            raise PictureMissing(self._missing[address])
        if address not in self._used:
            try:
                self._used[address] = self._take(address)
            except PictureMissing as error:
                self._missing[address] = str(error)
                raise
        return self._used[address]

    def _take(self, address: str) -> Figure:
        try:
            data = _strip_metadata(self._read(self._timed(self._locate(address))))
            figure = _measure(data)
            drawn = dict(self._missing_renditions(data, figure)) if self._save_media else {}
        except (OSError, ValueError) as error:
            raise PictureMissing(f"{address}: {error}" if address else str(error)) from error
        if self._save_media:
            self._store({figure.src: data} | drawn)
        return figure

    def _missing_renditions(self, data: bytes, figure: Figure) -> Iterator[tuple[str, bytes]]:
        """Draw what isn't in `media/` yet, or is damaged there: renditions are made once."""
        _, *names = pictures.list_files(figure)
        missing = [name for name in names if not file_storage.is_saved(self._target(name))]
        return picture_resizing.resize(data, figure, missing) if missing else iter(())

    def _store(self, files: Mapping[str, bytes]) -> None:
        """Keep a picture; raise SyndicateError where that fails: it is not the article's fault."""
        try:
            for name, data in files.items():
                file_storage.save(data, self._target(name))
        except OSError as error:
            raise SyndicateError(
                f"{self._config.media}: pictures can't be kept there: {error.strerror}"
            ) from error

    def _target(self, name: str) -> Path:
        return self._config.media / name.removeprefix(MEDIA)

    def _locate(self, address: str) -> Path:
        return file_storage.locate(
            address, folder=self._file.parent, root=self._config.root, kind="picture"
        )

    def _timed(self, file: Path) -> Path:
        """Give a picture its own time, once."""
        if file not in self._timed_files:
            self._timed_files.add(file)
            restart_timers()
        return file

    @staticmethod
    def _read(file: Path) -> bytes:
        if file.stat().st_size > _MAX_BYTES:
            raise ValueError(f"larger than {_MAX_BYTES // 1_000_000} MB")
        return file.read_bytes()


def _strip_metadata(data: bytes) -> bytes:
    """Drop what a picture's file says besides the picture; code it anew where it is damaged."""
    try:
        return strip_metadata(data)
    except ValueError:
        return image_codec.reencode(data)


def _measure(data: bytes) -> Figure:
    """Return what is to be known of a picture; raise ValueError when it is none."""
    with image_codec.open_image(data) as image:
        suffix, kind = _FORMATS[image.format or ""]
        width, height = image.size
        if image_codec.orientation(image) in _ROTATED:
            width, height = height, width
        variants = picture_resizing.rendition_widths(image, width)
        image.verify()
    return Figure(
        src=MEDIA + hashlib.sha256(data).hexdigest()[:32] + suffix,
        width=width,
        height=height,
        type=kind,
        length=len(data),
        variants=variants,
    )
