"""`replace` and `resend`: an edition after an edition."""

from typing import Annotated

import typer

from syndicate import clock
from syndicate.cli.articles.mirror_report import follow
from syndicate.cli.articles.push_report import tell
from syndicate.cli.context import AsJson, here
from syndicate.cli.editions.control import Key, Reason, by_command, in_a_line
from syndicate.cli.editions.delivery_report import tell_delivered
from syndicate.cli.terminal.console import as_json, note, say
from syndicate.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(replace)
    app.command()(resend)


def replace(
    context: typer.Context,
    edition: Key,
    *,
    article: Annotated[
        list[str] | None,
        typer.Option(metavar="SLUG", help="Exactly this article; repeat it. Default: the same."),
    ] = None,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Stop an edition, and send it corrected to those who don't have it."""
    from syndicate.cli.terminal.event_log import log_events  # noqa: PLC0415 - start-up
    from syndicate.schedule.reissue import replace as correct  # noqa: PLC0415
    from syndicate.schedule.wiring import Services  # noqa: PLC0415

    log_events()
    ours = here(context)
    with ours.store() as store:
        services = Services.of(store, ours.config)
        replaced = correct(
            services,
            edition,
            article or (),
            cause=by_command("replace"),
            at=clock.now(),
            detail=in_a_line(reason),
        )
        said = note if json else say
        going, left = replaced.edition, replaced.left
        said(f"edition {going.key}: {going.subject}")
        said(f"it replaces edition {edition} for {left.held_back} readers: {left}")
        fine = tell_delivered(replaced.delivered, said=said)
        mirrored = follow(services.mirror, said=said)
        tell(services.notifier, said=said)
    if json:
        as_json({"edition": going.key, "replaces": edition, "readers": left.held_back})
    if not fine or not mirrored:
        raise typer.Exit(1)


def resend(
    context: typer.Context,
    edition: Key,
    *,
    missing: Annotated[
        bool, typer.Option("--missing", help="To those who provably didn't get it.")
    ] = False,
    reason: Reason = "",
    json: AsJson = False,
) -> None:
    """Send an edition once more, to those who didn't get it."""
    from syndicate.cli.terminal.event_log import log_events  # noqa: PLC0415 - start-up
    from syndicate.schedule.reissue import resend as again  # noqa: PLC0415
    from syndicate.schedule.wiring import Services  # noqa: PLC0415

    if not missing:
        raise ConfigError("say to whom: --missing is for those who provably didn't get it")
    log_events()
    ours = here(context)
    with ours.store() as store:
        services = Services.of(store, ours.config)
        sent = again(
            services,
            edition,
            cause=by_command("resend"),
            at=clock.now(),
            detail=in_a_line(reason),
        )
    if json:
        resent = {"edition": sent.edition.key if sent else None, "repeats": edition}
        as_json(resent | {"readers": sent.readers if sent else 0})
    if sent is None:
        (note if json else say)(f"nobody provably missed edition {edition}: no edition")
        return
    said = note if json else say
    said(f"edition {sent.edition.key}: {sent.edition.subject}")
    said(f"it is edition {edition} once more, for {sent.readers} readers who didn't get it")
    if not tell_delivered(sent.delivered, said=said):
        raise typer.Exit(1)
