"""Find selections in the config that no stored article matches, for `check`."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from syndicate.config import Config
from syndicate.config.loading.error_messages import closest_match
from syndicate.model.articles import Article

if TYPE_CHECKING:
    from syndicate.config.sections.feeds import ArticleFilter


def unmatched_selections(config: Config, articles: Sequence[Article]) -> Iterator[str]:
    """Report each selected section, tag and author that no stored article has.

    Without articles, nothing is reported.
    """
    if not articles:
        return
    known = {
        "sections": ("is in the section", {article.section or "" for article in articles} - {""}),
        "tags": ("has the tag", {tag for article in articles for tag in article.tags}),
        "authors": ("is by", {person.name for article in articles for person in article.authors}),
    }
    rules: list[tuple[str, ArticleFilter]] = [
        *((f"schedules.{schedule.name}", schedule.select) for schedule in config.schedules),
        *((f"feeds.{feed.name}", feed.select) for feed in config.feeds),
    ]
    for where, rule in rules:
        for key, (relation, names) in known.items():
            for missing in _without(names, getattr(rule, key)):
                hint = _hint(missing, names)
                yield f'{where}.select.{key}: no article {relation} "{missing}"{hint}'


def _without(known: Collection[str], selected: Sequence[str]) -> Iterator[str]:
    """Return the selected names that aren't known, ignoring case."""
    folded = {name.casefold() for name in known}
    return (name for name in selected if name.casefold() not in folded)


def _hint(missing: str, known: Collection[str]) -> str:
    spelt = {name.lower(): name for name in sorted(known)}
    match = closest_match(missing, spelt)
    return f'; did you mean "{spelt[match]}"?' if match else ""
