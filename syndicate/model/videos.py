"""Videos on YouTube and Vimeo: recognises their URLs in all forms, and writes canonical ones."""

import re
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

_YOUTUBE = re.compile(r"((www|m|music)\.)?(youtube(-nocookie)?\.com|youtu\.be)", re.IGNORECASE)
_VIMEO = re.compile(r"((www|player)\.)?vimeo\.com", re.IGNORECASE)
_ID = r"(?P<id>(?!videoseries)[\w-]{11})(?![\w-])"
_YOUTUBE_PATH = re.compile(rf"/(?:(?P<kind>embed|v|e|shorts|live)/)?{_ID}", re.ASCII)
_VIMEO_PATH = re.compile(
    r"/(?:(?:channels|groups|album|showcase|ondemand)/[\w-]+/)?(?:videos?/)?"
    r"(?P<id>\d{4,12})(?:/(?P<key>[0-9a-f]{6,20}))?/?",
    re.ASCII,
)
_PLAYLIST = re.compile(r"[\w-]{2,64}", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{6,20}")
_TIME = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,3})m)?(?:(\d{1,6})s?)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One video, or a playlist of them."""

    host: Literal["youtube", "vimeo"]
    id: str = ""
    """Empty for a playlist that starts with its first video."""
    playlist: str = ""
    key: str = ""
    """The key of an unlisted video on Vimeo."""
    start: int = 0
    """The position at which it starts, in seconds."""
    upright: bool = False
    """Whether it is in portrait format."""

    @classmethod
    def from_url(cls, url: str) -> Self | None:
        """Return the video of a page's, player's or short URL; None for any other URL."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:  # such as http://[half
            return None
        if parts.scheme not in ("http", "https"):
            return None
        if _YOUTUBE.fullmatch(host):
            return cls._from_youtube(parts)
        return cls._from_vimeo(parts) if _VIMEO.fullmatch(host) else None

    @classmethod
    def _from_youtube(cls, parts: SplitResult) -> Self | None:
        parameters = _parameters(parts)
        path = f"/{parameters.get('v', '')}" if parts.path == "/watch" else parts.path
        match = _YOUTUBE_PATH.match(path)
        playlist = parameters.get("list", "")
        playlist = playlist if _PLAYLIST.fullmatch(playlist) else ""
        if match is None and not (playlist and path.startswith(("/embed/", "/playlist"))):
            return None
        return cls(
            host="youtube",
            id=match["id"] if match else "",
            playlist=playlist,
            start=_seconds(parameters.get("start") or parameters.get("t", "")),
            upright=match is not None and match["kind"] == "shorts",
        )

    @classmethod
    def _from_vimeo(cls, parts: SplitResult) -> Self | None:
        match = _VIMEO_PATH.fullmatch(parts.path)
        if match is None:
            return None
        parameters = _parameters(parts)
        key = match["key"] or parameters.get("h", "")
        return cls(
            host="vimeo",
            id=match["id"],
            key=key if _KEY.fullmatch(key) else "",
            start=_seconds(parameters.get("t", "")),
        )

    @property
    def player_url(self) -> str:
        """The URL of the player, which sets no cookies before it plays."""
        if self.host == "youtube":
            parameters = {"start": str(self.start) if self.start else "", "list": self.playlist}
            name = self.id or "videoseries"
            return f"https://www.youtube-nocookie.com/embed/{name}{_query(parameters)}"
        fragment = f"#t={self.start}s" if self.start else ""
        parameters = {"h": self.key, "dnt": "1"}
        return f"https://player.vimeo.com/video/{self.id}{_query(parameters)}{fragment}"

    @property
    def page_url(self) -> str:
        """The URL of the page where people watch it."""
        if self.host == "vimeo":
            return "/".join(filter(None, ("https://vimeo.com", self.id, self.key)))
        if not self.id:
            return f"https://www.youtube.com/playlist{_query({'list': self.playlist})}"
        parameters = {
            "v": self.id,
            "list": self.playlist,
            "t": f"{self.start}s" if self.start else "",
        }
        return f"https://www.youtube.com/watch{_query(parameters)}"


def _parameters(parts: SplitResult) -> dict[str, str]:
    """Return the first value of each parameter in query and fragment."""
    values = parse_qs(f"{parts.query}&{parts.fragment}", max_num_fields=None, errors="replace")
    return {name: texts[0] for name, texts in values.items()}


def _seconds(time: str) -> int:
    """Parse a position in a video: `90`, `90s` or `1m30s`."""
    match = _TIME.fullmatch(time)
    hours, minutes, seconds = (int(part or 0) for part in (match.groups() if match else (0, 0, 0)))
    return hours * 3600 + minutes * 60 + seconds


def _query(parameters: dict[str, str]) -> str:
    given = {name: value for name, value in parameters.items() if value}
    return f"?{urlencode(given)}" if given else ""
