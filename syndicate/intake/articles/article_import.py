"""Import article files into the store: a batch per transaction, one result per file."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from syndicate.body.compiler import compile_body
from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.articles import parallel_parse
from syndicate.intake.articles.article_batch import ArticleBatch
from syndicate.intake.articles.matching import ArticleMatch, ArticleMatcher, TakenIdentities
from syndicate.intake.articles.parallel_parse import ImportResult, Parsed, ParsedBatches, ParsedFile
from syndicate.intake.articles.refusals import record_refusals
from syndicate.intake.articles.source_file import ParsedArticle, SourceFile
from syndicate.model.articles import MEDIA, Article, Figure, Status
from syndicate.model.old_addresses import storage_key
from syndicate.store import NewArticle, Store, Transaction

_TOLERANCE = timedelta(days=1)
"""By how much clocks and zones may differ."""
_MEDIA_SOURCE = re.compile(rf'\s(?:src|poster)="({re.escape(MEDIA)}[^"]+)"')


def import_articles(
    store: Store,
    config: Config,
    files: Iterable[Path],
    *,
    at: datetime,
    dry_run: bool = False,
    limited: bool = False,
) -> Iterator[ImportResult]:
    """Import articles in the order of `files`; a refused file does not stop the others.

    `at` is when articles without a date are first seen. A result is yielded once it is
    committed; a caller that stops early may leave some imported and not reported. A
    dry run yields the same and writes nothing, neither to the store nor to `media/`.
    `limited` is as in `parse_files`.
    """
    with parallel_parse.parse_files(
        list(files), config, save_media=not dry_run, limited=limited
    ) as parsed:
        yield from import_parsed_files(store, config, parsed, at=at, dry_run=dry_run)


def import_parsed_files(
    store: Store, config: Config, parsed: ParsedBatches, *, at: datetime, dry_run: bool = False
) -> Iterator[ImportResult]:
    """Import articles while they are parsed; see `import_articles`."""
    taken = TakenIdentities(parsed.requests)
    run = _ImportRun(store=store, config=config, reparse=parsed.reparse, at=at, dry_run=dry_run)
    for batch in parsed.batches:
        results, taken = run.import_batch(batch, taken)
        if not dry_run:
            record_refusals(store, config, results, at)
        yield from results


@dataclass(frozen=True, slots=True, kw_only=True)
class _ImportRun:
    """Imports batches, each in one transaction."""

    store: Store
    config: Config
    reparse: parallel_parse.Reparse
    at: datetime
    dry_run: bool
    reparsed: dict[tuple[str, str, str], Parsed] = field(default_factory=dict)
    """Files that were parsed again for another id, by path, id and slug."""

    def import_batch(
        self, batch: Sequence[Parsed], taken: TakenIdentities
    ) -> tuple[list[ImportResult], TakenIdentities]:
        """Import a batch; return the results, and `taken` with its files added.

        Files are parsed again between two transactions: it may take long, and would
        keep others from writing to the store.
        """
        while True:
            results, taken_after, to_reparse = self._try_import(batch, taken)
            if not to_reparse:
                return results, taken_after
            for source_file, public_id in to_reparse:
                key = (source_file.path, public_id, source_file.slug)
                self.reparsed[key] = self.reparse(source_file, public_id)

    def _try_import(
        self, batch: Sequence[Parsed], taken: TakenIdentities
    ) -> tuple[list[ImportResult], TakenIdentities, list[tuple[SourceFile, str]]]:
        """Import a batch, unless some of its files have to be parsed again first."""
        taken_after = taken.copy()

        def import_all() -> tuple[list[ImportResult], list[tuple[SourceFile, str]]]:
            with self.store.write() as tx:
                tx.lock_numbers()  # two processes may import the same folder
                batch_import = _BatchImport(tx, self, batch, taken_after)
                results = [batch_import.import_file(parsed_file) for parsed_file in batch]
                batch_import.articles.save_new()
                if self.dry_run or batch_import.to_reparse:
                    tx.rollback()
            return results, batch_import.to_reparse

        first = batch[0]
        imported = parallel_parse.attempt(
            first.source_file if isinstance(first, ParsedFile) else first.path, import_all
        )
        if not isinstance(imported, ImportResult):
            results, to_reparse = imported
            return results, taken_after, to_reparse
        if len(batch) == 1:
            return [imported], taken, []
        results = []
        for parsed_file in batch:
            file_results, taken = self.import_batch([parsed_file], taken)
            results += file_results
        return results, taken, []


class _BatchImport:
    """The import of one batch, inside one transaction."""

    def __init__(
        self, tx: Transaction, run: _ImportRun, batch: Sequence[Parsed], taken: TakenIdentities
    ) -> None:
        self._tx = tx
        self._reparsed = run.reparsed
        self._at = run.at
        self._taken = taken
        parsed = [item for item in batch if isinstance(item, ParsedFile)]
        files = [item.source_file for item in parsed]
        addresses = chain.from_iterable(file.revision.old_addresses for file in files)
        names = {
            "id": [item.id for item in parsed],
            "path": [file.path for file in files],
            "slug": [*(file.slug for file in files), *map(storage_key, addresses)],
            "source": [file.source for file in files if file.source],
        }
        self.articles = ArticleBatch(tx.articles, run.at, names)
        self._matcher = ArticleMatcher(config=run.config, taken=taken, articles=self.articles)
        self.to_reparse: list[tuple[SourceFile, str]] = []
        """Files to parse again, each with the id to parse it for."""

    def import_file(self, parsed_file: Parsed) -> ImportResult:
        """Import one file; a new article is stored later, by `articles.save_new`."""
        if isinstance(parsed_file, ImportResult):
            return parsed_file
        try:
            return self._import(parsed_file, parsed_file.source_file)
        except Refused as error:
            return parallel_parse.refuse(parsed_file.source_file, str(error))

    def _import(self, parsed_file: ParsedFile, source_file: SourceFile) -> ImportResult:
        match = self._matcher.match(source_file)
        _refuse_unpublishing(source_file, match.article, self._at)
        _refuse_future_corrections(source_file, self._at)
        self._matcher.refuse_taken_addresses(source_file, match)
        if (match.id, match.slug) != (parsed_file.id, source_file.slug):
            warnings = (*source_file.warnings, *match.warnings)
            source_file = replace(source_file, slug=match.slug, warnings=warnings)
            reparsed = self._reparsed.get((source_file.path, match.id, match.slug))
            if reparsed is None:
                self.to_reparse.append((source_file, match.id))
                self._taken.add(source_file, match)
                # this result is dropped: the transaction is rolled back
                return parallel_parse.refuse(source_file, "to be parsed again")
            if isinstance(reparsed, ImportResult):
                return reparsed
            parsed_file = reparsed
        result = self._save(source_file, parsed_file.parsed, match)
        self._taken.add(source_file, match)
        return result

    def _save(
        self, source_file: SourceFile, parsed: ParsedArticle, match: ArticleMatch
    ) -> ImportResult:
        article = match.article
        if article is not None and parsed.incomplete:
            parsed = _restore_earlier_media(source_file, parsed, article)
        warnings = (*source_file.warnings, *parsed.warnings)
        if (
            article is not None
            and article.retracted_at is not None
            and parsed.revision.status is not Status.RETRACTED
        ):
            warning = (
                f"{source_file.path}: it stays retracted, although its file has another status; "
                f"to restore it: syndicate retract --undo {article.slug}"
            )
            return ImportResult(
                path=source_file.path,
                outcome=parallel_parse.ImportOutcome.UNCHANGED,
                slug=article.slug,
                warnings=(*warnings, warning),
            )
        for picture in parsed.pictures:
            self._tx.media.add(picture)
        return ImportResult(
            path=source_file.path,
            outcome=self._write(source_file, parsed, match),
            slug=source_file.slug,
            warnings=warnings,
        )

    def _write(
        self, source_file: SourceFile, parsed: ParsedArticle, match: ArticleMatch
    ) -> parallel_parse.ImportOutcome:
        new = NewArticle(
            id=match.id,
            slug=source_file.slug,
            path=source_file.path,
            source=source_file.source,
            revision=parsed.revision,
            compiled_body=parsed.compiled_body,
        )
        article = match.article
        if article is None:
            self.articles.add(new)
            return parallel_parse.ImportOutcome.NEW
        revised = self.articles.revise(article, new)
        if (revised.revision, revised.slug) == (article.revision, article.slug):
            return parallel_parse.ImportOutcome.UNCHANGED
        return parallel_parse.ImportOutcome.REVISED


def _refuse_unpublishing(source_file: SourceFile, article: Article | None, at: datetime) -> None:
    """Refuse to turn a published article into a draft, unless its date is in the future."""
    if article is None or source_file.revision.status is not Status.DRAFT:
        return
    is_future = article.number is None and article.published > at
    if article.status is Status.PUBLISHED and article.retracted_at is None and not is_future:
        raise Refused(
            f"{source_file.path}: it is published, so it can't become a draft again; "
            f"to retract it: syndicate retract {article.slug}"
        )


def _refuse_future_corrections(source_file: SourceFile, at: datetime) -> None:
    """Refuse a correction of a day to come: readers of feeds would see it as new until then."""
    for correction in source_file.revision.corrections:
        if correction.at > at + _TOLERANCE:
            raise Refused(
                f"{source_file.path}: a correction is of {correction.at:%Y-%m-%d %H:%M} UTC, which "
                "is in the future — expected the time at which it was made"
            )


def _restore_earlier_media(
    source_file: SourceFile, parsed: ParsedArticle, article: Article
) -> ParsedArticle:
    """Return the parsed article with the missing pictures and recording it had before.

    `media/` has a copy of each, which an article keeps while its text is unchanged. The earlier
    body is kept if the new one has no other picture.
    """
    named, new = source_file.revision, parsed.revision
    image, audio = new.image, new.audio
    if named.image and article.image and not (image and image.src):
        image = article.image if _texts(named.image) == _texts(article.image) else image
    if named.audio and article.audio and not audio and named.audio.title == article.audio.title:
        audio = article.audio
    sponsor = new.sponsor
    if named.sponsor and named.sponsor.logo and sponsor and article.sponsor and not sponsor.logo:
        sponsor = replace(sponsor, logo=article.sponsor.logo)
    revision = replace(new, image=image, audio=audio, sponsor=sponsor)
    earlier = set(_MEDIA_SOURCE.findall(article.body))
    if article.source == source_file.source and earlier > set(_MEDIA_SOURCE.findall(new.body)):
        revision = replace(revision, body=article.body, figures=article.figures)
    if revision == new:
        return parsed
    warning = f"{source_file.path}: the earlier import is kept in place of the missing files"
    return replace(
        parsed,
        revision=revision,
        compiled_body=compile_body(revision, slug=source_file.slug),
        warnings=(*parsed.warnings, warning),
    )


def _texts(figure: Figure) -> tuple[str, str, str]:
    return figure.alt, figure.caption, figure.credit
