"""What a look at the output shows: the feeds there are, and in which version."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from syndicate.config import Config
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.output.manifest import Manifest
from syndicate.render import addresses
from syndicate.render.feeds import FORMATS

_NAMES = tuple(each.file for each in FORMATS)
_ALL = f"""
SELECT f.path, f.sha256 FROM (SELECT home FROM topics UNION SELECT '{addresses.HOME}') AS t
JOIN files AS f ON f.path = substr(t.home, 2) || ? WHERE f.status = {HTTPStatus.OK:d}
"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedVersions:
    """The feeds that somebody may follow; each is a path in the output."""

    whole: bool
    """Whether all were looked at, or only those that builds touched."""
    there: Mapping[str, str]
    """The digest of each document that readers get."""
    behind: Mapping[str, str]
    """The same of documents that don't lie in the mirror yet: readers get an older one."""
    gone: frozenset[str]
    """What was looked for and isn't there."""
    written: frozenset[str]
    """What builds of this process wrote."""


def look(
    manifest: Manifest, mirror: Mirror | None, touched: Collection[str], *, whole: bool
) -> FeedVersions:
    """Look at what builds touched, or at all feeds; raise sqlite3.Error."""
    found = dict(_all(manifest.database) if whole else _some(manifest, touched))
    there = found if mirror is None else mirror.having(found)
    return FeedVersions(
        whole=whole,
        there=there,
        behind={path: sha256 for path, sha256 in found.items() if path not in there},
        gone=frozenset(touched) - found.keys(),
        written=frozenset(touched),
    )


def topic(path: str, config: Config) -> str:
    """Return the address of a feed's document, which is its name for hubs."""
    return addresses.absolute(f"/{path}", config)


def _all(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    for name in _NAMES:
        yield from database.execute(_ALL, (name,))


def _some(manifest: Manifest, paths: Collection[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        entry = manifest.entry(path)
        if entry is not None and entry.status == HTTPStatus.OK:
            yield path, entry.sha256
