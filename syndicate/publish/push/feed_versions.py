"""The feeds of the output, and their current versions."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from syndicate.config import Config
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.output.manifest import Manifest
from syndicate.render import addresses
from syndicate.render.feeds.formats import FORMATS

_NAMES = tuple(writer.file for writer in FORMATS)
_ALL = f"""
SELECT f.path, f.sha256 FROM (SELECT home FROM topics UNION SELECT '{addresses.HOME}') AS t
JOIN files AS f ON f.path = substr(t.home, 2) || ? WHERE f.status = {HTTPStatus.OK:d}
"""  # noqa: S608 - no input


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedVersions:
    """Paths of the feeds that readers can subscribe to, with their digests."""

    complete: bool
    """Whether all feeds were compared, or only those that builds changed."""
    published: Mapping[str, str]
    """Documents that readers get."""
    not_mirrored: Mapping[str, str]
    """Documents that aren't in the mirror yet, so that readers get an older one."""
    gone: frozenset[str]
    """Changed paths that no longer exist."""
    changed: frozenset[str]
    """Paths that builds of this process changed."""


def find_versions(
    manifest: Manifest, mirror: Mirror | None, changed: Collection[str], *, complete: bool
) -> FeedVersions:
    """Return the versions of changed feeds, or of all; raise sqlite3.Error."""
    versions = dict(_all(manifest.database) if complete else _some(manifest, changed))
    published = versions if mirror is None else mirror.uploaded_versions(versions)
    return FeedVersions(
        complete=complete,
        published=published,
        not_mirrored={path: sha for path, sha in versions.items() if path not in published},
        gone=frozenset(changed) - versions.keys(),
        changed=frozenset(changed),
    )


def topic_url(path: str, config: Config) -> str:
    """Return the URL of a feed document: the topic of WebSub."""
    return addresses.absolute(f"/{path}", config)


def _all(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for name in _NAMES:
        yield from database.execute(_ALL, (name,))


def _some(manifest: Manifest, paths: Collection[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        entry = manifest.entry(path)
        if entry is not None and entry.status == HTTPStatus.OK:
            yield path, entry.sha256
