"""Filing: article files into the store, a batch in one transaction, one outcome per file."""

import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import Refused, SyndicateError
from syndicate.intake.articles.earlier_media import restore_earlier_media
from syndicate.intake.articles.matching import (
    ArticleFinder,
    ArticleMatch,
    ArticleMatcher,
    TakenIdentities,
)
from syndicate.intake.articles.parallel_parse import (
    ParsedBatches,
    ParsedFile,
    Reparse,
    describe_bug,
    parse_files,
)
from syndicate.intake.articles.source_file import ParsedArticle, SourceFile
from syndicate.model.articles import Article, Status
from syndicate.model.old_addresses import storage_key
from syndicate.store import ArticleLookup, ArticleWriter, NewArticle, Store, Transaction


class ImportOutcome(StrEnum):
    """What became of a file."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """The outcome for one file."""

    path: str
    verdict: ImportOutcome
    slug: str = ""
    """Empty where the file was refused before it had one."""
    reason: str = ""
    """Why it was refused, with file and line."""
    traceback: str = ""
    """Where the refusal is a bug of ours: where it happened."""
    killed: bool = False
    """Whether it used up the time or the memory of the process that read it."""
    warnings: tuple[str, ...] = ()


def import_articles(
    store: Store,
    config: Config,
    files: Iterable[Path],
    *,
    at: datetime,
    dry_run: bool = False,
    limited: bool = False,
) -> Iterator[ImportResult]:
    """File articles in their order; a file that is refused keeps no other out.

    `at` is when articles without a date are first seen. An outcome is told when
    it is committed; whoever stops listening may leave some filed and untold. A
    dry run says the same and writes nothing, neither to the store nor to `media/`.
    `limited` is as in `parse_files`.
    """
    with parse_files(list(files), config, keep=not dry_run, limited=limited) as read:
        yield from import_parsed_files(store, config, read, at=at, dry_run=dry_run)


def import_parsed_files(
    store: Store,
    config: Config,
    read: ParsedBatches,
    *,
    at: datetime,
    dry_run: bool = False,
) -> Iterator[ImportResult]:
    """File articles that are being read and set; see `import_articles`."""
    taken = TakenIdentities(read.claims)
    run = _ImportRun(store=store, config=config, again=read.again, at=at, dry_run=dry_run)
    for batch in read.batches:
        filed, taken = run.file(batch, taken)
        yield from filed


@dataclass(frozen=True, slots=True, kw_only=True)
class _ImportRun:
    """Files batches, each in one transaction."""

    store: Store
    config: Config
    again: Reparse
    at: datetime
    dry_run: bool
    redone: dict[tuple[str, str, str], ParsedFile] = field(default_factory=dict)
    """Files that were set for another id than at first, by path, id and slug."""

    def file(
        self, batch: Sequence[ParsedFile], taken: TakenIdentities
    ) -> tuple[list[ImportResult], TakenIdentities]:
        """File a batch; return the outcomes, and what is taken by then.

        Files are set again between two transactions: it may take long, and nobody else
        writes to the store meanwhile.
        """
        while True:
            filed, then, missing = self._try(batch, taken)
            if not missing:
                return filed, then
            for manuscript, public_id in missing:
                key = (manuscript.path, public_id, manuscript.slug)
                self.redone[key] = self.again(manuscript, public_id)

    def _try(
        self, batch: Sequence[ParsedFile], taken: TakenIdentities
    ) -> tuple[list[ImportResult], TakenIdentities, list[tuple[SourceFile, str]]]:
        """File a batch, unless files of it have to be set again first."""
        then = taken.copy()
        try:
            with self.store.write() as tx:
                tx.lock_numbers()  # two processes may file one folder
                desk = _BatchImport(tx, self, batch, then)
                filed = [desk.file(composed_file) for composed_file in batch]
                desk.save_new()
                if self.dry_run or desk.missing:
                    tx.rollback()
        except Refused as error:  # the database can't hold a value of one of them
            if len(batch) == 1:
                return [_refused(batch[0], str(error))], taken, []
        except SyndicateError:
            raise
        except Exception as error:  # noqa: BLE001 - one bad file keeps no other out
            if len(batch) == 1:
                reason = describe_bug(batch[0].path, error)
                return [_refused(batch[0], reason, traceback.format_exc())], taken, []
        else:
            return filed, then, desk.missing
        filed = []
        for composed_file in batch:
            alone, taken = self.file([composed_file], taken)
            filed += alone
        return filed, taken, []


class _BatchImport:
    """One batch on its way into the store, inside of one transaction."""

    def __init__(
        self,
        tx: Transaction,
        run: _ImportRun,
        batch: Sequence[ParsedFile],
        taken: TakenIdentities,
    ) -> None:
        self._tx = tx
        self._run = run
        self._config = run.config
        self._taken = taken
        self._at = run.at
        self.missing: list[tuple[SourceFile, str]] = []
        """Files that have to be set again, and for which id."""
        self._known = _look_up(tx, batch)
        self._moved_names: set[str] = set()
        """Ids, paths, slugs and sources that an article has only since the look-up."""
        self._moved: set[int] = set()
        """Articles that are no more as they were looked up."""
        self._new: list[NewArticle] = []

    def file(self, one: ParsedFile) -> ImportResult:
        """File one; new ones are in the store after `save_new`."""
        try:
            return self._file(one)
        except Refused as error:
            return _refused(one, str(error))

    def save_new(self) -> None:
        """Save what is new, all at once."""
        self._tx.articles.add_all(self._new, self._at)
        self._new.clear()

    def _file(self, one: ParsedFile) -> ImportResult:
        manuscript = one.manuscript
        if manuscript is None:
            return _refused(one, one.refusal, one.traceback)
        matcher = ArticleMatcher(config=self._config, taken=self._taken, store=self._saved)
        found = matcher.match(self._door(manuscript, one.id), manuscript)
        _refuse_back_to_draft(manuscript, found.article, self._at)
        matcher.refuse_taken_addresses(self._door(manuscript, one.id), manuscript, found)
        if (found.id, found.slug) != (one.id, manuscript.slug):
            manuscript = found.named(manuscript)
            redone = self._run.redone.get((manuscript.path, found.id, found.slug))
            if redone is None:
                self.missing.append((manuscript, found.id))
                self._taken.take(manuscript, found)
                return ImportResult(
                    path=manuscript.path, verdict=ImportOutcome.UNCHANGED
                )  # nobody sees it
            one = redone
        if one.proof is None:
            return _refused(one, one.refusal, one.traceback)
        filed = self._save(manuscript, one.proof, found)
        self._taken.take(manuscript, found)
        return filed

    def _door(self, manuscript: SourceFile, public_id: str) -> ArticleFinder:
        """Return what answers for a file: what was looked up, unless that has changed by now."""
        known = self._known
        alike = [known.by_id(public_id), known.by_path(manuscript.path)]
        alike += [known.by_slug(name) for name in _slugs(manuscript)]
        alike += known.by_source(manuscript.source)
        keys = {article.key for article in alike if article is not None}
        if self._moved.isdisjoint(keys) and self._moved_names.isdisjoint(
            {public_id, *_names(manuscript)}
        ):
            return known
        return self._saved()

    def _saved(self) -> ArticleWriter:
        """Return the store, with everything in it that was filed so far."""
        self.save_new()
        return self._tx.articles

    def _save(
        self, manuscript: SourceFile, proof: ParsedArticle, found: ArticleMatch
    ) -> ImportResult:
        article = found.article
        if article is not None and proof.incomplete:
            proof = restore_earlier_media(manuscript, proof, article)
        warnings = (*manuscript.warnings, *proof.warnings)
        if article is not None and _stays_retracted(article, proof):
            stays = (
                f"{manuscript.path}: it was retracted and stays so, whatever its file says; "
                f"to put it back: syndicate retract --undo {article.slug}"
            )
            return ImportResult(
                path=manuscript.path,
                verdict=ImportOutcome.UNCHANGED,
                slug=article.slug,
                warnings=(*warnings, stays),
            )
        for picture in proof.pictures:
            self._tx.media.add(picture)
        verdict = self._write(manuscript, proof, found)
        return ImportResult(
            path=manuscript.path, verdict=verdict, slug=manuscript.slug, warnings=warnings
        )

    def _write(
        self, manuscript: SourceFile, proof: ParsedArticle, found: ArticleMatch
    ) -> ImportOutcome:
        article = found.article
        if article is None:
            self._moves(manuscript, found)
            self._new.append(
                NewArticle(
                    id=found.id,
                    slug=manuscript.slug,
                    path=manuscript.path,
                    source=manuscript.source,
                    revision=proof.revision,
                    galley=proof.galley,
                )
            )
            return ImportOutcome.NEW
        now = self._tx.articles.revise(
            article,
            proof.revision,
            slug=manuscript.slug,
            path=manuscript.path,
            source=manuscript.source,
            at=self._at,
            galley=proof.galley,
        )
        if now is article:
            return ImportOutcome.UNCHANGED
        self._moves(manuscript, found)
        same = (now.revision, now.slug) == (article.revision, article.slug)
        return ImportOutcome.UNCHANGED if same else ImportOutcome.REVISED

    def _moves(self, manuscript: SourceFile, found: ArticleMatch) -> None:
        """Remember what the look-up doesn't know any more."""
        self._moved_names.update(_names(manuscript), (found.id,))
        before = self._known.by_path(manuscript.path)
        self._moved.update(one.key for one in (found.article, before) if one is not None)


