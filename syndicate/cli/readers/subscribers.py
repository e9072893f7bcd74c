"""`subscribers list|export|move|tidy`: the commands about many people at once."""

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from typer import Option

from syndicate import clock
from syndicate.cli.console import echo, echo_json, echo_table, note
from syndicate.cli.context import AsJson, CommandContext, by_operator
from syndicate.errors import ConfigError, Refused
from syndicate.intake.subscribers.csv_file import escape_formula
from syndicate.model.subscribers import (
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionKind,
)
from syndicate.text import count_of

if TYPE_CHECKING:
    from syndicate.store import NewsletterRename, SearchCriteria, Transaction

_LIST_LIMIT = 50
"""People that `list` shows without `--all`."""
FIELD = "field."
"""Optional prefix of a custom field's column; imports expect the name without it."""


Newsletter = Annotated[str | None, Option(help="Only those of this newsletter.")]
State = Annotated[
    Literal["pending", "confirmed", "left", "suppressed"] | None,
    Option(help="Only those in this state."),
]
Tag = Annotated[str | None, Option(help="Only those with this tag.")]
SuppressedBy = Annotated[
    Literal["operator", "hard-bounce", "soft-bounces", "complaint"] | None,
    Option(help="Only those whose address is suppressed because of this."),
]
InSegment = Annotated[str | None, Option("--segment", help="Only those of this segment.")]


def list_(
    command: CommandContext,
    *,
    newsletter: Newsletter = None,
    state: State = None,
    suppressed_by: SuppressedBy = None,
    tag: Tag = None,
    segment: InSegment = None,
    everybody: Annotated[bool, Option("--all", help=f"Not only the first {_LIST_LIMIT}.")] = False,
    json: AsJson = False,
) -> None:
    """List subscribers, in the order they joined."""
    criteria = _criteria(
        command, newsletter, state, suppressed_by=suppressed_by, tag=tag, segment=segment
    )
    limit = None if everybody or json else _LIST_LIMIT
    with command.store() as store, store.read() as tx:
        people = list(tx.search.find(criteria, limit=limit))
        count = len(people) if len(people) != limit else tx.search.count(criteria)
        unowned = list(_unowned_suppressions(tx, criteria)) if criteria.suppressed else []
    if json:
        echo_json([*map(person_values, people), *map(_suppression_values, unowned)])
        return
    rows = [
        (
            person.email,
            person.name,
            ", ".join(f"{s.newsletter} ({s.state})" for s in person.subscriptions),
            ", ".join(person.tags),
            person.suppression or "",
            person.suppressed or "",
        )
        for person in people
    ]
    rows += [(found.address, "", "", "", found.kind, found.reason) for found in unowned]
    echo_table(("email", "name", "newsletters", "tags", "suppressed", "because"), rows)
    if count > len(people):
        note(f"{len(people)} of {count:,} subscribers; --all lists all of them")
    else:
        note(count_of(count, "subscriber"))
    if unowned:
        note(f"{len(unowned):,} suppressed addresses that belong to no subscriber")


def export(
    command: CommandContext,
    *,
    newsletter: Newsletter = None,
    state: State = None,
    suppressed_by: SuppressedBy = None,
    tag: Tag = None,
    segment: InSegment = None,
    fields: Annotated[
        str | None, Option(metavar="A,B,…", help="Only these columns, such as email,state,city.")
    ] = None,
    format: Annotated[Literal["csv", "jsonl"], Option(help="CSV, or JSON lines.")] = "csv",  # noqa: A002 - the option's name
) -> None:
    """Export subscribers: CSV per subscription, or JSON per person."""
    criteria = _criteria(
        command, newsletter, state, suppressed_by=suppressed_by, tag=tag, segment=segment
    )
    with command.store() as store, store.read() as tx:
        columns = ExportColumns.of(fields, tx.search.field_names())
        people = tx.search.find(criteria)
        unowned = _unowned_suppressions(tx, criteria)
        if format == "jsonl":
            for person in people:
                echo_json(columns.value(person), indent=None)
            for found in unowned:
                echo_json(_suppression_values(found), indent=None)
        else:
            writer = csv.writer(sys.stdout)
            writer.writerow(columns.names)
            for person in people:
                writer.writerows(columns.rows(person))
            writer.writerows(map(columns.suppression, unowned))


