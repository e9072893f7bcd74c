"""The config.toml that `syndicate init` writes: a few keys set, all others as comments.

All but the values of `_SET_KEYS` is generated from the models, and so agrees with the loader.
Each commented key can be uncommented by itself, except `cron`, which excludes `every` and
says so; the keys of inline tables and empty lists are listed in comments.
"""

import textwrap
from collections.abc import Iterator, Sequence
from uuid import UUID

from syndicate.config.loading.reference import ReferenceKey, ReferenceTable, keys, tables, toml
from syndicate.config.sections.schedules import EditionFilter, Schedule

WIDTH = 96

_BREAKING = toml("breaking")
_SET_KEYS = {
    "newsletters.name": _BREAKING,
    "schedules.name": _BREAKING,
    "schedules.newsletter": _BREAKING,
    "schedules.every": toml("10m"),
    "schedules.begin_with": toml("24h"),
    "schedules.max_late": toml("30m"),
}
"""The keys that are set, besides the publication's id and title."""
_OPTIONAL_LISTS = frozenset(
    {"feeds", "mail.dkim", "mail.limits", "mail.relays", "segments", "signup.fields"}
)
"""The lists that are empty in a new publication."""
_LISTED_KEYS = frozenset({"mail.warm_up", "mail.warm_up_from", "schedules.segment"})
"""Keys that are listed in a comment, since they need other keys that are not set yet."""
_SELECT = {"breaking": True, "max": 5, "max_age": "24h"}
_INLINE_TABLES = frozenset({"schedules.select", "feeds.select"})
_PREFACE = """\
# The whole configuration of this publication. docs/configuration.md explains every key.
# A line such as "# key = value" shows a key that is not set: with its default, or an example.
# Remove the "# " to set it. Paths are relative to this file. `syndicate check` checks it.
"""


def initial_config(title: str, id: UUID | str) -> str:  # noqa: A002 - the key's name
    """Return the config.toml of a new publication, with a newsletter and a schedule."""
    set_keys = {**_SET_KEYS, "publication.id": toml(str(id)), "publication.title": toml(title)}
    parts = [_table(table, set_keys) for table in tables() if table.name not in _INLINE_TABLES]
    return "\n".join([_PREFACE, *parts])


def _table(table: ReferenceTable, set_keys: dict[str, str]) -> str:
    if table.name in _OPTIONAL_LISTS:
        description = f"{table.description} Each is a table {table.header}. Its keys:"
        return "\n".join([*_comment(description), *_listed_keys(table.keys), ""])
    lines = [*_comment(table.description), table.header]
    for key in table.keys:
        name = f"{table.name}.{key.name}"
        if name in _LISTED_KEYS:
            lines += _listed_keys([key])
        elif name in set_keys:
            lines += [*_comment(key.description), f"{key.name} = {set_keys[name]}"]
        else:
            lines += [*_comment(key.description), f"# {key.name} = {key.example}"]
    if table.name == "schedules":
        description = next(key.description for key in keys(Schedule) if key.name == "select")
        lines += [*_comment(f"{description} Its keys:"), *_listed_keys(keys(EditionFilter))]
        lines.append(f"select = {toml(_SELECT)}")
    return "\n".join([*lines, ""])


def _listed_keys(table_keys: Sequence[ReferenceKey]) -> Iterator[str]:
    for key in table_keys:
        example = f" = {key.example}" if key.example else ""
        yield from _comment(f"· {key.name}{example} · {key.description}", indent="  ")


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=f"# {indent}",
        subsequent_indent=f"# {indent}{indent}",
        break_on_hyphens=False,
    )
