"""Article files: found in files and folders that an editor names."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

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
"""Folders of a site whose files are templates, somebody else's, or what the site was built to."""


class _FolderEntry(NamedTuple):
    path: str
    real: str
    """Where it really lies, past all links."""
    folder: bool


def find_article_files(paths: Iterable[Path]) -> list[Path]:
    """Return every article file among `paths` and below them, each once, in order of name.

    Other files are passed over, hidden ones too, and a site's templates. Raise Refused for
    a path that does not exist.
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
    """Return why a path that an editor names holds no article; None where it may hold some.

    An empty folder is no mistake, nor is one with pictures alone.
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
    many = f"{len(others)} files ({suffixes})" if len(others) > 1 else others[0].name
    return f"{path}: no article in this folder, but {many}; {EXPECTED}"


def find_unsupported_files(paths: Iterable[Path]) -> list[Path]:
    """Return the documents in folders that look like articles and are none that we read."""
    folders = (path for path in paths if path.is_dir())
    return [file for folder in folders for _real, file in _walk(folder) if is_unsupported(file)]


def is_unsupported(file: Path) -> bool:
    """Whether somebody may take a file for articles, though it is of a kind that we don't read."""
    return file.suffix.lower() in _UNSUPPORTED_SUFFIXES


def _describe_mismatch(file: Path) -> str:
    if file.suffix.lower() in SUFFIXES:
        return "the page of a section, which is no article"
    if file.suffix.lower() == ".csv":
        return f"no article; {EXPECTED}; readers are taken in by: syndicate subscribers import"
    return f"no article; {EXPECTED}"


def is_article_file(file: Path) -> bool:
    """Whether a file may be an article; `_index.md` is a section's own page, to Hugo and Zola."""
    section = file.name.partition(".")[0].lower() == "_index"
    return file.suffix.lower() in SUFFIXES and not section


def is_ignored(name: str) -> bool:
    """Whether files and folders of this name are passed over, with what is in them."""
    return name.startswith(".") or name in _IGNORED_FOLDERS


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Iterate over the visible files below a folder, each with where it really lies.

    A folder that links lead to again is passed over, and so is what can't be read.
    """
    real = os.path.realpath(folder)
    seen = {real}
    waiting = _scan(str(folder), real, seen)
    while waiting:
        found = waiting.pop()
        if found.folder:
            waiting += _scan(found.path, found.real, seen)
        else:
            yield found.real, Path(found.path)


def _scan(folder: str, real: str, seen: set[str]) -> list[_FolderEntry]:
    """Return what is visible in a folder, the last by name first, without folders `seen`."""
    found = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=os.DirEntry.is_symlink):  # links give way to folders
            if is_ignored(entry.name):
                continue
            with suppress(OSError):  # a link that leads in a circle
                linked = entry.is_symlink()
                lies = os.path.realpath(entry.path) if linked else f"{real}/{entry.name}"
                if entry.is_file() or (entry.is_dir() and lies not in seen):
                    found.append(_FolderEntry(entry.path, lies, entry.is_dir()))
                if entry.is_dir():
                    seen.add(lies)
    return sorted(found, reverse=True)
