"""The feeds of the output, and their current versions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from syndicate.config import Config
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.records.manifest import Manifest
from syndicate.render import addresses
from syndicate.render.feeds.formats import FORMATS


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
    """Return the versions of changed feeds, or of all."""
    if complete:
        all_files = [manifest.topic_files(writer.file) for writer in FORMATS]
        versions = {path: sha256 for files in all_files for path, sha256 in files.items()}
    else:
        entries = filter(None, map(manifest.entry, changed))
        versions = {file.path: file.sha256 for file in entries if file.status == HTTPStatus.OK}
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
