"""`subscribers move`: the readers of a newsletter that has another name now."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.context import AsJson, Context, here
from syndicate.cli.terminal.console import as_json, note, say
from syndicate.errors import ConfigError, Refused
from syndicate.model.subscribers import Actor, Cause

if TYPE_CHECKING:
    from syndicate.store import NewsletterRename


def move(
    context: typer.Context,
    *,
    old: Annotated[
        str, typer.Option("--from", metavar="NAME", help="What the newsletter was called.")
    ],
    new: Annotated[str, typer.Option("--to", metavar="NAME", help="Its name in config.toml now.")],
    json: AsJson = False,
) -> None:
    """Give a newsletter that was renamed its readers, editions and history back.

    Who left stays away, and the unsubscribe links in old mail go on working.
    """
    ours = here(context)
    _check(ours, old, new)
    cause = Cause(who=Actor.OPERATOR, how=f"syndicate subscribers move --from {old} --to {new}")
    with ours.store() as store, store.write() as tx:
        renamed = tx.newsletters.rename(old, new, cause=cause, at=clock.now())
        if not renamed.readers and not renamed.editions:
            names = ", ".join(sorted(tx.newsletters.subscription_counts())) or "nothing"
            tx.rollback()
            raise Refused(
                f"nobody was ever subscribed to {old!r}; readers are subscribed to {names}"
            )
    if json:
        as_json({"from": old, "to": new, "readers": renamed.readers, **asdict(renamed)})
        return
    _report(renamed, old, new)


def _check(ours: Context, old: str, new: str) -> None:
    ours.newsletter(new)
    if ours.config.newsletter(old) is not None:
        raise ConfigError(
            f"{old!r} is still a newsletter in {ours.path.name}: its readers asked for it and for "
            "no other; `subscribers move` is for one that has another name now"
        )


def _report(renamed: "NewsletterRename", old: str, new: str) -> None:
    readers = "1 reader" if renamed.readers == 1 else f"{renamed.readers:,} readers"
    say(
        f"{readers} moved from {old} to {new}: {renamed.confirmed:,} confirmed, "
        f"{renamed.pending:,} not yet, {renamed.left:,} who had left"
    )
    if renamed.both:
        say(f"{renamed.both:,} of them had a subscription to {new} already, and have one now")
    if renamed.editions:
        its = "1 edition is" if renamed.editions == 1 else f"{renamed.editions:,} editions are"
        say(f"its {its} among those of {new} now")
    if renamed.unread:
        numbers = ", ".join(map(str, renamed.unread))
        editions = "edition" if len(renamed.unread) == 1 else "editions"
        say(
            f"{editions} {numbers} of {new} had no reader meanwhile; "
            f"`syndicate send {new} --article SLUG` sends what they carried"
        )
    note(f"links in mail that went out as {old} go on working")
