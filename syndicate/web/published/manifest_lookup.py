"""The build's manifest as the web reads it: which files are redirects or deleted articles."""

from pathlib import Path

from syndicate.publish.output import manifest
from syndicate.publish.output.manifest import Manifest, PublishedFile


class ManifestLookup:
    """The manifest of a folder, opened again when the file is replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._manifest: Manifest | None = None
        self._file: tuple[int, int] | None = None

    def find(self, path: str) -> PublishedFile | None:
        """Return the entry of a file, or None."""
        try:
            status = (self._folder / manifest.MANIFEST_NAME).stat()
        except OSError:
            return None
        if self._file != (status.st_dev, status.st_ino):
            self._manifest = Manifest.open_read_only(self._folder)
            # a build may be about to create its tables: try again until it can be read
            self._file = (status.st_dev, status.st_ino) if self._manifest else None
        return self._manifest.entry(path) if self._manifest else None
