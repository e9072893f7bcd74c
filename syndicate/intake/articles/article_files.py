"""Find article files in folders, and watch a folder for those that are saved or deleted."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from watchfiles import Change
from watchfiles import watch as changes_in

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles.source_file import SUFFIXES, stored_path
from syndicate.store import Store

EXPECTED = f"expected Markdown or HTML ({', '.join(SUFFIXES)})"
_UNSUPPORTED_SUFFIXES = frozenset({
    ".adoc", ".asciidoc", ".csv", ".doc", ".docx", ".epub", ".gz", ".json", ".mdown", ".mdx",
    ".mkd", ".odt", ".opml", ".org", ".pdf", ".rst", ".rtf", ".tar", ".tex", ".textile", ".tgz",
    ".txt", ".wiki", ".wxr", ".xml", ".zip",
})  # fmt: skip
_IGNORED_FOLDERS = frozenset({
    "_site", "_layouts", "_includes", "_sass", "_data", "_plugins", "node_modules", "exampleSite",
})  # fmt: skip
"""Folders of a site that contain templates, third-party files or the built site."""

_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif")
_DEBOUNCE_MS, _MAX_DEBOUNCE_MS = 200, 1000
"""The pause that ends a burst of changes, and the longest wait for it."""
_POLL_MS = 1000
_RETRY_SECONDS = 0.5
_MAX_MESSAGES = 5
"""More deleted files than this get a single message."""
OnChange = Callable[[frozenset[Path]], None]
"""Receives the article files that were saved; empty if anything may have changed."""


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


def find_files(folder: Path) -> list[Path]:
    """Return the visible files below a folder, each once, sorted by name; none where it is missing.

    Links are followed; what is no regular file, such as a pipe, is skipped.
    """
    found: dict[str, Path] = {}
    for real, file in _walk(folder):
        found.setdefault(real, file)
    return sorted(found.values())


def is_markdown_file(file: Path) -> bool:
    """Whether a file outside of the intake folder is Markdown, and neither a README nor `_…`."""
    is_markdown = file.suffix.lower() in (".md", ".markdown")
    return is_markdown and not file.name.lower().startswith(("readme", "_"))


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
    files = [file for _real, file in _walk(path)]
    others = [file for file in files if is_unsupported(file)]
    if not others or any(map(is_article_file, files)):
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


def watch(folder: Path, stop: threading.Event, on_change: OnChange) -> None:
    """Call `on_change` within two seconds of every save in `folder`, until `stop` is set.

    The first call has no files, since earlier saves may have been missed; so has the call
    after a folder appeared or disappeared. A missing `folder` is waited for. Hidden files
    and the temporary files of editors are ignored.
    """
    folder = folder.absolute()
    while not stop.is_set():
        if folder.is_dir():
            with suppress(FileNotFoundError):  # it has just been removed
                _watch_present(folder, stop, on_change)
        stop.wait(_RETRY_SECONDS)


def _watch_present(folder: Path, stop: threading.Event, on_change: OnChange) -> None:
    """Watch a folder until it is removed or replaced.

    The system does not report the files of a folder that is moved in or out: then, and
    when the watched folder itself is removed, anything may have changed.
    """
    inode, started = folder.stat().st_ino, False
    folders = _folders(folder)
    for changes in changes_in(
        folder,
        watch_filter=lambda change, path: (
            _is_watched(path, folder) or _is_moved(change, path, folders) or Path(path) == folder
        ),
        debounce=_MAX_DEBOUNCE_MS,
        step=_DEBOUNCE_MS,
        stop_event=stop,
        rust_timeout=_POLL_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        ignore_permission_denied=True,
    ):
        files = frozenset(Path(path) for _change, path in changes if _is_watched(path, folder))
        moved = any(_is_moved(change, path, folders) for change, path in changes)
        if moved:
            folders.update(_folders(folder))
        removed = (Change.deleted, str(folder)) in changes or not folder.is_dir()
        pictures = any(file.suffix.lower() in _PICTURES for file in files)
        if not started or moved or removed or pictures:
            on_change(frozenset())  # a picture may belong to any article
        elif files:
            on_change(files)
        started = True
        replaced = False
        with suppress(FileNotFoundError):  # gone since then, which the next turn reports
            replaced = folder.stat().st_ino != inode
        if removed or replaced:
            return


def _folders(folder: Path) -> set[str]:
    """Return a folder and those below it that are not ignored."""
    found = [str(folder)]
    for parent, names, _ in os.walk(folder):
        names[:] = [name for name in names if not is_ignored(name)]
        found += (str(Path(parent, name)) for name in names)
    return set(found)


def _is_moved(change: Change, path: str, folders: set[str]) -> bool:
    """Whether a folder that is not ignored appeared or disappeared."""
    if change is Change.deleted:
        return path in folders
    added = change is Change.added and Path(path).is_dir() and not is_ignored(Path(path).name)
    return added and str(Path(path).parent) in folders


def _is_watched(path: str, folder: Path) -> bool:
    file = Path(path)
    if file.suffix.lower() not in (*SUFFIXES, *_PICTURES):
        return False
    inside = file.relative_to(folder).parts if file.is_relative_to(folder) else (file.name,)
    return not any(map(is_ignored, inside))


def describe_deleted(
    store: Store, config: Config, reported: set[str], changed: Iterable[Path] | None = None
) -> list[str]:
    """Return messages about deleted files that were not `reported`, which gets their paths.

    `changed` are the files to check; None checks all of them. A file is reported again if it was
    restored in between. It retracts nothing: the deletion may be a mistake, or a disk that isn't
    mounted.
    """
    paths = None if changed is None else [stored_path(file, config) for file in changed]
    folder = stored_path(config.path(config.intake.folder), config)
    with store.read() as tx:
        slugs = tx.articles.slugs_by_path("" if folder == "." else f"{folder}/", paths)
    gone = {path: slug for path, slug in slugs.items() if not config.path(path).is_file()}
    new = {path: slug for path, slug in gone.items() if path not in reported}
    reported.difference_update(slugs.keys() - gone.keys())
    reported.update(gone)
    if len(new) > _MAX_MESSAGES:
        names = ", ".join([*new][:_MAX_MESSAGES])
        message = (
            f"{len(new):,} article files are gone: {names} and {len(new) - _MAX_MESSAGES:,} "
            "more; their articles stay: restore the files, or retract each article with "
            "`syndicate retract SLUG`"
        )
        return [message]
    return [
        f"{path} is gone, and its article stays: restore the file, or retract the "
        f"article with `syndicate retract {slug}`"
        for path, slug in new.items()
    ]


class Quarantine:
    """Files that exceeded the limits of their process; skipped until they are saved again."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[int, int]] = {}

    def add(self, file: Path) -> None:
        """Quarantine a file until it is saved again."""
        self._states[os.path.realpath(file)] = file_stamp(file)

    def contains(self, file: Path) -> bool:
        """Whether a file is in quarantine; one that was saved since then is released."""
        name = os.path.realpath(file)
        if name in self._states and self._states[name] != file_stamp(file):
            del self._states[name]
        return name in self._states


def file_stamp(file: Path) -> tuple[int, int]:
    """Return what changes when a file is saved, its time and size; zeros where there is none."""
    with suppress(OSError, ValueError):
        found = file.stat()
        return found.st_mtime_ns, found.st_size
    return 0, 0
