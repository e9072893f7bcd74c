"""Find an article's pictures and recording, check their content, save them in `media/`."""

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.intake.media import image_codec
from syndicate.intake.media.metadata import strip_metadata
from syndicate.model import pictures
from syndicate.model.articles import MEDIA, Figure, Recording
from syndicate.model.pictures import is_intact
from syndicate.model.urls import http_url
from syndicate.workers.resource_limits import restart_timers

_IMAGE_FORMATS = {
    "GIF": (".gif", "image/gif"),
    "PNG": (".png", "image/png"),
    "JPEG": (".jpg", "image/jpeg"),
    "WEBP": (".webp", "image/webp"),
    "AVIF": (".avif", "image/avif"),
}
_AUDIO_FORMATS = {
    "MP3": (".mp3", "audio/mpeg"),
    "MP4": (".m4a", "audio/mp4"),
    "OggVorbis": (".ogg", "audio/ogg"),
    "OggOpus": (".opus", "audio/ogg"),
    "FLAC": (".flac", "audio/flac"),
    "WAVE": (".wav", "audio/wav"),
}
"""By mutagen's name for the format."""
_AUDIO_TYPES = dict(_AUDIO_FORMATS.values())
_MAX_PICTURE_BYTES, _MAX_RECORDING_BYTES = 50_000_000, 500_000_000
_MAX_ADDRESS_LENGTH = 4096
_REMOTE = re.compile("https?:", re.IGNORECASE)
_ROTATED = (5, 6, 7, 8)


class ArticleMedia:
    """The pictures and the recording of one article.

    What doesn't exist, is outside the publication and the article's folder or in no known
    format, and an invalid address, is not found: the reason goes to `warn`. With `save_media`
    false, files are checked and not saved. `list_files` names those to save of a picture.
    """

    def __init__(
        self,
        file: Path,
        config: Config,
        warn: Callable[[str], None],
        *,
        save_media: bool = True,
        list_files: Callable[[Figure], Sequence[str]] = pictures.list_files,
    ) -> None:
        self._file = file
        self._config = config
        self._warn = warn
        self._save_media = save_media
        self._list_files = list_files
        self._pictures: dict[str, Figure | str] = {}
        """Address → the local picture, or why it can't be used."""
        self._timed_files: set[Path] = set()
        self.incomplete = False
        """Whether a local picture or a recording that was requested can't be used."""

    @property
    def pictures(self) -> tuple[Figure, ...]:
        """The local pictures that were found, each once."""
        found = (figure for figure in self._pictures.values() if isinstance(figure, Figure))
        return tuple({figure.src: figure for figure in found}.values())

    def find_picture(self, address: str, role: str = "a picture") -> Figure | None:
        """Return the picture at an address: a remote one as it is, a local one in `media/`.

        `role` is the word for it in the warning.
        """
        address = address.strip()
        if address.startswith("//"):
            address = f"https:{address}"
        if _REMOTE.match(address):
            remote = http_url(address)
            found = "not a web address" if remote is None else Figure(src=remote)
        elif address in self._pictures:
            found = self._pictures[address]
        else:
            found = self._pictures[address] = self._import_picture(address)
        if isinstance(found, Figure):
            return found
        self._warn(f"{role} is missing: {f'{address}: ' if address else ''}{found}")
        return None

    def find_recording(self, named: Recording) -> Recording | None:
        """Return the recording in an article's front matter, with its type, length and duration.

        Those of a local one are detected; a remote one must have its type and length in the
        front matter.
        """
        try:
            is_remote = _REMOTE.match(named.src)
            return _check_remote(named) if is_remote else self._import_recording(named)
        except (OSError, ValueError) as error:
            self.incomplete = True
            self._warn(f"the recording is ignored: {named.src}: {error}")
            return None

    def _import_picture(self, address: str) -> Figure | str:
        try:
            data = self._read(address, "picture", _MAX_PICTURE_BYTES)
            try:
                data = strip_metadata(data)
            except ValueError:  # a damaged file
                data = image_codec.reencode(data)
            figure = _measure_picture(data)
            names = self._list_files(figure) if self._save_media else ()
            missing = [n for n in names if n != figure.src and not _is_saved(self._target(n))]
            resized = dict(image_codec.resize(data, figure, missing)) if missing else {}
        except (OSError, ValueError) as error:
            self.incomplete = True
            return str(error)
        for name, content in ({figure.src: data} | resized).items():
            self._save(content, name, "picture")
        return figure

    def _import_recording(self, named: Recording) -> Recording:
        data = self._read(named.src, "file", _MAX_RECORDING_BYTES)
        found = _measure_recording(data, named)
        self._save(data, found.src, "recording")
        return found

    def _read(self, address: str, kind: str, max_bytes: int) -> bytes:
        """Return the content of a local file; raise ValueError if it may not be read.

        It must be in the publication or in the article's folder, to which its address is relative.
        """
        if len(address) > _MAX_ADDRESS_LENGTH:
            raise ValueError(f"too long for the address of a {kind}")
        path = unquote(urlsplit(address).path)
        if not path or "\0" in path:
            raise ValueError(f"not the address of a {kind}")
        root, folder = self._config.root.resolve(), self._file.parent
        file = ((root if path.startswith("/") else folder) / path.lstrip("/")).resolve()
        if not any(file.is_relative_to(parent) for parent in (root, folder.resolve())):
            raise ValueError("is outside the publication and the article's folder")
        if not file.is_file():
            raise ValueError(f"no such {kind}")
        if file not in self._timed_files:  # each file has its own time limit, once
            self._timed_files.add(file)
            restart_timers()
        if file.stat().st_size > max_bytes:
            raise ValueError(f"larger than {max_bytes // 1_000_000} MB")
        return file.read_bytes()

    def _target(self, name: str) -> Path:
        return self._config.media / name.removeprefix(MEDIA)

    def _save(self, data: bytes, name: str, kind: str) -> None:
        if self._save_media:
            _save(data, self._target(name), kind)


