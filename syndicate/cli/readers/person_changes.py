"""`subscribers add|set|tag|…`: what operators change about one person, or one address."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.cli.context import CommandContext, command_context
from syndicate.cli.readers.person import Address, unknown_person
from syndicate.cli.terminal.console import echo, echo_outcome, note
from syndicate.errors import ConfigError, Refused
from syndicate.model.subscribers import Actor, Cause, SubscribeOutcome, Subscriber

if TYPE_CHECKING:
    from syndicate.store import Transaction

LONGEST = 200
"""Characters of a name, tag or field."""

Tags = Annotated[list[str], typer.Argument(metavar="TAG…", help="One or more.")]
Name = Annotated[str | None, typer.Option(help="Their name.")]
OwnFields = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="NAME=VALUE", help="An own field; repeat it."),
]

_FIELD = re.compile(r"([a-z0-9][a-z0-9_-]{0,62})=(.*)", re.DOTALL)
_NO = {
    SubscribeOutcome.LEFT: "left {newsletter}, and only they can come back",
    SubscribeOutcome.SUPPRESSED: "is suppressed; `subscribers show` says why",
    SubscribeOutcome.ERASED: "had everything about them erased, and only they can come back",
}


def register(group: typer.Typer) -> None:
    """Add the commands."""
    for command in (add, remove, tag, untag, merge, suppress, unsuppress, erase):
        group.command()(command)
    group.command("set")(set_)


def add(
    context: typer.Context,
    address: Address,
    *,
    newsletter: Annotated[list[str], typer.Option(help="What they subscribe to; repeat it.")],
    source: Annotated[
        str,
        typer.Option(help='How they agreed to it, such as "signed the list at the fair". Kept.'),
    ],
    name: Name = None,
    field: OwnFields = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; repeat it.")] = None,
) -> None:
    """Subscribe somebody who has agreed to it."""
    command = command_context(context)
    for one in newsletter:
        command.newsletter(one)
    _check(address)
    agreed = _line("--source", source)
    if not agreed:
        raise ConfigError("--source is empty — expected how they agreed to be mailed")
    fields, tags = _fields(command, field), _tags(tag or ())
    cause, at = Cause(who=Actor.OPERATOR, how=agreed), clock.now()
    came: dict[str, SubscribeOutcome] = {}
    with command.store() as store, store.write() as tx:
        _check_not_merged(tx, address)
        for one in newsletter:
            came[one] = tx.subscribers.subscribe(
                address, one, name=_line("--name", name or ""), cause=cause, at=at
            )
            if came[one] in _NO:
                raise Refused(f"{address} {_NO[came[one]].format(newsletter=one)}")
        person = _person(tx, address)
        _change(tx, person, name=name, fields=fields, cause=cause)
        tx.subscribers.tag(person.key, tags, at=at, cause=cause)
    for one, what in came.items():
        echo_outcome(what, f"{address} → {one}")


def set_(
    context: typer.Context,
    address: Address,
    *,
    name: Name = None,
    language: Annotated[
        str | None,
        typer.Option(help='What they are spoken to in, such as "de"; "" is the publication\'s.'),
    ] = None,
    field: OwnFields = None,
) -> None:
    """Change name, language or own fields of somebody; `--field NAME=` takes one away."""
    command = command_context(context)
    if name is None and language is None and not field:
        raise ConfigError("nothing to set: name --name, --language or --field")
    if language:
        _check_language(language)
    fields = _fields(command, field)
    with command.store() as store, store.write() as tx:
        person = _person(tx, address)
        changed = _change(
            tx, person, name=name, language=language, fields=fields, cause=_by_command("set")
        )
    echo("changed" if changed else "nothing new")


def tag(context: typer.Context, address: Address, tags: Tags) -> None:
    """Put tags on somebody."""
    wanted = _tags(tags)
    with command_context(context).store() as store, store.write() as tx:
        person, cause = _person(tx, address), _by_command("tag")
        new = tx.subscribers.tag(person.key, wanted, at=clock.now(), cause=cause)
    echo(f"new: {', '.join(new)}" if new else "nothing new")


def untag(context: typer.Context, address: Address, tags: Tags) -> None:
    """Take tags off somebody."""
    wanted = _tags(tags)
    with command_context(context).store() as store, store.write() as tx:
        person = _person(tx, address)
        there = [one for one in wanted if one in person.tags]
        if there:
            tx.subscribers.untag(person.key, there, at=clock.now(), cause=_by_command("untag"))
    echo(f"gone: {', '.join(there)}" if there else "nothing to take off")


def remove(
    context: typer.Context,
    address: Address,
    *,
    newsletter: Annotated[list[str], typer.Option(help="What they leave; repeat it.")],
) -> None:
    """Unsubscribe somebody who asked for it; no import ever brings them back."""
    at, cause = clock.now(), _by_command("remove")
    with command_context(context).store() as store, store.write() as tx:
        person = _person(tx, address)
        for one in newsletter:
            if not tx.subscribers.unsubscribe(person.key, one, at=at, cause=cause):
                theirs = ", ".join(f"{s.newsletter} ({s.state})" for s in person.subscriptions)
                raise Refused(f"{address} is not subscribed to {one}; there is: {theirs or 'none'}")
    for one in newsletter:
        echo_outcome("left", f"{address} → {one}")


def merge(
    context: typer.Context,
    address: Address,
    into: Annotated[str, typer.Argument(help="The address that stays.")],
) -> None:
    """Make one person of two: newsletters, tags and history of the first go to the second."""
    with command_context(context).store() as store, store.write() as tx:
        first, second = _person(tx, address), _person(tx, into)
        if first.key == second.key:
            raise Refused(f"{address} and {into} are one person already")
        if first.suppressed is not None and second.suppressed is None:
            raise Refused(
                f"{first.email} is not mailed ({first.suppressed}); merge would mail them again; "
                f"suppress {second.email} first, or leave them apart"
            )
        cause = _by_command("merge")
        tx.subscribers.merge(first.key, second.key, at=clock.now(), cause=cause)
    echo(f"{first.email} is {second.email} now")


def suppress(
    context: typer.Context,
    address: Address,
    *,
    reason: Annotated[str, typer.Option(help='Why, such as "complained by telephone".')],
) -> None:
    """Never mail an address again, whoever subscribes it."""
    _check(address)
    said = _line("--reason", reason)
    if not said:
        raise ConfigError("--reason is empty — expected why the address is not to be mailed")
    with command_context(context).store() as store, store.write() as tx:
        cause = _by_command("suppress")
        new = tx.subscribers.suppress(address, said, at=clock.now(), cause=cause)
        stands = tx.subscribers.suppression_reason(address)
    echo(f"{address} is not mailed{'' if new else ' already'}: {stands}")


def unsuppress(context: typer.Context, address: Address) -> None:
    """Mail an address again that was suppressed."""
    with command_context(context).store() as store, store.write() as tx:
        cause = _by_command("unsuppress")
        gone = tx.subscribers.unsuppress(address, at=clock.now(), cause=cause)
    echo(f"{address} {'is mailed again' if gone else 'was not suppressed'}")


def erase(
    context: typer.Context,
    address: Address,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
) -> None:
    """Forget everything about somebody; no import brings them back. It can't be undone."""
    command = command_context(context)
    with command.store() as store:
        with store.read() as tx:
            person = _person(tx, address)
        if not yes and not _agreed(f"Erase everything about {person.email}? It can't be undone"):
            raise Refused("nothing was erased; --yes erases without asking")
        with store.write() as tx:
            tx.subscribers.erase(person.key, at=clock.now(), cause=_by_command("erase"))
    echo(f"{address} is forgotten")


