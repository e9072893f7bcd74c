"""Videos that lie with YouTube or Vimeo: what an address there means, in whatever form it comes."""

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
_MOMENT = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,3})m)?(?:(\d{1,6})s?)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Video:
    """One video, or a playlist of them."""

    host: Literal["youtube", "vimeo"]
    id: str = ""
    """Empty for a playlist that begins with its first video."""
    playlist: str = ""
    key: str = ""
    """What an unlisted video of Vimeo is watched with."""
    start: int = 0
    """Where it begins, in seconds."""
    upright: bool = False
    """Whether it is made for a phone held upright."""

    @classmethod
    def from_url(cls, address: str) -> Self | None:
        """Tell which video an address leads to: a page's, a player's or a short one; or None."""
        try:
            parts = urlsplit(address)
            host = parts.hostname or ""
        except ValueError:  # such as http://[half
            return None
        if parts.scheme not in ("http", "https"):
            return None
        if _YOUTUBE.fullmatch(host):
            return cls._of_youtube(parts)
        return cls._of_vimeo(parts) if _VIMEO.fullmatch(host) else None

    @classmethod
    def _of_youtube(cls, parts: SplitResult) -> Self | None:
        said = _said(parts)
        path = f"/{said.get('v', '')}" if parts.path == "/watch" else parts.path
        found = _YOUTUBE_PATH.match(path)
        playlist = said.get("list", "")
        playlist = playlist if _PLAYLIST.fullmatch(playlist) else ""
        if found is None and not (playlist and path.startswith(("/embed/", "/playlist"))):
            return None
        return cls(
            host="youtube",
            id=found["id"] if found else "",
            playlist=playlist,
            start=_seconds(said.get("start") or said.get("t", "")),
            upright=found is not None and found["kind"] == "shorts",
        )

    @classmethod
    def _of_vimeo(cls, parts: SplitResult) -> Self | None:
        found = _VIMEO_PATH.fullmatch(parts.path)
        if found is None:
            return None
        said = _said(parts)
        key = found["key"] or said.get("h", "")
        return cls(
            host="vimeo",
            id=found["id"],
            key=key if _KEY.fullmatch(key) else "",
            start=_seconds(said.get("t", "")),
        )

    @property
    def player_url(self) -> str:
        """The address of the player, which sets no cookies before it plays."""
        if self.host == "youtube":
            said = {"start": str(self.start) if self.start else "", "list": self.playlist}
            return (
                f"https://www.youtube-nocookie.com/embed/{self.id or 'videoseries'}{_query(said)}"
            )
        moment = f"#t={self.start}s" if self.start else ""
        said = {"h": self.key, "dnt": "1"}
        return f"https://player.vimeo.com/video/{self.id}{_query(said)}{moment}"

    @property
    def page_url(self) -> str:
        """The address where people watch it."""
        if self.host == "vimeo":
            return "/".join(filter(None, ("https://vimeo.com", self.id, self.key)))
        if not self.id:
            return f"https://www.youtube.com/playlist{_query({'list': self.playlist})}"
        said = {"v": self.id, "list": self.playlist, "t": f"{self.start}s" if self.start else ""}
        return f"https://www.youtube.com/watch{_query(said)}"


def _said(parts: SplitResult) -> dict[str, str]:
    """Read what an address says after its path; the first word on a matter counts."""
    read = parse_qs(f"{parts.query}&{parts.fragment}", max_num_fields=None, errors="replace")
    return {name: values[0] for name, values in read.items()}


def _seconds(moment: str) -> int:
    """Read a moment of a video: `90`, `90s` or `1m30s`."""
    found = _MOMENT.fullmatch(moment)
    hours, minutes, seconds = (int(part or 0) for part in (found.groups() if found else (0, 0, 0)))
    return hours * 3600 + minutes * 60 + seconds


def _query(said: dict[str, str]) -> str:
    given = {name: value for name, value in said.items() if value}
    return f"?{urlencode(given)}" if given else ""
