"""`subscribers move`: give a renamed newsletter its readers back."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate.cli.context import AsJson, CommandContext, operator_change
from syndicate.cli.terminal.console import echo, echo_json, note
from syndicate.errors import ConfigError, Refused

if TYPE_CHECKING:
    from syndicate.store import NewsletterRename


def move(
    command: CommandContext,
    *,
    old: Annotated[str, typer.Option("--from", metavar="NAME", help="The newsletter's old name.")],
    new: Annotated[str, typer.Option("--to", metavar="NAME", help="Its name in config.toml now.")],
    json: AsJson = False,
) -> None:
    """Move readers, editions and history to a newsletter's new name.

    Readers who left stay unsubscribed, and the unsubscribe links in old mail still work.
    """
    command.newsletter(new)
    if command.config.newsletter(old) is not None:
        raise ConfigError(
            f"{old!r} is still a newsletter in {command.path.name}, and its readers asked for no "
            "other; `subscribers move` is for a newsletter that you renamed"
        )
    change = operator_change(f"subscribers move --from {old} --to {new}")
    with command.store() as store, store.write() as tx:
        renamed = tx.newsletters.rename(old, new, **change)
        if not renamed.readers and not renamed.editions:
            names = ", ".join(sorted(tx.newsletters.subscription_counts())) or "nothing"
            tx.rollback()
            raise Refused(
                f"nobody was ever subscribed to {old!r}; readers are subscribed to {names}"
            )
    if json:
        echo_json({"from": old, "to": new, "readers": renamed.readers, **asdict(renamed)})
        return
    _report(renamed, old, new)


def _report(renamed: "NewsletterRename", old: str, new: str) -> None:
    readers = "1 reader" if renamed.readers == 1 else f"{renamed.readers:,} readers"
    echo(
        f"{readers} moved from {old} to {new}: {renamed.confirmed:,} confirmed, "
        f"{renamed.pending:,} not yet, {renamed.left:,} who had left"
    )
    if renamed.both:
        echo(f"{renamed.both:,} of them had a subscription to {new} already")
    if renamed.editions:
        count = renamed.editions
        editions = "1 edition belongs" if count == 1 else f"{count:,} editions belong"
        echo(f"its {editions} to {new} now")
    if renamed.unread:
        numbers = ", ".join(map(str, renamed.unread))
        editions = "edition" if len(renamed.unread) == 1 else "editions"
        echo(
            f"{editions} {numbers} of {new} had no readers meanwhile; "
            f"`syndicate send {new} --article SLUG` sends what they carried"
        )
    note(f"links in mail that was sent as {old} still work")
