"""The Atom feed of a newsletter's archive, with each edition's subject and preheader."""

from collections.abc import Sequence
from uuid import uuid5

from syndicate.clock import EPOCH
from syndicate.config import Config, Newsletter
from syndicate.model.articles import Person
from syndicate.render.feeds import atom
from syndicate.render.feeds.channel import ChannelEntry, FeedChannel
from syndicate.render.feeds.history import FeedHistory
from syndicate.store import ArchivedEdition
from syndicate.text import one_line

MEDIA_TYPE = "application/atom+xml"


def render(
    config: Config, newsletter: Newsletter, editions: Sequence[ArchivedEdition], *, page: str
) -> bytes:
    """Render the feed of editions, newest first; `page` is the address of their list."""
    language = newsletter.language or config.publication.language
    publication = config.publication
    author = Person(name=one_line(publication.author or "") or one_line(publication.title))
    entries = [
        ChannelEntry(
            id=uuid5(publication.id, f"edition {edition.key}").urn,
            url=f"{page}{edition.key}/",
            title=one_line(edition.subject) or str(edition.key),
            summary=one_line(edition.preheader),
            content=None,
            published=edition.created_at,
            modified=edition.created_at,
            authors=(author,),
            language=language,
        )
        for edition in editions
    ]
    title = f"{one_line(publication.title)}: {one_line(newsletter.label)}"
    channel = FeedChannel(
        minutes=config.syndication.minutes,
        id=uuid5(publication.id, f"newsletter {newsletter.name}").urn,
        title=title,
        description=one_line(newsletter.description) or title,
        url=page,
        language=language,
        author=author,
        archive=FeedHistory(own={"atom.xml": f"{page}feed.xml"}),
        updated=max((entry.modified for entry in entries), default=EPOCH),
    )
    return atom.write_document(channel, map(atom.write_entry, entries))
