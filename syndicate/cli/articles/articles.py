"""`import`, `articles`, `show`, `retract`: what the newsroom filed."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, Context, here
from syndicate.cli.terminal.console import (
    as_json,
    escape_controls,
    note,
    outcome,
    progress,
    say,
    say_text,
    table,
    when,
)
from syndicate.errors import Refused
from syndicate.model.articles import Article, Status


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_)
    app.command("articles")(articles)
    app.command()(show)
    app.command()(retract)


def import_(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    *,
    dry_run: Annotated[bool, typer.Option(help="Say what would happen; change nothing.")] = False,
) -> None:
    """Take in articles from Markdown and HTML files; one line a file."""
    from syndicate.intake.articles.file_discovery import (  # noqa: PLC0415
        find_article_files,
        find_unsupported_files,
        refusal_reason,
    )
    from syndicate.intake.articles.parallel_parse import parse_files  # noqa: PLC0415 - start-up

    ours = here(context)
    refusals = {path: reason for path in paths if (reason := refusal_reason(path)) is not None}
    accepted = [path for path in paths if path not in refusals]
    files = find_article_files(accepted)
    with (
        parse_files(files, ours.config, save_media=not dry_run, limited=True) as read,
        ours.store() as store,
    ):
        # others read files by now, and put pictures into media/: the store takes a while to import
        from syndicate.intake.articles.article_import import ImportOutcome, import_parsed_files  # noqa: PLC0415

        for reason in refusals.values():
            outcome(ImportOutcome.REFUSED, reason)
        counts = dict.fromkeys(ImportOutcome, 0) | {ImportOutcome.REFUSED: len(refusals)}
        at = clock.now()
        filed = import_parsed_files(store, ours.config, read, at=at, dry_run=dry_run)
        for one in progress(filed, "Importing", len(files)):
            counts[one.outcome] += 1
            outcome(one.outcome, one.reason or one.path)
            if one.traceback:
                for line in one.traceback.splitlines():
                    note(line)
            for warning in one.warnings:
                outcome("warned", warning)
    said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    note(f"{said or 'no articles found'}{' (dry run: nothing was changed)' if dry_run else ''}")
    if others := find_unsupported_files(accepted):
        suffixes = ", ".join(sorted({file.suffix.lower() for file in others}))
        note(f"files of other kinds were passed over: {len(others)} ({suffixes})")
    if counts[ImportOutcome.REFUSED]:
        raise typer.Exit(1)


def articles(context: typer.Context, *, json: AsJson = False) -> None:
    """List what the store holds, newest first."""
    ours = here(context)
    with ours.store() as store, store.read() as tx:
        found = tx.articles.all()
    if json:
        as_json([_summary(ours, article) for article in found])
        return
    rows = [
        (
            when(article.published, ours.config.publication.timezone),
            _state(article),
            article.slug,
            article.title,
        )
        for article in found
    ]
    table(("date", "state", "slug", "title"), rows)


def show(context: typer.Context, slug: str, *, json: AsJson = False) -> None:
    """Show one article, by the slug that it has or ever had."""
    ours = here(context)
    with ours.store() as store, store.read() as tx:
        article = tx.articles.by_slug(slug)
    if article is None:
        raise Refused(_unknown(slug))
    shown = {**_summary(ours, article), **_amp(ours, article), **_content(article)}
    if json:
        as_json(shown)
        return
    for name, value in shown.items():
        if name != "body" and value not in (None, "", [], {}):
            say(f"{name:<14} {_line(value)}")
    say()
    say_text(article.body)


def retract(
    context: typer.Context,
    slug: str,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Put it back.")] = False,
) -> None:
    """Take an article back: out of feeds, lists and editions to come; its page says so."""
    ours = here(context)
    with ours.store() as store, store.write() as tx:
        article = tx.articles.by_slug(slug)
        if article is None:
            raise Refused(_unknown(slug))
        if undo:
            tx.articles.restore(article)
        elif article.retracted_at is None:
            tx.articles.retract(article, clock.now())
    say(f"{'restored' if undo else 'retracted'} {article.slug}: {article.title}")
    note("`syndicate build` brings it to the readers; `run` and `tick` do so by themselves.")


def _unknown(slug: str) -> str:
    return f"no article has or had the slug {slug}; `syndicate articles` lists them"


def _state(article: Article) -> str:
    if article.retracted_at:
        return "retracted"
    if article.status is Status.DRAFT:
        return article.status
    return "published" if article.number else "to come"


def _summary(ours: Context, article: Article) -> dict[str, Any]:
    breaking_for = ours.config.publication.breaking_for
    until = article.published + breaking_for if article.breaking else None
    return {
        "slug": article.slug,
        "title": article.title,
        "state": _state(article),
        "id": article.id,
        "url": f"{ours.config.url}{article.address}",
        "number": article.number,
        "revision": article.revision,
        "path": article.path,
        "published": article.published.isoformat(),
        "modified": article.modified.isoformat(),
        "breaking": article.as_of(clock.now(), breaking_for).breaking,
        "breaking_until": until.isoformat() if until else None,
    }


def _amp(ours: Context, article: Article) -> dict[str, str]:
    """Tell where the AMP page is, and where AMP's cache keeps it once it was asked for."""
    if not ours.config.amp.enabled:
        return {}
    from syndicate.render import addresses  # noqa: PLC0415 - start-up
    from syndicate.render.pages import amp_cache  # noqa: PLC0415 - start-up

    page = addresses.absolute(addresses.amp(article), ours.config)
    kept = {"amp_cache": amp_cache.address(page)} if ours.config.publication.url else {}
    return {"amp": page, **kept}


def _content(article: Article) -> dict[str, Any]:
    return {
        "section": article.section,
        "tags": list(article.tags),
        "authors": [asdict(person) for person in article.authors],
        "contributors": [asdict(person) for person in article.contributors],
        "summary": article.summary,
        "excerpt": article.excerpt,
        "image": asdict(article.image) if article.image else None,
        "figures": [asdict(figure) for figure in article.figures],
        "canonical_url": article.canonical_url,
        "old_addresses": list(article.old_addresses),
        "comments": asdict(article.comments) if article.comments else None,
        "language": article.language,
        "extra": dict(article.extra),
        "body": article.body,
    }


def _line(value: object) -> str:
    """Write a value on one line: people by name, figures by file."""
    if isinstance(value, list):
        return ", ".join(_line(item) for item in value)
    if isinstance(value, dict):
        known = [value.get(key) for key in ("name", "src", "place", "alt", "credit")]
        words = [str(word) for word in known if word]
        told = (f"{key}: {item}" for key, item in value.items() if item is not None)
        return " · ".join(words) or ", ".join(told)
    return escape_controls(str(value))