def _look_up(tx: Transaction, batch: Sequence[ParsedFile]) -> ArticleLookup:
    manuscripts = [one.manuscript for one in batch if one.manuscript is not None]
    return tx.articles.lookup(
        ids=[one.id for one in batch if one.id],
        paths=[one.path for one in manuscripts],
        slugs=[name for one in manuscripts for name in _slugs(one)],
        sources=[one.source for one in manuscripts if one.source],
    )


def _names(manuscript: SourceFile) -> set[str]:
    return {manuscript.path, manuscript.source, *_slugs(manuscript)} - {""}


def _slugs(manuscript: SourceFile) -> list[str]:
    """Return the slug that a file asks for, and the old addresses that it names."""
    return [manuscript.slug, *map(storage_key, manuscript.revision.old_addresses)]


def _refused(one: ParsedFile, reason: str, where: str = "") -> ImportResult:
    manuscript = one.manuscript
    return ImportResult(
        path=one.path,
        verdict=ImportOutcome.REFUSED,
        slug="" if manuscript is None else manuscript.slug,
        reason=reason,
        traceback=where,
        killed=one.killed,
        warnings=() if manuscript is None else manuscript.warnings,
    )


def _refuse_back_to_draft(manuscript: SourceFile, article: Article | None, at: datetime) -> None:
    """Refuse to make a draft of what readers have; a story to come may be one again."""
    if article is None or manuscript.revision.status is not Status.DRAFT:
        return
    to_come = article.number is None and article.published > at
    if article.status is Status.PUBLISHED and article.retracted_at is None and not to_come:
        raise Refused(
            f"{manuscript.path}: it is published and can't be a draft again; "
            f"take it back with: syndicate retract {article.slug}"
        )


def _stays_retracted(article: Article, proof: ParsedArticle) -> bool:
    return article.retracted_at is not None and proof.revision.status is not Status.RETRACTED
