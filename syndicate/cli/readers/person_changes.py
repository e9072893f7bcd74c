"""`subscribers add|set|tag|…`: change one person, or one address."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option, confirm

from syndicate import clock
from syndicate.cli.console import echo, echo_outcome, note
from syndicate.cli.context import CommandContext, by_operator, check_option
from syndicate.cli.readers.person import Address, load_person
from syndicate.errors import ConfigError, Refused
from syndicate.model.subscribers import (
    Actor,
    Cause,
    SubscribeOutcome,
    Subscriber,
    SubscriptionState,
    SuppressionKind,
)
from syndicate.text import closest_match, email_error, one_line

if TYPE_CHECKING:
    from syndicate.store import Transaction

_MAX_LENGTH = 200
"""Characters of a name, tag or field."""

Tags = Annotated[list[str], Argument(metavar="TAG…", help="One or more.")]
Name = Annotated[str | None, Option(help="Their name.")]
OwnFields = Annotated[
    list[str] | None,
    Option("--field", metavar="NAME=VALUE", help="A custom field; may be repeated."),
]

_FIELD = re.compile(r"([a-z0-9][a-z0-9_-]{0,62})=(.*)", re.DOTALL)
_REFUSALS = {
    SubscribeOutcome.LEFT: "left {newsletter}, and only they can subscribe again",
    SubscribeOutcome.SUPPRESSED: "is suppressed; `subscribers show` says why",
    SubscribeOutcome.ERASED: "had their data erased, and only they can subscribe again",
}


def add(
    command: CommandContext,
    address: Address,
    *,
    newsletter: Annotated[list[str], Option(help="What they subscribe to; may be repeated.")],
    source: Annotated[
        str,
        Option(help='How they agreed to it, such as "signed the list at the fair". It is stored.'),
    ],
    name: Name = None,
    field: OwnFields = None,
    tag: Annotated[list[str] | None, Option(help="A tag; may be repeated.")] = None,
) -> None:
    """Subscribe a person who has agreed to it."""
    for item in newsletter:
        command.newsletter(item)
    _check(address)
    agreed = _line("--source", source)
    if not agreed:
        raise ConfigError("--source is empty — expected how they agreed to get mail")
    fields, tags = _fields(command, field), _tags(tag or ())
    cause = Cause(who=Actor.OPERATOR, how=agreed, at=clock.now())
    outcomes: dict[str, SubscribeOutcome] = {}
    with command.store() as store, store.write() as tx:
        former = tx.subscribers.by_any_email(address)
        if former is not None and tx.subscribers.by_email(address) is None:
            raise Refused(f"{address} was merged into {former.email}; add that address instead")
        for item in newsletter:
            called = _line("--name", name or "")
            outcomes[item] = tx.subscribers.subscribe(address, item, name=called, cause=cause)
            if refusal := _REFUSALS.get(outcomes[item]):
                raise Refused(f"{address} {refusal.format(newsletter=item)}")
        person = load_person(tx, address)
        _update(tx, person, cause, name=name, fields=fields)
        tx.subscribers.tag(person.key, tags, cause=cause)
    for item, outcome in outcomes.items():
        echo_outcome(outcome, f"{address} → {item}")


def set_(
    command: CommandContext,
    address: Address,
    *,
    name: Name = None,
    language: Annotated[
        str | None, Option(help='Their language, such as "de"; "" is the publication\'s.')
    ] = None,
    field: OwnFields = None,
) -> None:
    """Change a person's name, language or custom fields; `--field NAME=` removes one."""
    if name is None and language is None and not field:
        raise ConfigError("nothing to set: add --name, --language or --field")
    if language:
        from syndicate.config.values import Language  # noqa: PLC0415 - start-up

        expected = 'expected a language such as "en" or "pt-BR" (BCP 47)'
        check_option("--language", language, Language, expected)
    fields, cause = _fields(command, field), by_operator("subscribers set")
    with command.store() as store, store.write() as tx:
        person = load_person(tx, address)
        changed = _update(tx, person, cause, name=name, language=language, fields=fields)
    echo("changed" if changed else "nothing new")


def tag(command: CommandContext, address: Address, tags: Tags) -> None:
    """Add tags to a person."""
    wanted, cause = _tags(tags), by_operator("subscribers tag")
    with command.store() as store, store.write() as tx:
        new = tx.subscribers.tag(load_person(tx, address).key, wanted, cause=cause)
    echo(f"new: {', '.join(new)}" if new else "nothing new")


def untag(command: CommandContext, address: Address, tags: Tags) -> None:
    """Remove tags from a person."""
    wanted, cause = _tags(tags), by_operator("subscribers untag")
    with command.store() as store, store.write() as tx:
        person = load_person(tx, address)
        present = [label for label in wanted if label in person.tags]
        if present:
            tx.subscribers.untag(person.key, present, cause=cause)
    echo(f"removed: {', '.join(present)}" if present else "nothing to remove")


def remove(
    command: CommandContext,
    address: Address,
    *,
    newsletter: Annotated[list[str], Option(help="What they leave; may be repeated.")],
) -> None:
    """Unsubscribe a person for good: no import subscribes them again."""
    cause = by_operator("subscribers remove")
    with command.store() as store, store.write() as tx:
        person = load_person(tx, address)
        for item in newsletter:
            if not tx.subscribers.unsubscribe(person.key, item, cause=cause):
                names = ", ".join(f"{s.newsletter} ({s.state})" for s in person.subscriptions)
                raise Refused(f"{address} is not subscribed to {item}; there is: {names or 'none'}")
    for item in newsletter:
        echo_outcome("left", f"{address} → {item}")


