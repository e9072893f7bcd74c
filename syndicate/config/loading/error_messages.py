"""Pydantic's errors as messages: what was expected, and what to do."""

import difflib
from collections.abc import Iterable

from pydantic_core import ErrorDetails

from syndicate.config.loading.reference import ReferenceKey, keys, table_at
from syndicate.config.loading.toml_positions import Loc

_UUID = 'expected a UUID such as "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"'
_EXPECTED = {
    "bool_type": "expected true or false, without quotes",
    "dict_type": "expected a table",
    "float_type": "expected a number such as 0.05, without quotes",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected {ge} or more",
    "int_type": "expected a whole number, without quotes",
    "less_than_equal": "expected {le} or less",
    "model_attributes_type": "expected a table",
    "model_type": "expected a table",
    "path_type": "expected text in quotes",
    "string_too_short": "expected text that isn't empty",
    "string_type": "expected text in quotes",
    "too_short": "expected {min_length} or more of them",
    "tuple_type": 'expected a list such as ["a", "b"]',
    "uuid_parsing": _UUID,
    "uuid_type": _UUID,
    "value_error": "{error}",
}
"""By pydantic's type of error; its context fills the braces."""


def expected(error: ErrorDetails) -> str:
    """Return what was expected where pydantic found a mistake."""
    kind, loc = error["type"], error["loc"]
    if kind == "missing":
        return _missing(loc)
    if kind == "extra_forbidden":
        return unknown(loc)
    if kind == "enum":
        return f"expected {error['ctx']['expected']}".replace("'", '"')
    if kind == "tuple_type" and loc == ("feeds",):
        return "expected [[feeds]], in two brackets; settings of all feeds are in [syndication]"
    if kind == "tuple_type" and any(key.table for key in _keys(loc[:-1]) if key.name == loc[-1]):
        name = ".".join(step for step in loc if isinstance(step, str))
        return f"expected [[{name}]], in two brackets"
    return _EXPECTED.get(kind, error["msg"]).format(**error.get("ctx", {}))


def unknown(loc: Loc) -> str:
    """Return the message for an unknown key, with the key that may be meant."""
    known = _keys(loc[:-1])
    thing = "key" if len(loc) > 1 else "table"
    match = closest_match(str(loc[-1]), [name for key in known for name in (key.name, key.field)])
    if match:
        name = next(key.name for key in known if match in (key.name, key.field))
        return f"there is no such {thing}; did you mean {name}?"
    return f"there is no such {thing}; there are {', '.join(key.name for key in known)}"


def closest_match(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most similar to a mistaken one; None if none is similar."""
    return next(iter(difflib.get_close_matches(word.lower(), list(known), n=1)), None)


def _missing(loc: Loc) -> str:
    key = next(key for key in _keys(loc[:-1]) if key.name == loc[-1])
    if key.table is None:
        return f"missing: {key.description}"
    needed = " and ".join(child.name for child in keys(key.table) if child.required)
    return f"missing: expected [{key.name}] with {needed}"


def _keys(loc: Loc) -> tuple[ReferenceKey, ...]:
    model = table_at(loc)
    return keys(model) if model else ()
