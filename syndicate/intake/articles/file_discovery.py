"""Find article files among the files and folders that an editor names."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from syndicate.errors import Refused
from syndicate.intake.articles.source_file import SUFFIXES

EXPECTED = f"expected Markdown or HTML ({', '.join(SUFFIXES)})"
_UNSUPPORTED_SUFFIXES = frozenset({
    ".adoc", ".asciidoc", ".csv", ".doc", ".docx", ".epub", ".gz", ".json", ".mdown", ".mdx",
    ".mkd",
    ".odt", ".opml", ".org", ".pdf", ".rst", ".rtf", ".tar", ".tex", ".textile", ".tgz", ".txt",
    ".wiki", ".wxr", ".xml", ".zip",
})  # fmt: skip
_IGNORED_FOLDERS = frozenset({
    "_site", "_layouts", "_includes", "_sass", "_data", "_plugins", "node_modules", "exampleSite",
})  # fmt: skip
"""Folders of a site that contain templates, third-party files or the built site."""


def find_article_files(paths: Iterable[Path]) -> list[Path]:
    """Return every article file among `paths` and below them, each once, sorted by name.

    Other files, hidden files and a site's templates are skipped. Raise Refused for a path
    that does not exist.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise Refused(f"{path}: no such file or folder")
        for real, file in _walk(path) if path.is_dir() else [(os.path.realpath(path), path)]:
            if is_article_file(file):
                found.setdefault(real, file)
    return list(found.values())


def refusal_reason(path: Path) -> str | None:
    """Return why there can be no article at a path; None if there may be.

    An empty folder is not a mistake, nor is one with only pictures.
    """
    if not path.exists():
        return f"{path}: no such file or folder"
    if not path.is_dir():
        return None if is_article_file(path) else f"{path}: {_describe_mismatch(path)}"
    try:
        with os.scandir(path):
            pass
    except OSError as error:
        return f"{path}: can't be read: {error.strerror}"
    others: list[Path] = []
    for _real, file in _walk(path):
        if is_article_file(file):
            return None
        if is_unsupported(file):
            others.append(file)
    if not others:
        return None
    suffixes = ", ".join(sorted({file.suffix.lower() for file in others}))
    found = f"{len(others)} files ({suffixes})" if len(others) > 1 else others[0].name
    return f"{path}: no article in this folder, but {found}; {EXPECTED}"


def find_unsupported_files(paths: Iterable[Path]) -> list[Path]:
    """Return the documents in folders that have a format which is not supported."""
    folders = (path for path in paths if path.is_dir())
    return [file for folder in folders for _real, file in _walk(folder) if is_unsupported(file)]


def is_unsupported(file: Path) -> bool:
    """Whether a file may contain articles, but in a format that is not supported."""
    return file.suffix.lower() in _UNSUPPORTED_SUFFIXES


def _describe_mismatch(file: Path) -> str:
    if file.suffix.lower() in SUFFIXES:
        return "a section's own page, not an article"
    if file.suffix.lower() == ".csv":
        return f"no article; {EXPECTED}; import subscribers with: syndicate subscribers import"
    return f"no article; {EXPECTED}"


def is_article_file(file: Path) -> bool:
    """Whether a file may be an article; in Hugo and Zola, `_index.md` is a section's own page."""
    section = file.name.partition(".")[0].lower() == "_index"
    return file.suffix.lower() in SUFFIXES and not section


def is_ignored(name: str) -> bool:
    """Whether files and folders with this name are skipped."""
    return name.startswith(".") or name in _IGNORED_FOLDERS


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Iterate over the visible files below a folder, each with its resolved path.

    A folder that was visited before is skipped, and so is one that can't be read.
    """
    real = os.path.realpath(folder)
    seen = {real}
    pending = _scan(str(folder), real, seen)
    while pending:
        path, real, is_folder = pending.pop()
        if is_folder:
            pending += _scan(path, real, seen)
        else:
            yield real, Path(path)


def _scan(folder: str, real: str, seen: set[str]) -> list[tuple[str, str, bool]]:
    """Return the visible entries of a folder, sorted backwards, without folders in `seen`.

    Each is its path, that with all links resolved, and whether it is a folder.
    """
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=os.DirEntry.is_symlink):  # folders before links to them
            if is_ignored(entry.name):
                continue
            with suppress(OSError):  # a link that leads to itself
                linked = entry.is_symlink()
                target = os.path.realpath(entry.path) if linked else f"{real}/{entry.name}"
                if entry.is_file() or (entry.is_dir() and target not in seen):
                    found.append((entry.path, target, entry.is_dir()))
                if entry.is_dir():
                    seen.add(target)
    return sorted(found, reverse=True)