def move(
    command: CommandContext,
    *,
    old: Annotated[str, Option("--from", metavar="NAME", help="The newsletter's old name.")],
    new: Annotated[str, Option("--to", metavar="NAME", help="Its name in config.toml now.")],
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
    cause = by_operator(f"subscribers move --from {old} --to {new}")
    with command.store() as store, store.write() as tx:
        renamed = tx.newsletters.rename(old, new, cause=cause)
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


def tidy(
    command: CommandContext,
    *,
    dry_run: Annotated[bool, Option("--dry-run", help="Only count.")] = False,
    json: AsJson = False,
) -> None:
    """Delete now what [retention] says; `run` and `tick` do so once a day."""
    from syndicate.schedule.retention import count_purgeable, purge  # noqa: PLC0415 - start-up

    act = count_purgeable if dry_run else purge
    with command.store() as store:
        purged = act(store, command.config, at=clock.now())
    if json:
        echo_json(asdict(purged))
    elif dry_run:
        echo(
            f"{purged.unconfirmed} unconfirmed, {purged.letters} letters "
            f"and {purged.events} events would be deleted"
        )
    else:
        echo(str(purged))


def _report(renamed: "NewsletterRename", old: str, new: str) -> None:
    readers = count_of(renamed.readers, "reader")
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


def _criteria(
    command: CommandContext,
    newsletter: Newsletter,
    state: State,
    *,
    suppressed_by: SuppressedBy,
    tag: Tag,
    segment: InSegment,
) -> "SearchCriteria":
    from syndicate.store import SearchCriteria  # noqa: PLC0415 - start-up

    if newsletter is not None:
        command.newsletter(newsletter)
    if segment is not None:
        command.segment(segment)
    kind = SuppressionKind(suppressed_by.replace("-", " ")) if suppressed_by else None
    return SearchCriteria(
        newsletter=newsletter,
        state=None if state in {None, "suppressed"} else SubscriptionState(state),
        suppressed=True if state == "suppressed" or kind else None,
        suppression=kind,
        tag=tag,
        segment=None if segment is None else command.config.criteria(segment),
    )


def _unowned_suppressions(tx: "Transaction", criteria: "SearchCriteria") -> Iterable[Suppression]:
    """Find suppressed addresses that no subscriber has, unless only a subscriber can be meant."""
    asked = criteria.newsletter, criteria.state, criteria.tag, criteria.segment
    if any(value is not None for value in asked):
        return ()
    return tx.search.unknown_suppressions(criteria.suppression)


_PERSON: Mapping[str, Callable[[Subscriber], object]] = {
    "email": lambda person: person.email,
    "name": lambda person: person.name,
    "language": lambda person: person.language,
    "tags": lambda person: list(person.tags),
    "joined": lambda person: person.created_at.isoformat(),
    "paused_until": lambda person: person.paused_until and person.paused_until.isoformat(),
    "suppressed": lambda person: person.suppressed,
    "suppression": lambda person: person.suppression and person.suppression.value,
}
_SUBSCRIPTION: Mapping[str, Callable[[Subscription], object]] = {
    "newsletter": lambda subscription: subscription.newsletter,
    "state": lambda subscription: subscription.state.value,
    "at": lambda subscription: subscription.at.isoformat(),
    "source": lambda subscription: subscription.source,
}
_DEFAULT = (
    "email", "name", *_SUBSCRIPTION, "suppressed", "language", "tags", "joined", "paused_until",
    "suppression",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """The columns of an export, in order."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, wanted: str | None, fields: Sequence[str]) -> Self:
        """Parse `--fields`; by default, all columns. `fields` are the stored custom fields.

        Raise ConfigError for an unknown column.
        """
        known = (*_DEFAULT, *(f"{FIELD}{name}" if name in _DEFAULT else name for name in fields))
        if wanted is None:
            return cls(known)
        names = tuple(dict.fromkeys(name.strip() for name in wanted.split(",")))
        for name in names:
            if name not in known and not (name.startswith(FIELD) and name != FIELD):
                raise ConfigError(f"there is no column {name!r}; there are: {', '.join(known)}")
        return cls(names)

    def rows(self, person: Subscriber) -> Iterator[list[object]]:
        """Yield a person's CSV rows: one per subscription, if a column is about subscriptions.

        Formulas are escaped for spreadsheets.
        """
        listed = any(name in _SUBSCRIPTION for name in self.names)
        for subscription in (person.subscriptions if listed else ()) or (None,):
            yield [self._cell(name, person, subscription) for name in self.names]

    def suppression(self, found: Suppression) -> list[object]:
        """Return the row of a suppressed address that belongs to nobody in the store."""
        known = _suppression_values(found)
        return [escape_formula(known.get(name, "")) for name in self.names]

    def value(self, person: Subscriber) -> dict[str, Any]:
        """Return a person as one JSON value."""
        values: dict[str, Any] = {}
        for name in self.names:
            if name in _PERSON:
                values[name] = _PERSON[name](person)
            elif name not in _SUBSCRIPTION:
                field = name.removeprefix(FIELD)
                if field in person.fields:
                    values.setdefault("fields", {})[field] = person.fields[field]
        chosen = [name for name in self.names if name in _SUBSCRIPTION]
        if chosen:
            values["subscriptions"] = [
                {name: _SUBSCRIPTION[name](subscription) for name in chosen}
                for subscription in person.subscriptions
            ]
        return values

    def _cell(self, name: str, person: Subscriber, subscription: Subscription | None) -> object:
        if name in _SUBSCRIPTION:
            value = "" if subscription is None else _SUBSCRIPTION[name](subscription)
        elif name in _PERSON:
            value = _PERSON[name](person)
        else:
            value = person.fields.get(name.removeprefix(FIELD), "")
        if isinstance(value, list):
            value = ",".join(value)
        return escape_formula(value) if isinstance(value, str) else value


def _suppression_values(found: Suppression) -> dict[str, str]:
    """Return a suppressed address that belongs to nobody in the store, for JSON."""
    return {"email": found.address, "suppressed": found.reason, "suppression": found.kind.value}


def person_values(person: Subscriber) -> dict[str, Any]:
    """Return a person with all columns, for `--json`."""
    fields = [f"{FIELD}{name}" for name in person.fields]
    return {"fields": {}, **ExportColumns((*_DEFAULT, *fields)).value(person)}
