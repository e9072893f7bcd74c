"""The config.toml that `syndicate init` writes: short where it speaks, complete in its comments.

Everything in it but the few live keys is made from the models, so it can't drift
from what the loader takes. A commented key may be uncommented by itself, but for
`cron`, which excludes `every` and says so; the keys of an inline table are named
in the prose.
"""

import textwrap
from collections.abc import Iterator, Sequence
from uuid import UUID

from syndicate.config.loading.reference import ReferenceKey, ReferenceTable, keys, tables, toml
from syndicate.config.models import EditionFilter, Schedule

WIDTH = 96

_BREAKING = toml("breaking")
_LIVE = {
    "newsletters.name": _BREAKING,
    "schedules.name": _BREAKING,
    "schedules.newsletter": _BREAKING,
    "schedules.every": toml("10m"),
    "schedules.begin_with": toml("24h"),
    "schedules.max_late": toml("30m"),
}
"""The keys that are written live, beside the publication's id and title."""
_OPTIONAL = frozenset(
    {"feeds", "mail.dkim", "mail.limits", "mail.relays", "segments", "signup.fields"}
)
"""The lists that are empty to begin with."""
_TOLD = frozenset({"mail.warm_up", "mail.warm_up_from", "schedules.segment"})
"""Keys that are told in prose, since they need what isn't there to begin with."""
_SELECT = {"breaking": True, "max": 5, "max_age": "24h"}
_INLINE = frozenset({"schedules.select", "feeds.select"})
_PREFACE = """\
# The configuration of this publication, all of it. docs/configuration.md explains every key.
# A line such as "# key = value" shows a key that is not set: with its default, or an example.
# Take the "# " away to set it. Paths are relative to this file. `syndicate check` reads it.
"""


def initial(title: str, id: UUID | str) -> str:  # noqa: A002 - the key's name
    """Write the configuration of a new publication, with a newsletter and a schedule."""
    live = {**_LIVE, "publication.id": toml(str(id)), "publication.title": toml(title)}
    parts = [_table(table, live) for table in tables() if table.name not in _INLINE]
    return "\n".join([_PREFACE, *parts])


def _table(table: ReferenceTable, live: dict[str, str]) -> str:
    if table.name in _OPTIONAL:
        return "\n".join([*_optional(table), ""])
    lines = [*_prose(table.description), table.header]
    for key in table.keys:
        name = f"{table.name}.{key.name}"
        if name in _TOLD:
            lines += _keys([key])
        elif name in live:
            lines += [*_prose(key.description), f"{key.name} = {live[name]}"]
        else:
            lines += [*_prose(key.description), f"# {key.name} = {key.example}"]
    if table.name == "schedules":
        lines += _select()
    return "\n".join([*lines, ""])


def _optional(table: ReferenceTable) -> Iterator[str]:
    """Write of a list that is empty to begin with what an entry may have, as prose."""
    yield from _prose(f"{table.description} Each is a table {table.header}. Its keys:")
    yield from _keys(table.keys)


def _select() -> Iterator[str]:
    """Write the schedule's selection on one line, and its other keys as prose."""
    description = Schedule.model_fields["select"].description or ""
    yield from _prose(f"{description} Its keys:")
    yield from _keys(keys(EditionFilter))
    yield f"select = {toml(_SELECT)}"


def _keys(described: Sequence[ReferenceKey]) -> Iterator[str]:
    for key in described:
        example = f" = {key.example}" if key.example else ""
        yield from _prose(f"· {key.name}{example} · {key.description}", indent="  ")


def _prose(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"# {indent}",
        subsequent_indent=f"# {indent}{indent}",
        break_on_hyphens=False,
    )
