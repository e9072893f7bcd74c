"""`import`, `articles`, `show`, `retract`: import articles, list them, take them back."""

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Exit, Option

from syndicate import clock
from syndicate.cli.console import (
    echo,
    echo_json,
    echo_outcome,
    echo_table,
    echo_text,
    escape_controls,
    format_time,
    note,
    track_progress,
)
from syndicate.cli.context import AsJson, CommandContext
from syndicate.cli.editions.control import decide, edition_state_value
from syndicate.cli.editions.mail_pause import SENT_NEXT
from syndicate.errors import Refused
from syndicate.model.articles import Article, Status
from syndicate.model.editions import EditionState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndicate.intake.articles.parallel_parse import ImportResult
    from syndicate.model.editions import CarriedArticle, Edition
    from syndicate.store import Transaction

Slug = Annotated[str, Argument(help="The article's slug, or an earlier one.")]
_CONTENT = (
    *("place", "section", "tags", "authors", "contributors", "summary", "excerpt", "image"),
    *("sponsor", "figures", "canonical_url", "old_addresses", "comments", "language"),
    *("corrections", "extra", "body"),
)


def import_(
    command: CommandContext,
    paths: Annotated[list[Path], Argument(help="Files and folders.")],
    *,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Show what would happen; change nothing.")
    ] = False,
) -> None:
    """Import Markdown and HTML files as articles, and the folder of edition files."""
    from syndicate.intake.articles.article_files import (  # noqa: PLC0415
        find_article_files,
        find_unsupported_files,
        refusal_reason,
    )
    from syndicate.intake.articles.parallel_parse import ImportOutcome, parse_files  # noqa: PLC0415 - start-up
    from syndicate.intake.editions.edition_import import import_edition_files, without_edition_files  # noqa: PLC0415

    refusals = {path: reason for path in paths if (reason := refusal_reason(path)) is not None}
    accepted = [path for path in paths if path not in refusals]
    found = find_article_files(accepted)
    files = without_edition_files(found, command.config)
    with (
        parse_files(files, command.config, save_media=not dry_run, limited=True) as parsed,
        command.store() as store,
    ):
        # workers are parsing by now, while this process imports the code that stores articles
        from syndicate.intake.articles.article_import import import_parsed_files  # noqa: PLC0415

        for reason in refusals.values():
            echo_outcome(ImportOutcome.REFUSED, reason)
        counts = Counter({ImportOutcome.REFUSED: len(refusals)})
        at = clock.now()
        results = import_parsed_files(store, command.config, parsed, at=at, dry_run=dry_run)
        for result in track_progress(results, "Importing", len(files)):
            _echo_result(result)
            counts[result.outcome] += 1
        if len(files) < len(found):
            for result in import_edition_files(store, command.config, at=at, dry_run=dry_run):
                _echo_result(result)
                counts[result.outcome] += 1
    summary = ", ".join(f"{counts[word]} {word}" for word in ImportOutcome if counts[word])
    note(f"{summary or 'no articles found'}{' (dry run: nothing was changed)' if dry_run else ''}")
    if others := find_unsupported_files(accepted):
        suffixes = ", ".join(sorted({file.suffix.lower() for file in others}))
        note(f"files of other kinds were ignored: {len(others)} ({suffixes})")
    if counts[ImportOutcome.REFUSED]:
        raise Exit(1)


def _echo_result(result: "ImportResult") -> None:
    echo_outcome(result.outcome, result.reason or result.path)
    for line in (result.traceback or "").splitlines():
        note(line)
    for warning in result.warnings:
        echo_outcome("warned", warning)


def articles(command: CommandContext, *, json: AsJson = False) -> None:
    """List the stored articles, newest first."""
    with command.store() as store, store.read() as tx:
        stored = tx.articles.all()
    if json:
        echo_json([_summary(command, article) for article in stored])
        return
    headings = ("date", "state", "slug", "title")
    rows = [(item.published, _state(item), item.slug, item.title) for item in stored]
    echo_table(headings, rows, command.config.publication.timezone)


