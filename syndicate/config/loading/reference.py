"""The reference of config.toml, read from the models; and the file that `syndicate init` writes.

That has a few keys set, all others as comments. All but the values of `_SET_KEYS` is generated
from the models, and so agrees with the loader. Each commented key can be uncommented by itself,
except `cron`, which excludes `every` and says so; the keys of inline tables and empty lists are
listed in comments.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_origin
from uuid import UUID

from syndicate.clock import format_duration
from syndicate.config.config import Config
from syndicate.config.loading.toml_positions import Loc
from syndicate.config.sections.newsletters import EditionFilter, Schedule
from syndicate.config.values import Mailbox, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceKey:
    """One key of a table."""

    name: str
    field: str
    """The name of the model's field; differs only where the key is a keyword of Python."""
    description: str
    required: bool
    default: str
    """Its default as TOML; empty where there is none to write."""
    example: str
    """A value as TOML: the default, or an example where the default is empty."""
    table: type[Table] | None
    """The model of its value where that is a table, or a list of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceTable:
    """One table: its place in config.toml, its description and its own keys."""

    path: tuple[str, ...]
    repeated: bool
    """Whether there may be several: [[newsletters]]."""
    description: str
    keys: tuple[ReferenceKey, ...]

    @property
    def name(self) -> str:
        """Its name in TOML: `ads.header`."""
        return ".".join(self.path)

    @property
    def header(self) -> str:
        """The line that begins it."""
        return f"[[{self.name}]]" if self.repeated else f"[{self.name}]"


def tables(model: type[Table] = Config, path: tuple[str, ...] = ()) -> Iterator[ReferenceTable]:
    """Iterate over all tables of config.toml, in the order of the models."""
    for key in keys(model):
        if key.table is None:
            continue
        inner = (*path, key.name)
        own = tuple(child for child in keys(key.table) if child.table is None)
        yield ReferenceTable(
            path=inner,
            repeated=get_origin(model.model_fields[key.field].annotation) is tuple,
            description=key.description or (key.table.__doc__ or ""),
            keys=own,
        )
        yield from tables(key.table, inner)


@cache
def keys(model: type[Table]) -> tuple[ReferenceKey, ...]:
    """Return the keys of a table, without `root`, which the loader sets."""
    return tuple(
        _key(model, field) for field, info in model.model_fields.items() if not info.exclude
    )


def table_at(loc: Loc) -> type[Table] | None:
    """Return the model of the table at a place of config.toml."""
    model: type[Table] | None = Config
    for step in loc:
        if model is not None and isinstance(step, str):
            model = next((key.table for key in keys(model) if key.name == step), None)
    return model


def toml(value: object) -> str:
    """Format a value of the configuration as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() | date():
            return str(value)
        case timedelta():
            return toml(format_duration(value).replace(" ", ""))
        case list() | tuple():
            return f"[{', '.join(toml(item) for item in value)}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {toml(item)}' for key, item in value.items())} }}"
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(model: type[Table], field: str) -> ReferenceKey:
    info, description = model.model_fields[field], _descriptions(model).get(field, "")
    table = _table(info.annotation)
    default = info.get_default(call_default_factory=True, validated_data={})
    described = table or "Default: " in description
    empty = info.is_required() or described or default in (None, "", (), {})
    written = "" if empty else toml(default)
    return ReferenceKey(
        name=info.alias or field,
        field=field,
        description=description,
        required=info.is_required(),
        default=written,
        example=written or next((toml(example) for example in info.examples or ()), ""),
        table=table,
    )


@cache
def _descriptions(model: type[Table]) -> dict[str, str]:
    """Return the docstrings of a table's fields; a field without one inherits its own."""
    found = dict[str, str]()
    for table in reversed(model.__mro__[: model.__mro__.index(Table)]):
        (definition,) = ast.parse(inspect.getsource(table)).body
        assert isinstance(definition, ast.ClassDef)
        for pair in pairwise(definition.body):
            match pair:
                case (
                    ast.AnnAssign(target=ast.Name(id=field)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[field] = " ".join(text.split())
    return found


def _table(annotation: Any) -> type[Table] | None:
    """Return the model of a field that takes a table, or a list of them."""
    if arguments := get_args(annotation):
        return _table(arguments[0])
    is_table = isinstance(annotation, type) and issubclass(annotation, Table)
    return annotation if is_table and annotation is not Mailbox else None


WIDTH = 96

_BREAKING = toml("breaking")
_SET_KEYS = {
    "newsletters.name": _BREAKING,
    "newsletters.subject": toml("{breaking}{lead}"),
    "schedules.name": _BREAKING,
    "schedules.newsletter": _BREAKING,
    "schedules.every": toml("10m"),
    "schedules.begin_with": toml("24h"),
    "schedules.max_late": toml("30m"),
}
"""The keys that are set, besides the publication's id and title."""
_OPTIONAL_TABLES = frozenset(
    {
        "bounces.imap",
        "feeds",
        "hooks",
        "mail.dkim",
        "mail.limits",
        "mail.relays",
        "navigation.links",
        "navigation.social",
        "sections",
        "segments",
        "signup.fields",
    }
)
"""The tables that a new publication doesn't have, and the lists that are empty in it."""
_LISTED_KEYS = frozenset(
    {
        *("bounces.maildir", "bounces.pipe", "mail.warm_up", "mail.warm_up_from"),
        *("navigation.sections", "schedules.segment"),
    }
)
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
    parts = [
        _written_table(table, set_keys) for table in tables() if table.name not in _INLINE_TABLES
    ]
    return "\n".join([_PREFACE, *parts])


def _written_table(table: ReferenceTable, set_keys: dict[str, str]) -> str:
    if table.name in _OPTIONAL_TABLES:
        form = "Each is a" if table.repeated else "The"
        description = f"{table.description} {form} table {table.header}. Its keys:"
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
