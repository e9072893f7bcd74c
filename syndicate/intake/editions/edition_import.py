"""Take the folder of edition files into the store, and report each file."""

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles.article_files import find_files, is_markdown_file
from syndicate.intake.articles.parallel_parse import ImportOutcome, ImportResult, attempt, refuse
from syndicate.intake.articles.source_file import (
    MAX_SMALL_FILE,
    read_bytes,
    readable_path,
    stored_path,
)
from syndicate.intake.authors.author_files import AuthorFiles
from syndicate.intake.editions.edition_fields import EditionFields, read_edition_fields
from syndicate.intake.editions.edition_names import NEXT, NamedSlot, find_named_slot, is_slot
from syndicate.intake.editions.named_stories import find_stories
from syndicate.model.articles import Figure
from syndicate.model.edition_files import EditionFile
from syndicate.model.people import People
from syndicate.store import Store, Transaction
from syndicate.text import closest_match

_REPORTED_FOR = timedelta(days=7)
"""How long after its slot a file that came too late is reported at each import."""

_FORGOTTEN_AFTER = timedelta(days=1)
"""How long after its slot a file may still count for a schedule that has not fired yet."""


def without_edition_files(files: Sequence[Path], config: Config) -> list[Path]:
    """Return the files that aren't in the folder of edition files: those may be articles."""
    folder = os.path.realpath(editions_folder(config))
    parents = {file.parent for file in files}
    real = {parent: Path(os.path.realpath(parent)) for parent in parents}
    return [file for file in files if not real[file.parent].is_relative_to(folder)]


def editions_folder(config: Config) -> Path:
    """Return the folder of edition files."""
    return config.path(config.intake.editions)


def import_edition_files(
    store: Store, config: Config, *, at: datetime, dry_run: bool = False, only_changed: bool = False
) -> list[ImportResult]:
    """Take in the whole folder; a file that is gone is forgotten, unless the folder is, too.

    A file with a mistake is stored with it, so that its edition waits. `at` is the time from
    which `next-` files count. A dry run reports the same, and writes nothing; with
    `only_changed` files are left out that are as they were, mistakes included.
    """
    folder = editions_folder(config)
    if not folder.is_dir():
        return []
    with store.read() as tx:
        known = {file.path: file for file in tx.edition_files.all()}
    run = _FolderImport(
        store=store, config=config, at=at, dry_run=dry_run, only_changed=only_changed
    )
    files = {
        readable_path(stored_path(file, config)): file
        for file in filter(is_markdown_file, find_files(folder))
    }
    results = [run.import_file(file, path, known.get(path)) for path, file in files.items()]
    if only_changed:
        results = [result for result in results if result.path in run.changed]
    if (gone := sorted(known.keys() - files.keys())) and not dry_run:
        with store.write() as tx:
            for path in gone:
                tx.edition_files.remove(path)
    return results


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadFile:
    """A file as it is now, with the pictures to be stored."""

    file: EditionFile
    pictures: tuple[Figure, ...] = ()
    refusal: str = ""
    """Why it can't be used at all; empty where it can."""
    traceback: str = ""
    """Where the reason is a bug of ours."""


