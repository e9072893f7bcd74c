"""Article files: found in files and folders that an editor names."""

import os
from collections.abc import Iterable, Iterator
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
        for file in sorted(_below(path) if path.is_dir() else (path,)):
            if file.suffix.lower() in SUFFIXES:
                found.setdefault(os.path.realpath(file), file)
    return list(found.values())


def _below(folder: Path) -> Iterator[Path]:
    """Iterate over the visible files of a folder and its folders; links that lead back are cut."""
    seen = {os.path.realpath(folder)}
    for where, folders, files in os.walk(folder, followlinks=True):
        visible = []
        for name in folders:
            real = os.path.realpath(Path(where) / name)
            if not name.startswith(".") and real not in seen:
                seen.add(real)
                visible.append(name)
        folders[:] = sorted(visible)
        yield from (
            Path(where) / name
            for name in files
            if not name.startswith(".") and (Path(where) / name).is_file()
        )
