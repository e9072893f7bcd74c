"""Find an article's audio file, check its content, save it in `media/`."""

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
"""By mutagen's name for the format."""
_TYPES = dict(_FORMATS.values())
_MAX_BYTES = 500_000_000
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)")


class RecordingMissing(SyndicateError):  # noqa: N818 - reads as what happened
    """A recording can't be used; the text is the reason."""


def find_recording(
    named: Recording, file: Path, config: Config, *, save_media: bool = True
) -> Recording:
    """Return the recording in an article's front matter, with its type, length and duration.

    A local one is saved in `media/`, unless `save_media` is false, and its type and length
    are detected; those of a remote one must be in the front matter. Raise RecordingMissing
    if it doesn't exist, is outside the publication and the article's folder, is not audio,
    or has no known length.
    """
    if re.match("https?:", named.src, re.IGNORECASE):
        if (src := http_url(named.src)) is None:
            raise RecordingMissing(f"{named.src}: not a web address")
        kind = named.type or _TYPES.get(Path(urlsplit(src).path).suffix.lower())
        if not kind or not named.length:
            problem = "a remote recording needs type and length (in bytes)"
            raise RecordingMissing(f"{named.src}: {problem}")
        return replace(named, src=src, type=kind)
    restart_timers()
    try:
        path = file_storage.locate(named.src, folder=file.parent, root=config.root, kind="file")
        data = file_storage.read(path, max_bytes=_MAX_BYTES)
        found = _measure(data, named)
    except (OSError, ValueError) as error:
        raise RecordingMissing(f"{named.src}: {error}") from error
    if save_media:
        target = config.media / found.src.removeprefix(MEDIA)
        file_storage.save(data, target, kind="recording")
    return found


def parse_duration(text: str) -> int:
    """Parse a duration in seconds, `mm:ss` or `h:mm:ss`; raise ValueError for anything else."""
    text = text.strip()
    if re.fullmatch("[0-9]{1,6}", text):
        return int(text)
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _measure(data: bytes, named: Recording) -> Recording:
    """Return the type, length and duration of a recording; raise ValueError if it is not audio."""
    import mutagen  # noqa: PLC0415 - few articles have a recording

    try:
        audio = mutagen.File(BytesIO(data))
        seconds = 0 if audio is None or audio.info is None else round(audio.info.length)
    except Exception as error:  # of any type, depending on the damage
        raise ValueError("a damaged recording") from error
    audio_format = _FORMATS.get(type(audio).__name__)
    if audio is None or audio_format is None:
        raise ValueError("not an MP3, AAC (M4A), Ogg, Opus, FLAC or WAV recording")
    suffix, media_type = audio_format
    return replace(
        named,
        src=MEDIA + hashlib.sha256(data).hexdigest()[:32] + suffix,
        type=media_type,
        length=len(data),
        duration=named.duration or max(seconds, 0) or None,
    )
