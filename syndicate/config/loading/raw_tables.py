"""Tables of config.toml as they are written, before the models have checked them."""

from collections.abc import Iterator
from typing import Any

from syndicate.config.loading.toml_positions import Loc, Mistake
from syndicate.text import closest_match


def table_of(data: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a table inside of another one; an empty one where it is missing or no table."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def items_of(data: dict[str, Any], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Iterate over a list of tables, numbered; over nothing where it is missing or no list."""
    values = data.get(name)
    for number, item in enumerate(values if isinstance(values, list) else []):
        if isinstance(item, dict):
            yield number, item


def known_names(data: dict[str, Any], kind: str) -> list[str]:
    """Return the names of a list's tables."""
    return [str(item["name"]) for _, item in items_of(data, kind) if "name" in item]


def unknown_name(name: str, known: list[str], kind: str) -> str:
    """Say that nothing of a kind has this name, and what to write instead."""
    if not known:
        return f"there is no {kind}; add [[{kind}s]]"
    match = closest_match(name, known)
    if match:
        return f"there is no such {kind}; did you mean {match}?"
    return f"there is no such {kind}; there are {', '.join(known)}"


def repeated_names(data: dict[str, Any], kind: str, loc: Loc = ()) -> Iterator[Mistake]:
    """Find tables of a list, inside of the table at `loc`, whose name another one has."""
    names = set[str]()
    for number, item in items_of(data, kind):
        name = item.get("name")
        if isinstance(name, str):
            if name in names:
                yield (*loc, kind, number, "name"), f"there are two {kind} of that name"
            names.add(name)


def both_keys(loc: Loc, data: dict[str, Any], first: str, second: str) -> Iterator[Mistake]:
    """Refuse the second of two keys that exclude each other."""
    if first in data and second in data:
        yield (*loc, second), f"expected one of {first} and {second}, not both"
