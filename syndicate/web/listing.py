"""The manifest of the output as the web reads it: which files stand for a move or an absence."""

from pathlib import Path

from syndicate.publish import manifest
from syndicate.publish.manifest import Manifest
from syndicate.publish.manifest import Published as Entry
from syndicate.web.shelf import Version


class Listing:
    """The manifest of a folder, read again when it changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._version: Version | None = None
        self._manifest = Manifest()

    def entry(self, path: str) -> Entry | None:
        """Return what the manifest says of a file; None for a file that it doesn't list."""
        try:
            version = Version.of((self._folder / manifest.NAME).stat())
        except OSError:
            version = None
        if version != self._version:
            self._manifest = Manifest.load(self._folder)
            self._version = version
        return self._manifest.entry(path)
