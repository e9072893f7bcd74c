"""The reference of config.toml, read from the models: tables, keys and defaults."""

import ast
import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_origin

from syndicate.clock import format_duration
from syndicate.config.config import Config
from syndicate.config.loading.toml_positions import Loc
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