def merge(
    command: CommandContext,
    address: Address,
    into: Annotated[str, Argument(help="The address to keep.")],
) -> None:
    """Merge two people: the second gets everything of the first."""
    with command.store() as store, store.write() as tx:
        first, second = load_person(tx, address), load_person(tx, into)
        if first.key == second.key:
            raise Refused(f"{address} and {into} are the same person already")
        if first.suppressed is not None and second.suppressed is None:
            raise Refused(
                f"{first.email} is suppressed ({first.suppressed}), and a merge would mail them "
                f"again; suppress {second.email} first, or don't merge"
            )
        tx.subscribers.merge(first.key, second.key, cause=by_operator("subscribers merge"))
    echo(f"{first.email} is {second.email} now")


def suppress(
    command: CommandContext,
    address: Address,
    *,
    reason: Annotated[str, Option(help='Why, such as "complained by telephone".')],
) -> None:
    """Never mail an address again, even if it is subscribed."""
    _check(address)
    text = _line("--reason", reason)
    if not text:
        raise ConfigError("--reason is empty — expected why the address is not to be mailed")
    with command.store() as store, store.write() as tx:
        new = tx.subscribers.suppress(address, text, cause=by_operator("subscribers suppress"))
        stored = tx.subscribers.suppression_reason(address)
    echo(f"{address} is {'' if new else 'already '}suppressed: {stored}")


def unsuppress(
    command: CommandContext,
    address: Address,
    *,
    because: Annotated[
        str,
        Option(
            help='Why, such as "their server was broken"; needed after a complaint. It is stored.'
        ),
    ] = "",
) -> None:
    """Mail a suppressed address again."""
    cause = by_operator("subscribers unsuppress", _line("--because", because))
    with command.store() as store, store.write() as tx:
        suppressed = tx.subscribers.suppression(address)
        complained = suppressed is not None and suppressed.kind is SuppressionKind.COMPLAINT
        if complained and not cause.why:
            raise Refused(
                f"{address} called your mail spam: add --because, with how you know that they "
                "want it all the same"
            )
        removed = tx.subscribers.unsuppress(address, cause=cause)
        person = tx.subscribers.by_email(address)
    if not removed:
        echo(f"{address} was not suppressed")
        return
    states = {item.newsletter: item.state for item in person.subscriptions} if person else {}
    left = [name for name, state in states.items() if state is SubscriptionState.LEFT]
    if left and SubscriptionState.CONFIRMED not in states.values():
        echo(f"{address} is not suppressed any more")
        note(f"they left {', '.join(left)}, and only they can subscribe again")
    else:
        echo(f"{address} is mailed again")


def erase(
    command: CommandContext,
    address: Address,
    *,
    yes: Annotated[bool, Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Erase everything about a person; this can't be undone.

    No import subscribes them again.
    """
    with command.store() as store:
        with store.read() as tx:
            person = load_person(tx, address)
        question = f"Erase everything about {person.email}? It can't be undone"
        if not yes and not (sys.stdin.isatty() and confirm(question, err=True)):
            raise Refused("nothing was erased; --yes erases without asking")
        with store.write() as tx:
            tx.erasures.erase(person.key, cause=by_operator("subscribers erase"))
    echo(f"erased {address}")


def _update(
    tx: "Transaction",
    person: Subscriber,
    cause: Cause,
    *,
    name: str | None,
    language: str | None = None,
    fields: Mapping[str, str],
) -> bool:
    """Change what is given; remove empty fields."""
    merged = {**person.fields, **fields}
    return tx.subscribers.update(
        person.key,
        name=None if name is None else _line("--name", name),
        language=language,
        fields={field: value for field, value in merged.items() if value} if fields else None,
        cause=cause,
    )


def _check(address: str) -> None:
    """Check an address's syntax only, without DNS, as imports do."""
    if error := email_error(address.strip()):
        raise Refused(f"{address!r} is not an email address: {error}")


def _line(option: str, text: str) -> str:
    line = one_line(text)
    if len(line) > _MAX_LENGTH:
        raise ConfigError(f"{option} has {len(line)} characters — expected at most {_MAX_LENGTH}")
    return line


def _tags(tags: Iterable[str]) -> list[str]:
    labels = [_line("a tag", label) for label in tags]
    for label in labels:
        if not label or "," in label:
            raise ConfigError(f"tag {label!r} — expected text without a comma")
    return labels


def _fields(command: CommandContext, options: Sequence[str] | None) -> dict[str, str]:
    """Parse NAME=VALUE options; note a name that looks like a misspelt field of the form."""
    fields: dict[str, str] = {}
    known = [field.name for field in command.config.signup.fields]
    for option in options or ():
        match = _FIELD.fullmatch(option)
        if match is None:
            raise ConfigError(
                f"--field {option!r} — expected NAME=VALUE, with a name of small letters, digits, "
                "- and _"
            )
        name = match[1]
        suggestion = None if name in known else closest_match(name, known)
        if suggestion:
            note(f"{name} is not a field of the form; did you mean {suggestion}?")
        fields[name] = _line(f"--field {name}", match[2])
    return fields