def show(command: CommandContext, slug: Slug, *, json: AsJson = False) -> None:
    """Show an article, by its current slug or an earlier one, and the editions that carried it."""
    with command.store() as store, store.read() as tx:
        article = _load(tx, slug)
        carriers = tx.corrections.carriers(article.key)
    stored = asdict(article)
    content = {name: stored[name] for name in _CONTENT}
    shown = _summary(command, article) | _amp(command, article) | content
    editions = [
        asdict(carrier)
        | {"state": edition_state_value(carrier.state, waits=bool(carrier.is_leaving))}
        for carrier in carriers
    ]
    if json:
        echo_json(shown | {"editions": editions})
        return
    zone = command.config.publication.timezone
    for name, value in shown.items():
        if name != "body" and value not in (None, "", (), {}):
            at = format_time(value, zone) if isinstance(value, datetime) else None
            echo(f"{name:<14} {at or _line(value)}")
    if carriers:
        echo()
        names = ("edition", "newsletter", "at", "revision", "accepted", "kind", "state")
        rows = [[edition[name] for name in names] for edition in editions]
        echo_table(names, rows, zone)
    echo()
    echo_text(article.body)


def retract(
    command: CommandContext,
    slug: Slug,
    *,
    undo: Annotated[bool, Option("--undo", help="Publish it again.")] = False,
) -> None:
    """Take an article out of feeds, lists and future editions.

    Its page stays, and says that it was retracted. An edition that is leaving is sent to the rest
    without it.
    """
    with command.store() as store, store.write() as tx:
        article = _load(tx, slug)
        leaving = [] if undo else tx.corrections.leaving(article.key)
        carriers = [] if undo else tx.corrections.carriers(article.key)
        if undo:
            tx.articles.restore(article)
        elif article.retracted_at is None:
            tx.articles.retract(article, clock.now())
    echo(f"{'restored' if undo else 'retracted'} {article.slug}: {article.title}")
    note("`syndicate build` publishes the change; `run` and `tick` do so automatically")
    _echo_left(carriers, leaving)
    if leaving:
        with command.services() as services:
            for stopped in services.corrections.take_back(leaving, decide("retract", "")):
                echo(str(stopped))
        note(SENT_NEXT)


def _echo_left(carriers: "Sequence[CarriedArticle]", leaving: "Sequence[Edition]") -> None:
    """Report the editions with a retracted article that wait, or have left already."""
    under_way = {edition.key for edition in leaving}
    for carrier in carriers:
        if carrier.state is EditionState.WAITING:
            echo(f"edition {carrier.edition} waits, and is composed again without it")
        elif carrier.accepted and carrier.edition not in under_way:
            echo(f"edition {carrier.edition}: {carrier.accepted:,} had left")


def _load(tx: "Transaction", slug: str) -> Article:
    article = tx.articles.by_slug(slug)
    if article is None:
        raise Refused(f"no article has or had the slug {slug}; `syndicate articles` lists them")
    return article


def _state(article: Article) -> str:
    if article.retracted_at:
        return "retracted"
    if article.status is Status.DRAFT:
        return article.status
    return "published" if article.number else "to come"


def _summary(command: CommandContext, article: Article) -> dict[str, Any]:
    breaking_for = command.config.publication.breaking_for
    until = article.published + breaking_for if article.breaking else None
    return {
        "slug": article.slug,
        "title": article.title,
        "state": _state(article),
        "id": article.id,
        "url": f"{command.config.url}{article.address}",
        "number": article.number,
        "revision": article.revision,
        "path": article.path,
        "published": article.published,
        "modified": article.modified,
        "breaking": article.as_of(clock.now(), breaking_for).breaking,
        "breaking_until": until,
    }


def _amp(command: CommandContext, article: Article) -> dict[str, str]:
    """Return the AMP page's URL, and its URL in the AMP cache."""
    if not command.config.amp.enabled:
        return {}
    from syndicate.render import addresses, amp_cache  # noqa: PLC0415 - start-up

    page = addresses.absolute(addresses.amp(article), command.config)
    cached = {"amp_cache": amp_cache.address(page)} if command.config.publication.url else {}
    return {"amp": page, **cached}


def _line(value: object) -> str:
    """Format a value on one line: people by name, figures by file."""
    if isinstance(value, tuple):
        return ", ".join(_line(item) for item in value)
    if isinstance(value, dict):
        if "at" in value:  # a correction
            return f"{value['at']:%Y-%m-%d}: {escape_controls(value['text'])}"
        known = [value.get(key) for key in ("name", "src", "place", "alt", "credit")]
        items = (f"{key}: {item}" for key, item in value.items() if item is not None)
        return " · ".join(str(item) for item in known if item) or ", ".join(items)
    return escape_controls(str(value))
