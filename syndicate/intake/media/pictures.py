"""Find an article's picture files, check their content, save them and their renditions."""

import hashlib
import re
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
    """A picture can't be used; the text is the reason."""


class Pictures:
    """The pictures of one article; with `save_media` false they are checked and not saved."""

    def __init__(self, file: Path, config: Config, *, save_media: bool = True) -> None:
        self._file = file
        self._config = config
        self._save_media = save_media
        self._used: dict[str, Figure] = {}
        self._timed_files: set[Path] = set()
        self._missing: dict[str, str] = {}
        """Address → why it can't be used."""

    @property
    def incomplete(self) -> bool:
        """Whether a requested picture can't be used."""
        return bool(self._missing)

    @property
    def used(self) -> tuple[Figure, ...]:
        """The local pictures that were requested, each once."""
        return tuple({figure.src: figure for figure in self._used.values()}.values())

    def find(self, address: str) -> Figure:
        """Return the picture at an address: a remote one as it is, a local one in `media/`.

        Raise PictureMissing if it doesn't exist, is outside the publication and the
        article's folder, or is not a picture, and for an invalid address.
        """
        address = address.strip()
        if address.startswith("//"):
            address = f"https:{address}"
        if re.match("https?:", address, re.IGNORECASE):
            if (remote := http_url(address)) is None:
                raise PictureMissing(f"{address}: not a web address")
            return Figure(src=remote)
        if address in self._missing:
            raise PictureMissing(self._missing[address])
        if address not in self._used:
            try:
                self._used[address] = self._import(address)
            except PictureMissing as error:
                self._missing[address] = str(error)
                raise
        return self._used[address]

    def _import(self, address: str) -> Figure:
        try:
            file = file_storage.locate(
                address, folder=self._file.parent, root=self._config.root, kind="picture"
            )
            if file not in self._timed_files:  # each picture has its own time limit, once
                self._timed_files.add(file)
                restart_timers()
            data = file_storage.read(file, max_bytes=_MAX_BYTES)
            try:
                data = strip_metadata(data)
            except ValueError:  # a damaged file
                data = image_codec.reencode(data)
            figure = _measure(data)
            _, *names = pictures.list_files(figure) if self._save_media else (figure.src,)
            missing = [name for name in names if not file_storage.is_saved(self._target(name))]
            resized = dict(picture_resizing.resize(data, figure, missing)) if missing else {}
        except (OSError, ValueError) as error:
            raise PictureMissing(f"{address}: {error}" if address else str(error)) from error
        if self._save_media:
            for name, content in ({figure.src: data} | resized).items():
                file_storage.save(content, self._target(name), kind="picture")
        return figure

    def _target(self, name: str) -> Path:
        return self._config.media / name.removeprefix(MEDIA)


def _measure(data: bytes) -> Figure:
    """Return a picture's name, type and size; raise ValueError if it is not a picture."""
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