def make_mail_rendition(media: Path, name: str) -> bytes | None:
    """Make what mail loads of a picture in `media/`, save it there and return it.

    Imports make it too; this is for pictures that an earlier version took in. Return None where
    the picture is missing or damaged, or has no such rendition; raise SyndicateError where it
    can't be saved.
    """
    target = media / name.removeprefix(MEDIA)
    for file in media.glob(f"{target.name.partition('-')[0]}.*"):
        if _is_saved(file):
            with suppress(OSError, ValueError):
                data = file.read_bytes()
                figure = _measure_picture(data)
                if name in pictures.mail_renditions(figure):
                    content = dict(image_codec.resize(data, figure, [name]))[name]
                    _save(content, target, "picture")
                    return content
    return None


def _save(data: bytes, target: Path, kind: str) -> None:
    """Write a file of `media/` atomically, unless it exists with this content.

    Raise SyndicateError where that fails, which is not the article's fault.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        is_file = target.is_file() and target.stat().st_size == len(data)
        if not (is_file and target.read_bytes() == data):
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
    except OSError as error:
        problem = f"{target.parent}: {kind}s can't be saved there: {error.strerror}"
        raise SyndicateError(problem) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _is_saved(target: Path) -> bool:
    """Whether a file of `media/` exists, with the content whose hash is its name."""
    with suppress(FileNotFoundError), target.open("rb") as file:
        return is_intact(target.name, file)
    return False


def _check_remote(named: Recording) -> Recording:
    if (src := http_url(named.src)) is None:
        raise ValueError("not a web address")
    kind = named.type or _AUDIO_TYPES.get(Path(urlsplit(src).path).suffix.lower())
    if not kind or not named.length:
        raise ValueError("a remote recording needs type and length (in bytes)")
    return replace(named, src=src, type=kind)


def _measure_picture(data: bytes) -> Figure:
    """Return a picture's name, type and size; raise ValueError if it is not a picture."""
    with image_codec.open_image(data) as image:
        suffix, kind = _IMAGE_FORMATS[image.format or ""]
        width, height = image.size
        if image_codec.orientation(image) in _ROTATED:
            width, height = height, width
        variants = image_codec.rendition_widths(image, width)
        image.verify()
    return Figure(
        src=_name(data, suffix),
        width=width,
        height=height,
        type=kind,
        length=len(data),
        variants=variants,
    )


def _measure_recording(data: bytes, named: Recording) -> Recording:
    """Return the type, length and duration of a recording; raise ValueError if it is not audio."""
    import mutagen  # noqa: PLC0415 - few articles have a recording

    try:
        audio = mutagen.File(BytesIO(data))
        seconds = 0 if audio is None or audio.info is None else round(audio.info.length)
    except Exception as error:  # of any type, depending on the damage
        raise ValueError("a damaged recording") from error
    audio_format = _AUDIO_FORMATS.get(type(audio).__name__)
    if audio is None or audio_format is None:
        raise ValueError("not an MP3, AAC (M4A), Ogg, Opus, FLAC or WAV recording")
    suffix, media_type = audio_format
    return replace(
        named,
        src=_name(data, suffix),
        type=media_type,
        length=len(data),
        duration=named.duration or max(seconds, 0) or None,
    )


def _name(data: bytes, suffix: str) -> str:
    return MEDIA + hashlib.sha256(data).hexdigest()[:32] + suffix
