"""The Jekyll site of a file: its other posts, and its `_config.yml`."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath

from syndicate.errors import Refused
from syndicate.intake.articles.article_fields import read_fields
from syndicate.intake.articles.front_matter import FrontMatter, split_front_matter
from syndicate.intake.articles.front_matter_formats import read_yaml
from syndicate.intake.articles.slugify import slugify, split_dated_name

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
        """Return the address of the post in `{% link %}`; None if it is not a post."""
        name = PurePosixPath(path.lstrip("/"))
        if ".." in name.parts or name.suffix.lower() not in _SUFFIXES:
            return None
        posts = not set(_FOLDERS).isdisjoint(name.parts)
        return self._address(name, [self._root / name, self._folder / name.name]) if posts else None

    def post_by_url(self, path: str) -> str | None:
        """Return the address of the post in `{% post_url %}`."""
        name = PurePosixPath(path.lstrip("/"))
        if ".." in name.parts or not name.name:
            return None
        folders = (self._root / "_posts" / name.parent, self._folder)
        files = (folder / f"{name.name}{suffix}" for folder in folders for suffix in _SUFFIXES)
        return self._address(PurePosixPath(f"{name}.md"), files)

    def _address(self, name: PurePosixPath, files: Iterable[Path]) -> str | None:
        """Return an article's address relative to another's page; each file is read once."""
        if name not in self._addresses:
            self._addresses[name] = self._look_up(name, files)
        return self._addresses[name]

    def _look_up(self, name: PurePosixPath, files: Iterable[Path]) -> str | None:
        for file in files:
            with suppress(OSError, Refused):
                if file.is_file() and file.stat().st_size <= _MAX_BYTES:
                    front = split_front_matter(file.read_bytes(), file.name)
                    return f"../{read_fields(front, file, UTC).slug}/"
        date, rest = split_dated_name(name.stem)
        return f"../{slugify(rest)}/" if date else None


@lru_cache(maxsize=16)
def _config_texts(config: Path, _changed: int) -> Mapping[str, str]:
    with suppress(OSError, Refused):
        found = read_yaml(config.read_text("utf-8", "replace"), config.name)
        texts = {name: value.text for name, value in (found.table or {}).items()}
        return {f"site.{name}": text for name, text in texts.items() if text is not None}
    return {}
