"""Read the files about authors, each again when it or its portrait changes."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles.parallel_parse import ImportResult, attempt
from syndicate.intake.articles.source_file import readable_path, stored_path
from syndicate.intake.authors.author_fields import AuthorFields, read_author_fields
from syndicate.model.people import AuthorProfile, People
from syndicate.text import name_slug

FOLDER = "authors"
"""The folder beside config.toml."""
_SUFFIXES = (".md", ".markdown")
_IGNORED = ("readme", "_")
"""How the names of files begin that are about nobody."""
_MAX_BYTES = 1_000_000

_Stamp = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorReading:
    """What the folder says at one time."""

    people: People
    refused: tuple[str, ...] = ()
    """Why files can't be used, each with its line and what was expected."""
    warnings: tuple[str, ...] = ()
    """What is left out of the files that can be used."""
    refused_files: frozenset[str] = frozenset()
    """The paths of the files that can't be used, as in `AuthorProfile.file`."""


@dataclass(frozen=True, slots=True)
class _CachedAuthor:
    stamp: _Stamp
    """Times and sizes of the file and of the portrait that it names."""
    portrait: Path | None
    result: AuthorFields | str
    """What it says, or why it can't be used."""


@dataclass(kw_only=True)
class AuthorFiles:
    """The folder of a publication; with `save_media` false, portraits are only checked."""

    config: Config
    save_media: bool = True
    _read: dict[Path, _CachedAuthor] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder, which need not exist."""
        return self.config.root / FOLDER

    def stamp(self) -> object:
        """Return a value that changes when a file of the folder does."""
        return tuple((str(file), _stamp(file)) for file in self._everything())

    def read(self) -> AuthorReading:
        """Read what changed since the last call; a file with a mistake doesn't stop the others.

        Of two files about one author the first, by name, counts.
        """
        files = [file for file in self._everything() if _is_author_file(file)]
        self._read = {file: self._current(file) for file in files}
        profiles: dict[str, AuthorProfile] = {}
        refused: dict[str, str] = {}
        warnings = list[str]()
        for file, read in self._read.items():
            path = readable_path(stored_path(file, self.config))
            if isinstance(read.result, str):
                refused[path] = read.result
                continue
            profile, line = read.result.profile, read.result.name_line
            first = profiles.setdefault(name_slug(profile.name), profile)
            if first is not profile:
                refused[path] = (
                    f"{path}:{line}: name = {profile.name} — {first.file} is about this author "
                    "already; remove one of them"
                )
            else:
                warnings += read.result.warnings
        return AuthorReading(
            people=People(tuple(profiles.values())),
            refused=tuple(refused.values()),
            warnings=tuple(warnings),
            refused_files=frozenset(refused),
        )

    def _everything(self) -> list[Path]:
        """Return the files below the folder, portraits included, sorted by name."""
        return sorted(_visible(self.folder))

    def _current(self, file: Path) -> _CachedAuthor:
        known = self._read.get(file)
        if known is not None and known.stamp == _stamps(file, known.portrait):
            return known
        stamp, path = _stamp(file), readable_path(stored_path(file, self.config))
        fields = attempt(
            path,
            lambda: read_author_fields(
                _content(file, path), file, path, self.config, save_media=self.save_media
            ),
        )
        if isinstance(fields, ImportResult):
            return _CachedAuthor((stamp,), None, fields.reason)
        written = fields.portrait
        folder = self.config.root if written.startswith("/") else file.parent
        portrait = folder / written.lstrip("/") if written else None
        return _CachedAuthor(_stamps(file, portrait), portrait, fields)


def _visible(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        for entry in folder.iterdir():
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _visible(entry)
            else:
                yield entry


def _is_author_file(file: Path) -> bool:
    is_markdown = file.suffix.lower() in _SUFFIXES
    return is_markdown and not file.name.lower().startswith(_IGNORED)


def _stamps(file: Path, portrait: Path | None) -> _Stamp:
    return (_stamp(file), _stamp(portrait)) if portrait else (_stamp(file),)


def _stamp(file: Path) -> tuple[int, int]:
    """Return modification time in nanoseconds and size; zeros where there is no file."""
    with suppress(OSError, ValueError):
        found = file.stat()
        return found.st_mtime_ns, found.st_size
    return 0, 0


def _content(file: Path, path: str) -> bytes:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise Refused(f"{path}: larger than {_MAX_BYTES // 1_000_000} MB")
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"{path}: can't be read: {error.strerror}") from error
