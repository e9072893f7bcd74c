"""The manifest of the output as the web reads it: which files stand for a move or an absence."""

from pathlib import Path

from syndicate.publish.output import manifest
from syndicate.publish.output.manifest import Manifest, PublishedFile


class ManifestLookup:
    """The manifest of a folder, opened when there is one and anew when it is another file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest: Manifest | None = None
        self._file: tuple[int, int] | None = None

    def entry(self, path: str) -> PublishedFile | None:
        """Return what the manifest says of a file; None for a file that it doesn't list."""
        try:
            seen = (self._folder / manifest.NAME).stat()
        except OSError:
            return None
        if self._file != (seen.st_dev, seen.st_ino):
            self._manifest = Manifest.seen(self._folder)
            # A build may be about to make its tables: until it can be read, look again.
            self._file = (seen.st_dev, seen.st_ino) if self._manifest else None
        return self._manifest.entry(path) if self._manifest else None
