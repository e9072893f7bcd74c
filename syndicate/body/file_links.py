"""Links in a body to other articles by their files, such as `[the tram](2026-03-02-tram.md)`.

A stored body names the file. What it leads to is looked up whenever the body is shown, since that
article may come later, move or be retracted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, unquote

from syndicate.body.markup import id_prefix
from syndicate.model.articles import FILE_LINK, Article

_LINK = re.compile(
    rf'<a\b([^>]*?) href="{FILE_LINK}([^"#]*)(?:#([^"]*))?"([^>]*)>(.*?)</a>', re.DOTALL
)


def file_link(path: str, fragment: str) -> str:
    """Return the address in a stored body of an article's file, by its stored path."""
    return f"{FILE_LINK}{quote(path)}{fragment and f'#{fragment}'}"


def linked_files(articles: Iterable[Article]) -> set[str]:
    """Return the paths of the files to which articles link."""
    return {path for article in articles for path in _linked_files(article)}


def with_addresses(article: Article, targets: Mapping[str, Article], at: datetime) -> Article:
    """Return an article whose links lead to the pages of `targets`, the articles by path.

    A link to what readers can't see at `at` is replaced by its words.
    """
    if FILE_LINK not in article.body:
        return article

    def resolved(match: re.Match[str]) -> str:
        before, name, fragment, after, words = match.groups()
        target = targets.get(unquote(name))
        if target is None or not target.is_public(at):
            return words
        part = f"#{id_prefix(target.id)}{fragment}" if fragment else ""
        address = f"../{quote(target.slug, errors='replace')}/{part}"
        return f'<a{before} href="{address}"{after}>{words}</a>'

    return replace(article, body=_LINK.sub(resolved, article.body))


def list_targets(article: Article, targets: Mapping[str, Article]) -> dict[str, int | None]:
    """Return the articles to which an article links, by path; None for a file without one."""
    keys = {path: target.key for path, target in targets.items()}
    return {path: keys.get(path) for path in _linked_files(article)}


def broken_links(article: Article, targets: Mapping[str, Article], at: datetime) -> Iterator[str]:
    """Report the links that lead to nothing which readers can see, each with the remedy."""
    for path in _linked_files(article):
        target = targets.get(path)
        if target is None:
            reason = "no article was imported from that file: correct the name, or the file"
        elif target.retracted_at is not None:
            reason = "that article is retracted: remove the link"
        elif not target.is_public(at):
            reason = "that article isn't public yet: it becomes a link when it is"
        else:
            continue
        yield f"the link to {path} is shown as words only, since {reason}"


def _linked_files(article: Article) -> list[str]:
    if FILE_LINK not in article.body:  # nearly all
        return []
    return sorted({unquote(match[2]) for match in _LINK.finditer(article.body)})
