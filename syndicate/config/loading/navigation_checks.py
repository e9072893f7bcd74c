"""Checks of `[[sections]]` and `[navigation]`: that they and `[[newsletters]]` agree."""

from collections.abc import Iterator
from typing import Any

from syndicate.config.loading.raw_tables import items_of, known_names, table_of, unknown_name
from syndicate.config.loading.toml_positions import Mistake
from syndicate.config.sections.navigation import folded
from syndicate.text import closest_match


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
        yield from _newsletter(data, number, item.get("newsletter"))
    listed = table_of(data, "navigation").get("sections")
    seen = set[str]()
    for number, title in enumerate(listed if isinstance(listed, list) else ()):
        if not isinstance(title, str):
            continue
        loc = ("navigation", "sections", number)
        if folded(title) not in map(folded, titles):
            yield loc, _unknown_section(title, titles)
        elif folded(title) in seen:
            yield loc, "listed already; remove one of them"
        seen.add(folded(title))


def _newsletter(data: dict[str, Any], number: int, name: object) -> Iterator[Mistake]:
    """Check that a section's newsletter is one that readers of the section can subscribe to."""
    if not isinstance(name, str):
        return
    loc, known = ("sections", number, "newsletter"), known_names(data, "newsletters")
    if name not in known:
        yield loc, unknown_name(name, known, "newsletter")
    for _, newsletter in items_of(data, "newsletters"):
        if newsletter.get("name") == name and newsletter.get("offered") is False:
            yield loc, "its newsletter has offered = false, so no reader could subscribe to it"


def _unknown_section(title: str, titles: list[str]) -> str:
    if not titles:
        return f'there is no [[sections]]; add one with title = "{title}"'
    by_folded = {folded(known): known for known in titles}
    match = closest_match(title, by_folded)
    if match:
        return f"there is no such section; did you mean {by_folded[match]}?"
    return f"there is no [[sections]] of that title; there are {', '.join(titles)}"
