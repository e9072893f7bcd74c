"""The layout of a topic: how its places are divided into pages and documents.

Pages count from the oldest place and are full but for the last, which is open: it
grows until it is full, and the next begins. What is full stays as it is.
"""

from collections.abc import Iterator
from typing import Any

from syndicate.config import Config
from syndicate.publish.lists import Lists, Row
from syndicate.publish.tasks import Document, Page
from syndicate.render import addresses, topics
from syndicate.render.feeds import formats
from syndicate.render.topics import Topic

STORIES = 30
"""How many places a page of a list has."""


def pages(lists: Lists, topic: Topic, numbers: Iterator[int] | None = None) -> Iterator[Page]:
    """Lay out a topic's list: the page with the newest, and pages by number, or all of them."""
    size = lists.size(topic.home)
    full = size // STORIES
    start = max(full - 1, 0) * STORIES
    yield Page(
        topic=topic,
        address=topic.page,
        number=None,
        articles=_shown(lists.rows(topic.home, start, size)),
        older=topic.numbered(full - 1) if full > 1 else None,
    )
    if not full:
        return
    for number in range(1, full + 2) if numbers is None else numbers:
        rows = lists.rows(topic.home, (number - 1) * STORIES, min(number * STORIES, size))
        yield Page(
            topic=topic,
            address=topic.numbered(number),
            number=number,
            articles=_shown(rows),
            newer=topic.numbered(number + 1) if number <= full else topic.page,
            older=topic.numbered(number - 1) if number > 1 else None,
        )


def documents(
    lists: Lists, topic: Topic, config: Config, numbers: Iterator[int] | None = None
) -> Iterator[Document]:
    """Lay out a topic's feed: archives by number, or all of them, then the newest articles."""
    size, per = lists.size(topic.home), items(topic, config)
    full = size // per if topic.has_archives else 0
    for number in (range(1, full + 2) if numbers is None else numbers) if full else ():
        rows = lists.rows(topic.home, (number - 1) * per, min(number * per, size))
        history: dict[str, Any] = {
            "own": _documents(topic, config, number),
            "current": _documents(topic, config),
            "prev_archive": _documents(topic, config, number - 1) if number > 1 else {},
            "next_archive": _documents(topic, config, number + 1) if number <= full else {},
            "archived": number <= full,
        }
        yield Document(
            topic=topic,
            folder=archive(topic, number),
            rows=tuple(row.article for row in reversed(rows)),
            history=history,
        )
    newest = lists.rows(topic.home, max(size - per, 0), size)
    yield Document(
        topic=topic,
        folder=topic.home,
        rows=tuple(row.article for row in reversed(newest)),
        history={"prev_archive": _documents(topic, config, full)} if full else None,
    )


def items(topic: Topic, config: Config) -> int:
    """Return how many articles a topic's feed holds."""
    own = topics.setting(topic, config)
    return (own.items if own else None) or config.syndication.items


def archive(topic: Topic, number: int) -> str:
    """Return the address that one archive's formats lie at."""
    return f"{topic.home}archive/{number}/"


def _shown(rows: list[Row]) -> tuple[int, ...]:
    return tuple(row.article for row in reversed(rows) if not row.withdrawn)


def _documents(topic: Topic, config: Config, number: int | None = None) -> dict[str, str]:
    folder = topic.home if number is None else archive(topic, number)
    return {
        each.file: addresses.absolute(folder + each.file, config) for each in formats(topic, config)
    }