def _agreed(question: str) -> bool:
    """Ask, where somebody is there to answer."""
    return sys.stdin.isatty() and typer.confirm(question, err=True)


def _person(tx: "Transaction", address: str) -> Subscriber:
    person = tx.subscribers.by_any_email(address)
    if person is None:
        raise unknown_person(address)
    return person


def _check_not_merged(tx: "Transaction", address: str) -> None:
    """Refuse an address of somebody who has another one now."""
    person = tx.subscribers.by_any_email(address)
    if person is not None and tx.subscribers.by_email(address) is None:
        raise Refused(f"{address} was merged into {person.email}; add that address instead")


def _change(
    tx: "Transaction",
    person: Subscriber,
    *,
    name: str | None = None,
    language: str | None = None,
    fields: Mapping[str, str],
    cause: Cause,
) -> bool:
    """Change what was named; a field that is empty goes."""
    together = {**person.fields, **fields}
    return tx.subscribers.update(
        person.key,
        name=None if name is None else _line("--name", name),
        language=language,
        fields={one: value for one, value in together.items() if value} if fields else None,
        at=clock.now(),
        cause=cause,
    )


def _by_command(name: str) -> Cause:
    return Cause(who=Actor.OPERATOR, how=f"syndicate subscribers {name}")


def _check(address: str) -> None:
    """Judge an address by its syntax alone, never by DNS, as an import does."""
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - start-up

    try:
        validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Refused(f"{address!r} is no email address: {error}") from error


def _check_language(language: str) -> None:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - start-up

    from syndicate.config.values import Language  # noqa: PLC0415 - start-up

    try:
        TypeAdapter(Language).validate_python(language)
    except ValidationError as error:
        raise ConfigError(
            f'--language {language!r} — expected a language such as "en" or "pt-BR" (BCP 47)'
        ) from error


def _line(option: str, text: str) -> str:
    from syndicate.intake.markup.text import one_line  # noqa: PLC0415 - start-up

    line = one_line(text)
    if len(line) > LONGEST:
        raise ConfigError(f"{option} has {len(line)} characters — expected at most {LONGEST}")
    return line


def _tags(tags: Iterable[str]) -> list[str]:
    wanted = [_line("a tag", one) for one in tags]
    for one in wanted:
        if not one or "," in one:
            raise ConfigError(f"tag {one!r} — expected text without a comma")
    return wanted


def _fields(command: CommandContext, given: Sequence[str] | None) -> dict[str, str]:
    """Read NAME=VALUE; a name that only looks like one of the form's is told."""
    from syndicate.config.loading.error_messages import closest_match  # noqa: PLC0415 - start-up

    found: dict[str, str] = {}
    known = [one.name for one in command.config.signup.fields]
    for one in given or ():
        match = _FIELD.fullmatch(one)
        if match is None:
            raise ConfigError(
                f"--field {one!r} — expected NAME=VALUE, with a name of small letters, digits, "
                "- and _"
            )
        name = match[1]
        meant = None if name in known else closest_match(name, known)
        if meant:
            note(f"field {name} is none of the form's; did you mean {meant}?")
        found[name] = _line(f"--field {name}", match[2])
    return found
