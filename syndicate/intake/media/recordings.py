"""Recordings: audio files found beside the article, judged by their content, kept in `media/`."""

import hashlib
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from syndicate.config import Config
from syndicate.errors import SyndicateError
from syndicate.intake.media import file_storage
from syndicate.model.articles import MEDIA, Recording
from syndicate.model.urls import http_url
from syndicate.workers.resource_limits import restart_timers

_FORMATS = {
    "MP3": (".mp3", "audio/mpeg"),
    "MP4": (".m4a", "audio/mp4"),
    "OggVorbis": (".ogg", "audio/ogg"),
    "OggOpus": (".opus", "audio/ogg"),
    "FLAC": (".flac", "audio/flac"),
    "WAVE": (".wav", "audio/wav"),
}
"""By mutagen's name for what it found in a file."""
_TYPES = dict(_FORMATS.values())
_MAX_BYTES = 500_000_000
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)")


class RecordingMissing(SyndicateError):  # noqa: N818 - reads as what happened
    """A recording that can't be used; its text says why."""


def find_recording(
    named: Recording, file: Path, config: Config, *, save_media: bool = True
) -> Recording:
    """Return the recording that an article's file names, with all that readers are told of it.

    A local one is kept in `media/`, unless `save` is false, and its type and
    length are its own; of a remote one we know only what the front matter says.
    Raise RecordingMissing for one that isn't there, lies outside of the
    publication and the article's own folder, is no audio, or has no known length.
    """
    if re.match("https?:", named.src, re.IGNORECASE):
        return _remote(named)
    restart_timers()
    try:
        data = _read(
            file_storage.locate(named.src, folder=file.parent, root=config.root, kind="file")
        )
        found = _measure(data, named)
    except (OSError, ValueError) as error:
        raise RecordingMissing(f"{named.src}: {error}") from error
    if save_media:
        _save(data, config.media / found.src.removeprefix(MEDIA))
    return found


def parse_duration(text: str) -> int:
    """Read a duration in seconds, `mm:ss` or `h:mm:ss`; raise ValueError for anything else."""
    text = text.strip()
    if re.fullmatch("[0-9]{1,6}", text):
        return int(text)
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no duration")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _remote(named: Recording) -> Recording:
    if (src := http_url(named.src)) is None:
        raise RecordingMissing(f"{named.src}: no web address")
    suffix = Path(urlsplit(src).path).suffix.lower()
    kind = named.type or _TYPES.get(suffix)
    if not kind or not named.length:
        raise RecordingMissing(
            f"{named.src}: readers need type and length (in bytes) of what lies elsewhere"
        )
    return replace(named, src=src, type=kind)


def _read(file: Path) -> bytes:
    if file.stat().st_size > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES // 1_000_000} MB")
    return file.read_bytes()


def _measure(data: bytes, named: Recording) -> Recording:
    """Return what is to be known of a recording; raise ValueError when it is none."""
    import mutagen  # noqa: PLC0415 - few articles have a recording

    try:
        heard = mutagen.File(BytesIO(data))
        seconds = 0 if heard is None or heard.info is None else round(heard.info.length)
    except Exception as error:  # mutagen's own errors, and whatever damage makes it raise
        raise ValueError("a damaged recording") from error
    kind = _FORMATS.get(type(heard).__name__)
    if heard is None or kind is None:
        raise ValueError("no MP3, AAC (M4A), Ogg, Opus, FLAC or WAV recording")
    suffix, media_type = kind
    return replace(
        named,
        src=MEDIA + hashlib.sha256(data).hexdigest()[:32] + suffix,
        type=media_type,
        length=len(data),
        duration=named.duration or max(seconds, 0) or None,
    )


def _save(data: bytes, target: Path) -> None:
    try:
        file_storage.save(data, target)
    except OSError as error:
        raise SyndicateError(
            f"{target.parent}: recordings can't be kept there: {error.strerror}"
        ) from error
