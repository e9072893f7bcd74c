"""Article files: found in files and folders that an editor names."""

import os
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path

from syndicate.errors import Refused
from syndicate.intake.manuscript import SUFFIXES


def find_articles(paths: Iterable[Path]) -> list[Path]:
    """Return every article file among `paths` and below them, each once, in order of name.

    Other files are passed over, hidden ones too. Raise Refused for a path that
    does not exist.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise Refused(f"{path}: no such file or folder")
        for real, file in (
            _below(path, set()) if path.is_dir() else [(os.path.realpath(path), path)]
        ):
            if file.suffix.lower() in SUFFIXES:
                found.setdefault(real, file)
    return list(found.values())


def _below(folder: Path, seen: set[str]) -> Iterator[tuple[str, Path]]:
    """Iterate over the visible files below a folder, each with where it really lies.

    A folder that links lead to again, and one that can't be read, is passed over.
    """
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    for entry in _visible(folder):
        if entry.is_dir():
            yield from _below(Path(entry.path), seen)
        elif entry.is_file():
            linked = entry.is_symlink()
            yield os.path.realpath(entry) if linked else f"{real}/{entry.name}", Path(entry.path)


def _visible(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError:
        return []
    return sorted(visible, key=attrgetter("name"))
