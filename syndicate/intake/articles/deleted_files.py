"""Article files that are gone from the intake folder, while their articles stay.

Deleting a file takes nothing back: it may be a mistake, or a disk that isn't mounted.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from syndicate.config import Config
from syndicate.intake.articles.source_file import stored_path
from syndicate.store import Store

MAX_MESSAGES = 5
"""How many files get a message each; more of them at once get one together."""


class DeletedFiles:
    """Names each file that is gone once; one that comes back and goes again, once more."""

    def __init__(self) -> None:
        self._named: set[str] = set()

    def name_new(
        self, store: Store, config: Config, saved: Iterable[Path] | None = None
    ) -> list[str]:
        """Return a message for each file that is gone and was not named yet.

        `saved` are the files that something happened to; None: look for all of them.
        """
        paths = None if saved is None else [stored_path(file, config) for file in saved]
        with store.read() as tx:
            filed = tx.articles.slugs_by_path(_folder(config), paths)
        gone = {path: slug for path, slug in filed.items() if not config.path(path).is_file()}
        new = {path: slug for path, slug in gone.items() if path not in self._named}
        self._named = (self._named - (filed.keys() - gone.keys())) | gone.keys()
        return list(_messages(new))


def _folder(config: Config) -> str:
    """Return how the paths of files in the intake folder begin."""
    folder = stored_path(config.path(config.intake.folder), config)
    return "" if folder == "." else f"{folder}/"


def _messages(gone: dict[str, str]) -> Iterator[str]:
    if len(gone) > MAX_MESSAGES:
        names = ", ".join(list(gone)[:MAX_MESSAGES])
        yield (
            f"{len(gone):,} article files are gone: {names} and {len(gone) - MAX_MESSAGES:,} more; "
            "their articles stay: put the files back, or take each back with "
            "`syndicate retract SLUG`"
        )
        return
    for path, slug in gone.items():
        yield (
            f"{path} is gone, and its article stays: put the file back, or take the "
            f"article back with `syndicate retract {slug}`"
        )
