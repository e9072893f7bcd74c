"""Read the folder of own pages, again when a file in it changes."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from syndicate.config import Config
from syndicate.intake.articles.article_files import find_files, is_markdown_file
from syndicate.intake.articles.parallel_parse import ImportResult, attempt
from syndicate.intake.articles.source_file import (
    MAX_SMALL_FILE,
    read_bytes,
    readable_path,
    stored_path,
)
from syndicate.intake.pages.page_fields import PageFields, read_page_fields
from syndicate.model.own_pages import OwnPage

FOLDER = "pages"
"""The folder beside config.toml."""

_FolderStamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """What the folder says at one time."""

    pages: tuple[OwnPage, ...] = ()
    """In the order of their files' names."""
    refused: tuple[str, ...] = ()
    """Why files can't be used, each with its line and what was expected."""
    warnings: tuple[str, ...] = ()
    """What is left out of the files that can be used."""
    refused_files: frozenset[str] = frozenset()
    """The paths of the files that can't be used, as in `OwnPage.file`."""

    def with_earlier(self, before: tuple[OwnPage, ...]) -> tuple[OwnPage, ...]:
        """Return the pages, with what files said before that can't be used now."""
        taken = {page.slug for page in self.pages}
        kept = [p for p in before if p.file in self.refused_files and p.slug not in taken]
        return tuple(sorted((*self.pages, *kept), key=lambda page: page.file))


@dataclass(kw_only=True)
class PageFiles:
    """The folder of a publication; with `save_media` false, pictures are only checked."""

    config: Config
    save_media: bool = True
    _known: tuple[_FolderStamp, PageReading] | None = field(default=None)

    @property
    def folder(self) -> Path:
        """The folder, which need not exist."""
        return self.config.root / FOLDER

    def stamp(self) -> _FolderStamp:
        """Return a value that changes when a file of the folder does."""
        return tuple(_stamps(self.folder))

    def read(self) -> PageReading:
        """Read the folder if it has changed; a file with a mistake doesn't stop the others.

        Of two pages with one address the first, by its file's name, counts.
        """
        stamp = self.stamp()
        if self._known is None or self._known[0] != stamp:
            self._known = stamp, self._read(Path(name) for name, _, _ in stamp)
        return self._known[1]

    def _read(self, files: Iterator[Path]) -> PageReading:
        pages: dict[str, OwnPage] = {}
        refused: dict[str, str] = {}
        warnings = list[str]()
        for file in files:
            if not is_markdown_file(file):
                continue
            path = readable_path(stored_path(file, self.config))
            fields = self._fields(file, path)
            if isinstance(fields, ImportResult):
                refused[path] = fields.reason
                continue
            first = pages.setdefault(fields.page.slug, fields.page)
            if first is not fields.page:
                refused[path] = (
                    f"{path}:{fields.slug_line}: /{first.slug}/ is the address of {first.file} "
                    "already; give one of them another slug"
                )
            else:
                warnings += fields.warnings
        return PageReading(
            pages=tuple(pages.values()),
            refused=tuple(refused.values()),
            warnings=tuple(warnings),
            refused_files=frozenset(refused),
        )

    def _fields(self, file: Path, path: str) -> PageFields | ImportResult:
        def read() -> PageFields:
            return read_page_fields(
                read_bytes(file, path, MAX_SMALL_FILE),
                file,
                path,
                self.config,
                save_media=self.save_media,
            )

        return attempt(path, read)


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Yield name, time and size of the files in a folder, pictures included, sorted by name."""
    for file in find_files(folder):
        with suppress(OSError):  # it has just been deleted
            found = file.stat()
            yield str(file), found.st_mtime_ns, found.st_size
