"""Checks of `[[sections]]` and `[navigation]`: that they and `[[newsletters]]` agree."""

from collections.abc import Iterator
from typing import Any

from syndicate.config.loading.raw_tables import items_of, known_names, table_of, unknown_name
from syndicate.config.loading.toml_positions import Loc, Mistake
from syndicate.config.sections.navigation import folded
from syndicate.text import closest_match

_REPEATED = "listed already; remove one of them"


def check_navigation(data: dict[str, Any]) -> Iterator[Mistake]:
    """Find sections that are described or listed twice, and names of things that don't exist."""
    titles = list[str]()
    for number, item in items_of(data, "sections"):
        title = item.get("title")
        if isinstance(title, str):
            if folded(title) in map(folded, titles):
                repeated = "there are two sections of that title; names differ by more than case"
                yield ("sections", number, "title"), repeated
            titles.append(title)
        yield from _newsletter(data, ("sections", number, "newsletter"), item.get("newsletter"))
    seen = set[str]()
    for loc, title in _listed(data, "sections"):
        if folded(title) not in map(folded, titles):
            yield loc, _unknown_section(title, titles)
        elif folded(title) in seen:
            yield loc, _REPEATED
        seen.add(folded(title))
    names = set[str]()
    for loc, name in _listed(data, "newsletters"):
        yield from [(loc, _REPEATED)] if name in names else _newsletter(data, loc, name)
        names.add(name)


def _listed(data: dict[str, Any], key: str) -> Iterator[tuple[Loc, str]]:
    """Yield the texts of a list under `[navigation]`, each with its place."""
    listed = table_of(data, "navigation").get(key)
    for number, text in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(text, str):
            yield ("navigation", key, number), text


def _newsletter(data: dict[str, Any], loc: Loc, name: object) -> Iterator[Mistake]:
    """Check that a newsletter that pages offer is one to which readers can subscribe."""
    if not isinstance(name, str):
        return
    known = known_names(data, "newsletters")
    if name not in known:
        yield loc, unknown_name(name, known, "newsletter")
    for _, newsletter in items_of(data, "newsletters"):
        if newsletter.get("name") == name and newsletter.get("offered") is False:
            yield loc, "that newsletter has offered = false, so no reader could subscribe to it"


def _unknown_section(title: str, titles: list[str]) -> str:
    if not titles:
        return f'there is no [[sections]]; add one with title = "{title}"'
    by_folded = {folded(known): known for known in titles}
    match = closest_match(title, by_folded)
    if match:
        return f"there is no such section; did you mean {by_folded[match]}?"
    return f"there is no [[sections]] of that title; there are {', '.join(titles)}"
