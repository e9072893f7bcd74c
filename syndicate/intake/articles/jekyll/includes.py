"""Render the pictures and players of includes and plugin tags as HTML."""

import re
from collections.abc import Mapping
from html import escape
from pathlib import PurePosixPath

from syndicate.model.videos import Video

_PICTURE = re.compile("figure|image|img|picture|photo")
_PLAYER = re.compile("video|youtube|vimeo|player")
_SOURCES = ("src", "url", "image_path", "image", "img", "path", "file")
_CAPTIONS = ("caption", "description")
_IDS = ("id", "video_id", "videoid", "youtube_id", "vimeo_id", "key")
_NAME = re.compile(r"[\w-]{5,40}")


def render_include(name: str, parameters: Mapping[str, str]) -> str | None:
    """Return the HTML of an include; None if its name and parameters are unknown."""
    stem = PurePosixPath(name).name.partition(".")[0].lower()
    source = next((parameters[key] for key in _SOURCES if parameters.get(key)), None)
    if _PLAYER.search(stem):
        key = next((parameters[key] for key in _IDS if parameters.get(key)), None)
        provider = parameters.get("provider", stem)
        if key is not None:
            return render_player(provider, key)
        if source is None:
            return None
        is_frame = Video.from_url(source) is not None
        return _iframe(source) if is_frame else f'<video src="{escape(source)}" controls></video>'
    if _PICTURE.search(stem) and source:
        caption = next((parameters[key] for key in _CAPTIONS if parameters.get(key)), "")
        figcaption = f"<figcaption>{caption}</figcaption>" if caption else ""
        alt = parameters.get("alt", parameters.get("title", ""))
        picture = f'<img src="{escape(source)}" alt="{escape(alt)}">'
        return f"<figure>{picture}{figcaption}</figure>"
    return None


def render_player(provider: str, key: str) -> str | None:
    """Return the player of a video by its id at YouTube or Vimeo."""
    if not _NAME.fullmatch(key):
        return None
    if "vimeo" in provider.lower() or ("youtube" not in provider.lower() and key.isdecimal()):
        return _iframe(f"https://player.vimeo.com/video/{key}")
    return _iframe(f"https://www.youtube.com/embed/{key}")


def render_gist(key: str) -> str | None:
    """Return a link to a gist."""
    if not re.fullmatch(r"[\w./-]{3,100}", key):
        return None
    address = f"https://gist.github.com/{key}"
    return f'<a href="{address}">{address.removeprefix("https://")}</a>'


def _iframe(address: str) -> str:
    return f'<iframe src="{escape(address)}"></iframe>'