@dataclass(kw_only=True)
class _FolderImport:
    """One import of the folder."""

    store: Store
    config: Config
    at: datetime
    dry_run: bool
    only_changed: bool
    """Whether nobody is going to read the warnings of files that are as they were."""
    changed: set[str] = field(default_factory=set)
    """The paths of the files that are not as they were."""

    @cached_property
    def authors(self) -> Collection[str]:
        """The names of all authors of articles."""
        with self.store.read() as tx:
            return tx.edition_files.author_names()

    @cached_property
    def people(self) -> People:
        """What is known of authors."""
        return AuthorFiles(config=self.config, save_media=not self.dry_run).read().people

    def import_file(self, file: Path, path: str, before: EditionFile | None) -> ImportResult:
        """Read a file, save it if it has changed, and report it."""
        read = attempt(path, lambda: self._read(file, path, before))
        if isinstance(read, ImportResult):  # a bug of ours
            self.changed.add(path)
            return read
        changed = before is None or _outline(before) != _outline(read.file)
        if changed:
            self.changed.add(path)
        if read.file != before and not self.dry_run:
            with self.store.write() as tx:
                for picture in read.pictures:
                    tx.media.add(picture)
                tx.edition_files.save(read.file)
        warnings = read.file.mistakes
        if changed or not self.only_changed:
            with self.store.read() as tx:
                warnings += tuple(self._warnings(tx, read.file, changed=changed))
        outcome = ImportOutcome.UNCHANGED
        if read.refusal:
            outcome = ImportOutcome.REFUSED
        elif changed:
            outcome = ImportOutcome.NEW if before is None else ImportOutcome.REVISED
        return ImportResult(
            path=path,
            outcome=outcome,
            reason=read.refusal,
            traceback=read.traceback,
            warnings=tuple(warning for warning in warnings if warning != read.refusal),
        )

    def _read(self, file: Path, path: str, before: EditionFile | None) -> _ReadFile:
        """Read a file; what is wrong with it is among its mistakes."""
        data, refusal = b"", ""
        try:
            data = read_bytes(file, path, MAX_SMALL_FILE)
        except Refused as error:
            refusal = str(error)
        version = hashlib.sha256(b"\0".join((path.encode(), data, refusal.encode()))).hexdigest()
        try:
            slot = self._slot(file, version, before)
        except Refused as error:
            refusal = f"{path}: {error}"
            unknown = EditionFile(path=path, version=version, mistakes=(refusal,))
            return _ReadFile(file=unknown, refusal=refusal)
        about = (version, slot.schedule.name, slot.starts_at, slot.ends_at)
        if before is not None and not (before.mistakes or slot.mistake):
            known = (before.version, before.schedule, before.starts_at, before.ends_at)
            if about == known and not before.brief.signed:
                return _ReadFile(file=before)
        fields = self._fields(data, file, path, refusal)
        mistake = f"{path}: {slot.mistake}" if slot.mistake else ""
        read = EditionFile(
            path=path,
            version=version,
            schedule=slot.schedule.name,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            mistakes=(mistake,) if mistake else (),
        )
        if isinstance(fields, ImportResult):
            read = replace(read, mistakes=(*read.mistakes, fields.reason))
            return _ReadFile(file=read, refusal=fields.reason, traceback=fields.traceback)
        mistakes = (*read.mistakes, *fields.mistakes)
        read = replace(read, is_draft=fields.is_draft, brief=fields.brief, mistakes=mistakes)
        read = self._with_signature(read, fields)
        return _ReadFile(file=read, pictures=fields.pictures, refusal=mistake)

    def _fields(
        self, data: bytes, file: Path, path: str, refusal: str
    ) -> EditionFields | ImportResult:
        """Return what a file says, or why it can't be read, which may be a bug of ours."""
        if refusal:
            return refuse(path, refusal)
        save_media = not self.dry_run
        return attempt(
            path, lambda: read_edition_fields(data, file, path, self.config, save_media=save_media)
        )

    def _slot(self, file: Path, version: str, before: EditionFile | None) -> NamedSlot:
        """Return the slot that a file is about; raise Refused.

        A `next-` file stays with its slot until an edition has gone out there, and the file has
        changed since.
        """
        if file.name != readable_path(file.name):
            raise Refused("expected a file name in UTF-8; rename it")
        schedule = self.config.schedule(before.schedule) if before is not None else None
        is_next = file.stem.startswith(NEXT)
        if not is_next or before is None or schedule is None or before.starts_at is None:
            return find_named_slot(file.stem, self.config, at=self.at)
        with self.store.read() as tx:
            is_open = _is_open(tx, before, self.at)
        stays = is_slot(before.starts_at, schedule, self.config) if is_open else False
        if stays or (not is_open and before.version == version):
            return NamedSlot(schedule=schedule, starts_at=before.starts_at, ends_at=before.ends_at)
        return find_named_slot(file.stem, self.config, at=self.at)

    def _with_signature(self, file: EditionFile, fields: EditionFields) -> EditionFile:
        """Find portrait and page of the one who signed; a name like an author's is a mistake."""
        signed = file.brief.signed
        if not signed:
            return file
        profile = self.people.find(signed)
        file = replace(file, brief=file.brief.by_author(profile))
        if signed in self.authors:
            return replace(file, brief=replace(file.brief, has_page=True))
        if profile is not None:
            return file
        spelt = {name.lower(): name for name in sorted(self.authors)}
        match = closest_match(signed, spelt)
        if match is None:
            return file
        mistake = (
            f'{file.path}:{fields.signed_line}: signed = "{signed}" — no article is by that '
            f"author; did you mean {spelt[match]}?"
        )
        return replace(file, mistakes=(*file.mistakes, mistake))

    def _warnings(self, tx: Transaction, file: EditionFile, *, changed: bool) -> Iterator[str]:
        """Yield what keeps a file from having the effect that its editor expects."""
        if file.starts_at is None or file.ends_at is None:
            return
        due_at = max(self.at, file.starts_at)
        sent = tx.edition_files.sent_without(file)
        if sent is not None:
            if changed or self.at - file.starts_at < _REPORTED_FOR:
                yield (
                    f"{file.path}: edition {sent.key} of {file.schedule} has already gone out; "
                    f"`syndicate replace {sent.key}` sends those who don't have it yet a new one"
                )
        elif changed and (not _is_open(tx, file, self.at) or self._is_from_before(tx, file)):
            if not tx.edition_files.is_used(file):
                yield f"{file.path}: its slot has passed without an edition, so it has no effect"
        else:
            yield from find_stories(tx, file, at=due_at, coming=True).mistakes

    def _is_from_before(self, tx: Transaction, file: EditionFile) -> bool:
        """Whether a file's slot is from before a schedule that has not fired yet began."""
        assert file.ends_at is not None
        never_fired = tx.fires.last(file.schedule, self.at) is None
        return never_fired and self.at - file.ends_at > _FORGOTTEN_AFTER


def _outline(file: EditionFile) -> tuple[object, ...]:
    """Return what makes a file another one: an author's page that appears doesn't."""
    return file.version, file.schedule, file.starts_at, file.ends_at, file.mistakes


def _is_open(tx: Transaction, file: EditionFile, at: datetime) -> bool:
    """Whether the slot of a file is still to come, or its edition waits."""
    assert file.starts_at is not None
    assert file.ends_at is not None
    last, waiting = tx.fires.last(file.schedule, at), tx.waiting.of_schedule(file.schedule)
    waits = waiting is not None and file.starts_at <= waiting.edition.slot_at < file.ends_at
    return waits or last is None or last < file.starts_at
