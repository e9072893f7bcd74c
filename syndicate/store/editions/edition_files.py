"""What editors wrote about editions, by slot, and which editions were made from it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from syndicate.model.edition_files import EditionBrief, EditionFile, NamedStory
from syndicate.model.editions import NEVER_SENT, Edition
from syndicate.store.articles.reading import figure_of, sponsor_of
from syndicate.store.database.repository import Repository, columns_of
from syndicate.store.database.schema import articles, editions, revisions
from syndicate.store.database.schema_editorial import edition_files, edition_media, edition_sources
from syndicate.store.editions.editions import EDITIONS

_LOOK_ALIKES = 200
"""Slugs with the same beginning that are compared with one that doesn't exist."""
_BEGINNING = 3


class EditionFiles(Repository):
    """Saves and finds edition files."""

    def save(self, file: EditionFile) -> None:
        """Save what a file says now, and add its pictures to those that are published."""
        row = {"brief": asdict(file.brief), "mistakes": list(file.mistakes)}
        self._save(edition_files, columns_of(file) | row)
        self._insert_new(edition_media, [{"src": name} for name in file.brief.pictures])

    def remove(self, path: str) -> None:
        """Remove a file that is gone."""
        self._delete(edition_files, edition_files.c.path == path)

    def all(self) -> list[EditionFile]:
        """Return every file, by path."""
        return self._files(select(edition_files))

    def of_slot(self, schedule: str, slot_at: datetime) -> list[EditionFile]:
        """Return the files about a slot, by path: more than one is a mistake."""
        query = select(edition_files).where(
            edition_files.c.schedule == schedule,
            edition_files.c.starts_at <= slot_at,
            edition_files.c.ends_at > slot_at,
        )
        return self._files(query)

    def version_of_slot(self, schedule: str, slot_at: datetime) -> str:
        """Return what changes when a file about a slot appears, changes or goes; else empty."""
        return joined_version(self.of_slot(schedule, slot_at))

    def version_used(self, edition: int) -> str:
        """Return the version of the files that an edition was made from; empty for none."""
        edition_key = edition_sources.c.edition == edition
        return self._scalar(edition_sources.c.version, edition_key) or ""

    def sent_without(self, file: EditionFile) -> Edition | None:
        """Return the edition of a file's slot that was released, unless it has this version."""
        if file.starts_at is None:
            return None
        query = EDITIONS.where(
            editions.c.schedule == file.schedule,
            editions.c.slot_at >= file.starts_at,
            editions.c.slot_at < file.ends_at,
            editions.c.state.not_in(NEVER_SENT),
        )
        edition = self._value(Edition, query.order_by(editions.c.key.desc()).limit(1))
        if edition is None:
            return None
        family = or_(editions.c.key == edition.key, editions.c.original == edition.key)
        used = select(edition_sources.c.version).join(editions).where(family)
        versions = {part for version in self._column(used) for part in version.split()}
        return None if file.version in versions else edition

    def is_used(self, file: EditionFile) -> bool:
        """Whether an edition was made from this version of a file."""
        version = edition_sources.c.version
        return self._exists(edition_sources, version.contains(file.version, autoescape=True))

    def media(self) -> list[str]:
        """Return the files of `media/` that edition files show or showed."""
        return self._column(select(edition_media.c.src).order_by(edition_media.c.src))

    def media_count(self) -> int:
        """Count them."""
        return self._count(edition_media)

    def similar_slugs(self, slug: str) -> list[str]:
        """Return some slugs that begin like one that doesn't exist."""
        start = slug[:_BEGINNING]
        query = select(articles.c.slug).where(articles.c.slug.startswith(start, autoescape=True))
        return self._column(query.order_by(articles.c.slug).limit(_LOOK_ALIKES))

    def author_names(self) -> set[str]:
        """Return the names of all authors who have a page: of articles that are public."""
        newest = select(revisions.c.authors).join(
            articles,
            (articles.c.key == revisions.c.article) & (articles.c.revision == revisions.c.number),
        )
        is_public = articles.c.retracted_at.is_(None), articles.c.number.is_not(None)
        rows = self._column(newest.where(*is_public))
        return {person["name"] for people in rows for person in people}

    def _files(self, query: Select[Any]) -> list[EditionFile]:
        rows = self._execute(query.order_by(edition_files.c.path)).mappings()
        return [_edition_file(row) for row in rows]


def joined_version(files: list[EditionFile]) -> str:
    """Return the version of all files about one slot."""
    return " ".join(file.version for file in files)


def _edition_file(row: Mapping[Any, Any]) -> EditionFile:
    brief = dict(row["brief"])
    for name in ("stories", "leave_out"):
        brief[name] = tuple(NamedStory(**story) for story in brief[name])
    brief["figures"] = tuple(figure_of(**figure) for figure in brief["figures"])
    if (portrait := brief.get("portrait")) is not None:
        brief["portrait"] = figure_of(**portrait)
    if (sponsor := brief["sponsor"]) is not None:
        brief["sponsor"] = sponsor_of(**sponsor)
    values = {**row, "brief": EditionBrief(**brief), "mistakes": tuple(row["mistakes"])}
    return EditionFile(**values)
