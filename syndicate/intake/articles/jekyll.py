"""A Jekyll site: its other posts, its `_config.yml`, and the HTML of its Liquid tags.

Those are includes, players, gists and code blocks.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from pathlib import Path, PurePath, PurePosixPath
from typing import Self
from urllib.parse import quote

from syndicate.errors import Refused
from syndicate.intake.articles.front_matter import FrontMatter
from syndicate.intake.articles.front_matter_formats import read_yaml
from syndicate.intake.articles.slugify import slugify, split_dated_name
from syndicate.model.videos import Video

_FOLDERS = ("_posts", "_drafts")
_SUFFIXES = (".md", ".markdown", ".html", ".htm")
_MAX_BYTES = 1_000_000


def is_jekyll(front: FrontMatter, file: PurePath) -> bool:
    """Whether a file belongs to a Jekyll site, which evaluates its Liquid."""
    return "layout" in front.values or not set(_FOLDERS).isdisjoint(file.parent.parts)


class JekyllSite:
    """The site around one file."""

    def __init__(self, file: Path) -> None:
        self._folder = file.parent
        above = (folder.parent for folder in file.parents if folder.name in _FOLDERS)
        self._root = next(above, file.parent)
        self._addresses: dict[PurePosixPath, str | None] = {}

    def values(self) -> Mapping[str, str]:
        """Return the texts of `_config.yml`, with names `site.…`."""
        config = self._root / "_config.yml"
        with suppress(OSError):
            if config.is_file() and config.stat().st_size <= _MAX_BYTES:
                return _config_texts(config, config.stat().st_mtime_ns)
        return {}

    def post_by_link(self, path: str) -> str | None:
        """Return where the post in `{% link %}` is; None if it is not a post."""
        name = PurePosixPath(path.lstrip("/"))
        if ".." in name.parts or name.suffix.lower() not in _SUFFIXES:
            return None
        posts = not set(_FOLDERS).isdisjoint(name.parts)
        return self._address(name, [self._root / name, self._folder / name.name]) if posts else None

    def post_by_url(self, path: str) -> str | None:
        """Return where the post in `{% post_url %}` is."""
        name = PurePosixPath(path.lstrip("/"))
        if ".." in name.parts or not name.name:
            return None
        folders = (self._root / "_posts" / name.parent, self._folder)
        files = (folder / f"{name.name}{suffix}" for folder in folders for suffix in _SUFFIXES)
        return self._address(PurePosixPath(f"{name}.md"), files)

    def _address(self, name: PurePosixPath, files: Iterable[Path]) -> str | None:
        """Return an article's file relative to this one, or its address if there is no file."""
        if name not in self._addresses:
            self._addresses[name] = self._look_up(name, files)
        return self._addresses[name]

    def _look_up(self, name: PurePosixPath, files: Iterable[Path]) -> str | None:
        for file in files:
            with suppress(OSError):
                if file.is_file():
                    return quote(os.path.relpath(file, self._folder))
        date, rest = split_dated_name(name.stem)
        return f"../{slugify(rest)}/" if date else None


@lru_cache(maxsize=16)
def _config_texts(config: Path, _changed: int) -> Mapping[str, str]:
    with suppress(OSError, Refused):
        found = read_yaml(config.read_text("utf-8", "replace"), config.name)
        texts = {name: value.text for name, value in (found.table or {}).items()}
        return {f"site.{name}": text for name, text in texts.items() if text is not None}
    return {}


_PICTURE = re.compile("figure|image|img|picture|photo")
_PLAYER = re.compile("video|youtube|vimeo|player")
_SOURCES = ("src", "url", "image_path", "image", "img", "path", "file")
_CAPTIONS = ("caption", "description")
_IDS = ("id", "video_id", "videoid", "youtube_id", "vimeo_id", "key")
_NAME = re.compile(r"[\w-]{5,40}")

_SEARCHED_CHARACTERS = 300
"""Characters of a line that are searched for the end of a code span."""
_LANGUAGE = re.compile(r"[\w+#-]{1,30}", re.ASCII)
_LINE_PREFIX = r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+"
_PREFIX_PATTERN = re.compile(_LINE_PREFIX)
_FENCE = re.compile(rf"^{_LINE_PREFIX}(`{{3,}}+(?=[^`\n]*$)|~{{3,}}+)", re.MULTILINE)
_QUOTED = re.compile(r"^[ \t]*(?:>[ \t]?)+")
_SPECIAL = re.compile(r"[!-/:-@\[-`{-~\n]")


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


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """An open `{% highlight %}` block."""

    position: int
    """The position of its tag in the text."""
    output_start: int
    """Index of the first piece of output inside it."""
    language: str
    indent: str
    """Prefix of the lines in a list item or quotation."""

    @classmethod
    def begin(cls, text: str, position: int, options: str, output_start: int) -> Self:
        """Open the block whose tag is at `position` in `text`."""
        language = match[0] if (match := _LANGUAGE.match(options)) else ""
        start = max(text.rfind("\n", 0, position) + 1, position - _SEARCHED_CHARACTERS)
        line = text[start:position]
        prefix = _PREFIX_PATTERN.match(line)
        indent = re.sub(r"[^ \t>]", " ", line) if prefix and prefix.end() == len(line) else ""
        return cls(position, output_start, language, indent)

    def html(self, code: str) -> str:
        """Return the block as one line of HTML, which Markdown leaves as it is."""
        lines = self._dedented(code.split("\n"))
        while lines and not lines[-1].strip():
            lines.pop()
        while lines and not lines[0].strip():
            del lines[0]
        class_attribute = f' class="language-{self.language}"' if self.language else ""
        inner = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", "\n".join(lines))
        return f"<pre><code{class_attribute}>{inner}</code></pre>"

    def _dedented(self, lines: list[str]) -> list[str]:
        """Remove the prefix of lines in a list item or quotation."""
        if ">" in self.indent:
            return [_QUOTED.sub("", line, count=1) for line in lines]
        if all(line.startswith(self.indent) for line in lines if line.strip()):
            return [line[len(self.indent) :] for line in lines]
        return lines


class CodeSpans:
    """Where a text has code: in fences, and between backticks on one line."""

    def __init__(self, text: str) -> None:
        self._text = text

    def contains(self, start: int, end: int) -> bool:
        """Whether a range of the text is in code."""
        line = max(self._text.rfind("\n", 0, start) + 1, start - _SEARCHED_CHARACTERS)
        before = self._text[line:start]
        after = self._text[end : end + _SEARCHED_CHARACTERS].partition("\n")[0]
        in_span = before.count("`") % 2 == 1 and "`" in after
        return in_span or bisect_right(self._fences, start) % 2 == 1

    @cached_property
    def _fences(self) -> list[int]:
        """The positions at which fences begin and end, alternately."""
        positions, open_fence = [], ""
        for fence in _FENCE.finditer(self._text):
            if not open_fence:
                open_fence = fence[1]
            elif fence[1][0] == open_fence[0] and len(fence[1]) >= len(open_fence):
                open_fence = ""
            else:
                continue
            positions.append(fence.start())
        return positions
