"""The layout of a topic: how its places are divided into pages and documents.

Pages count from the oldest place and are full but for the last, which is open: it
grows until it is full, and the next begins. What is full stays as it is.
"""

from collections.abc import Iterator

from syndicate.config import Config
from syndicate.publish.lists import Lists, Row
from syndicate.publish.tasks import Document, Page
from syndicate.render import addresses, topics
from syndicate.render.feeds import Archive, formats
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
    for number, rows in _parts(lists, topic, STORIES, numbers):
        yield Page(
            topic=topic,
            address=topic.numbered(number),
            number=number,
            articles=_shown(rows),
            newer=topic.numbered(number + 1) if number <= full else topic.page,
            older=topic.numbered(number - 1) if number > 1 else None,
        )


def newest(lists: Lists, topic: Topic, config: Config) -> Document:
    """Lay out the document that readers follow: the newest articles of a topic."""
    size, per = lists.size(topic.home), topics.items(topic, config)
    rows = lists.rows(topic.home, max(size - per, 0), size)
    full = size // per if topic.has_archives else 0
    return Document(
        topic=topic,
        folder=topic.home,
        rows=tuple(row.article for row in reversed(rows)),
        archive=Archive(prev_archive=_documents(topic, config, full)) if full else None,
    )


def archives(
    lists: Lists, topic: Topic, config: Config, numbers: Iterator[int] | None = None
) -> Iterator[Document]:
    """Lay out a topic's archives (RFC 5005): those of some numbers, or all of them."""
    per = topics.items(topic, config)
    full = lists.size(topic.home) // per
    if not topic.has_archives or not full:
        return
    for number, rows in _parts(lists, topic, per, numbers):
        yield Document(
            topic=topic,
            folder=archive(topic, number),
            rows=tuple(row.article for row in reversed(rows)),
            archive=Archive(
                own=_documents(topic, config, number),
                current=_documents(topic, config),
                prev_archive=_documents(topic, config, number - 1) if number > 1 else {},
                next_archive=_documents(topic, config, number + 1) if number <= full else {},
                archived=number <= full,
            ),
        )


def archive(topic: Topic, number: int) -> str:
    """Return the address that one archive's formats lie at."""
    return f"{topic.home}archive/{number}/"


def _parts(
    lists: Lists, topic: Topic, per: int, numbers: Iterator[int] | None
) -> Iterator[tuple[int, list[Row]]]:
    """Iterate over numbers and places of parts, the open one last, which may be empty."""
    size = lists.size(topic.home)
    if numbers is not None:
        for number in numbers:
            yield number, lists.rows(topic.home, (number - 1) * per, min(number * per, size))
        return
    yield from enumerate(lists.chunks(topic.home, per), start=1)
    if size % per == 0:
        yield size // per + 1, []


def _shown(rows: list[Row]) -> tuple[int, ...]:
    return tuple(row.article for row in reversed(rows) if not row.withdrawn)


def _documents(topic: Topic, config: Config, number: int | None = None) -> dict[str, str]:
    folder = topic.home if number is None else archive(topic, number)
    return {
        each.file: addresses.absolute(folder + each.file, config) for each in formats(topic, config)
    }
