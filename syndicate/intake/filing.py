"""Filing: article files into the store, one short transaction and one outcome per file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import Refused
from syndicate.intake.manuscript import Manuscript, Proof, read, set_up, stored_path
from syndicate.intake.matching import Match, Taken, match
from syndicate.model.articles import Article, Status
from syndicate.store import Store, Transaction


class Verdict(StrEnum):
    """What became of a file."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The outcome for one file."""

    path: str
    verdict: Verdict
    slug: str = ""
    """Empty where the file was refused before it had one."""
    reason: str = ""
    """Why it was refused, with file and line."""
    warnings: tuple[str, ...] = ()


def file_articles(
    store: Store, config: Config, files: Iterable[Path], *, at: datetime, dry_run: bool = False
) -> Iterator[Filed]:
    """File articles, one after the other; a file that is refused keeps no other out.

    `at` is when articles without a date are first seen. A dry run says the same
    and writes nothing, neither to the store nor to `media/`.
    """
    taken = Taken()
    for file in files:
        yield _file_article(store, config, file, taken, at=at, dry_run=dry_run)


def _file_article(
    store: Store, config: Config, file: Path, taken: Taken, *, at: datetime, dry_run: bool
) -> Filed:
    path, slug = stored_path(file, config), ""
    warnings: tuple[str, ...] = ()
    try:
        manuscript = read(file, config)
        slug, warnings = manuscript.slug, manuscript.warnings
        return _file_manuscript(store, config, manuscript, taken, at=at, dry_run=dry_run)
    except Refused as error:
        return Filed(
            path=path, verdict=Verdict.REFUSED, slug=slug, reason=str(error), warnings=warnings
        )


def _file_manuscript(
    store: Store,
    config: Config,
    manuscript: Manuscript,
    taken: Taken,
    *,
    at: datetime,
    dry_run: bool,
) -> Filed:
    """Set a manuscript outside of any transaction, then save it in one, if nothing has moved."""
    while True:
        with store.read() as tx:
            found = match(tx, manuscript, config, taken)
        _refuse_back_to_draft(manuscript, found.article)
        proof = set_up(manuscript, found.id, config, keep=not dry_run)
        with store.write() as tx:
            tx.hold_still()  # two processes may file one folder
            if match(tx, manuscript, config, taken) != found:
                continue
            filed = _save(tx, manuscript, proof, found, at)
            if dry_run:
                tx.rollback()
        taken.take(manuscript, found)
        return filed


def _refuse_back_to_draft(manuscript: Manuscript, article: Article | None) -> None:
    if (
        article is not None
        and article.status is Status.PUBLISHED
        and article.retracted_at is None
        and manuscript.revision.status is Status.DRAFT
    ):
        raise Refused(
            f"{manuscript.path}: it is published and can't be a draft again; "
            f"take it back with: syndicate retract {article.slug}"
        )


def _save(
    tx: Transaction, manuscript: Manuscript, proof: Proof, found: Match, at: datetime
) -> Filed:
    article, warnings = found.article, (*manuscript.warnings, *proof.warnings)
    if article is not None and _stays_retracted(article, proof):
        stays = (
            f"{manuscript.path}: it was retracted and stays so, whatever its file says; "
            f"to put it back: syndicate retract --undo {article.slug}"
        )
        warnings = (*warnings, stays)
        return Filed(
            path=manuscript.path,
            verdict=Verdict.UNCHANGED,
            slug=article.slug,
            warnings=warnings,
        )
    for picture in proof.pictures:
        tx.media.add(picture)
    verdict = _write(tx, manuscript, proof, found, at)
    return Filed(path=manuscript.path, verdict=verdict, slug=manuscript.slug, warnings=warnings)


def _stays_retracted(article: Article, proof: Proof) -> bool:
    return article.retracted_at is not None and proof.revision.status is not Status.RETRACTED


def _write(
    tx: Transaction, manuscript: Manuscript, proof: Proof, found: Match, at: datetime
) -> Verdict:
    slug, path, source = manuscript.slug, manuscript.path, manuscript.source
    article = found.article
    if article is None:
        tx.articles.add(proof.revision, id=found.id, slug=slug, path=path, source=source, at=at)
        return Verdict.NEW
    now = tx.articles.revise(article, proof.revision, slug=slug, path=path, source=source, at=at)
    same = (now.revision, now.slug) == (article.revision, article.slug)
    return Verdict.UNCHANGED if same else Verdict.REVISED
