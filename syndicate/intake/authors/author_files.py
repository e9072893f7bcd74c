"""Read the files about authors, each again when it or its portrait changes."""

from dataclasses import dataclass, field
from pathlib import Path

from syndicate.config import Config
from syndicate.intake.articles.article_files import file_stamp, find_files, is_markdown_file
from syndicate.intake.articles.parallel_parse import ImportResult, attempt
from syndicate.intake.articles.source_file import (
    MAX_SMALL_FILE,
    read_bytes,
    readable_path,
    stored_path,
)
from syndicate.intake.authors.author_fields import AuthorFields, read_author_fields
from syndicate.model.people import AuthorProfile, People
from syndicate.text import name_slug

FOLDER = "authors"
"""The folder beside config.toml."""

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
        return tuple((str(file), file_stamp(file)) for file in find_files(self.folder))

    def read(self) -> AuthorReading:
        """Read what changed since the last call; a file with a mistake doesn't stop the others.

        Of two files about one author the first, by name, counts.
        """
        files = [file for file in find_files(self.folder) if is_markdown_file(file)]
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

    def _current(self, file: Path) -> _CachedAuthor:
        known = self._read.get(file)
        if known is not None and known.stamp == _stamps(file, known.portrait):
            return known
        stamp, path = file_stamp(file), readable_path(stored_path(file, self.config))
        fields = attempt(
            path,
            lambda: read_author_fields(
                read_bytes(file, path, MAX_SMALL_FILE),
                file,
                path,
                self.config,
                save_media=self.save_media,
            ),
        )
        if isinstance(fields, ImportResult):
            return _CachedAuthor((stamp,), None, fields.reason)
        written = fields.portrait
        folder = self.config.root if written.startswith("/") else file.parent
        portrait = folder / written.lstrip("/") if written else None
        return _CachedAuthor(_stamps(file, portrait), portrait, fields)


def _stamps(file: Path, portrait: Path | None) -> _Stamp:
    return (file_stamp(file), file_stamp(portrait)) if portrait else (file_stamp(file),)
