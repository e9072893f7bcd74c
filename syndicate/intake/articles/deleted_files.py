"""Report article files that were deleted from the intake folder; their articles stay.

A deleted file retracts nothing: it may be a mistake, or a disk that isn't mounted.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from syndicate.config import Config
from syndicate.intake.articles.source_file import stored_path
from syndicate.store import Store

MAX_MESSAGES = 5
"""More deleted files than this get a single message."""


class DeletedFiles:
    """Reports each deleted file once, and again if it was restored in between."""

    def __init__(self) -> None:
        self._reported: set[str] = set()

    def report_new(
        self, store: Store, config: Config, changed: Iterable[Path] | None = None
    ) -> list[str]:
        """Return messages about deleted files that were not reported yet.

        `changed` are the files to check; None checks all of them.
        """
        paths = None if changed is None else [stored_path(file, config) for file in changed]
        with store.read() as tx:
            slugs = tx.articles.slugs_by_path(_folder(config), paths)
        gone = {path: slug for path, slug in slugs.items() if not config.path(path).is_file()}
        new = {path: slug for path, slug in gone.items() if path not in self._reported}
        self._reported = (self._reported - (slugs.keys() - gone.keys())) | gone.keys()
        return list(_messages(new))


def _folder(config: Config) -> str:
    """Return the prefix of the stored paths of files in the intake folder."""
    folder = stored_path(config.path(config.intake.folder), config)
    return "" if folder == "." else f"{folder}/"


def _messages(gone: dict[str, str]) -> Iterator[str]:
    if len(gone) > MAX_MESSAGES:
        names = ", ".join(list(gone)[:MAX_MESSAGES])
        yield (
            f"{len(gone):,} article files are gone: {names} and {len(gone) - MAX_MESSAGES:,} more; "
            "their articles stay: restore the files, or retract each article with "
            "`syndicate retract SLUG`"
        )
        return
    for path, slug in gone.items():
        yield (
            f"{path} is gone, and its article stays: restore the file, or retract the "
            f"article with `syndicate retract {slug}`"
        )
