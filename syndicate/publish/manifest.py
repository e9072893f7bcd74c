"""The manifest: what the last build left in the output folder, and how it is to be served.

It is what makes a file ours: nothing else in the folder is ever deleted.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

NAME = ".manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One file of the output."""

    sha256: str
    """Of its bytes, in hex."""
    size: int
    """In bytes."""
    status: int = 200
    """The HTTP status: 200, 301 for the page of an old slug, 410 for a retracted article."""
    location: str | None = None
    """Where a 301 leads: a path from the root."""
    made_of: str | None = None
    """Names everything that its bytes depend on, where that is known without making it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every file that a build wrote, by its path relative to the output folder.

    A file is replaced before the manifest that describes it: while a build runs,
    the bytes on disk may be newer than what stands here.
    """

    files: Mapping[str, Published] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the manifest of a folder; an empty one where there is none that can be read.

        What it listed is then nobody's until the next build writes it again.
        """
        try:
            listed = json.loads((folder / NAME).read_bytes())["files"]
            files = {path: Published(**facts) for path, facts in listed.items() if safe(path)}
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return cls()
        return cls(files)

    def entry(self, path: str) -> Published | None:
        """Find a file by its path, such as `articles/harbour-tram/index.html`."""
        return self.files.get(path)

    def to_bytes(self) -> bytes:
        """Write it as JSON, the same bytes for the same files."""
        files = {path: _facts(self.files[path]) for path in sorted(self.files)}
        return f"{json.dumps({'files': files}, indent=1)}\n".encode()


def _facts(file: Published) -> dict[str, object]:
    return {key: value for key, value in asdict(file).items() if value is not None}


def safe(path: str) -> bool:
    """Whether a path names something inside the folder that a build may own.

    Names with a leading dot are the writer's own, or the operator's.
    """
    return "\0" not in path and all(part and not part.startswith(".") for part in path.split("/"))
