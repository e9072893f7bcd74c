"""The feed of a newsletter's archive: Atom, each edition told by its subject and preheader."""

from collections.abc import Sequence
from uuid import uuid5

from syndicate.clock import EPOCH
from syndicate.config import Config, Newsletter
from syndicate.model.articles import Person
from syndicate.render.feeds import ChannelEntry, FeedChannel, FeedHistory, atom
from syndicate.render.feeds.channel import plain
from syndicate.store import ArchivedEdition

MEDIA_TYPE = "application/atom+xml"


def write(
    config: Config, newsletter: Newsletter, issues: Sequence[ArchivedEdition], *, page: str
) -> bytes:
    """Write the feed of some editions, newest first; `page` is the address of their list."""
    language = newsletter.language or config.publication.language
    publication = config.publication
    author = Person(name=plain(publication.author or "") or plain(publication.title))
    entries = [
        ChannelEntry(
            id=uuid5(publication.id, f"edition {issue.key}").urn,
            url=f"{page}{issue.key}/",
            title=plain(issue.subject) or str(issue.key),
            summary=plain(issue.preheader),
            content=None,
            published=issue.created_at,
            modified=issue.created_at,
            authors=(author,),
            language=language,
        )
        for issue in issues
    ]
    title = f"{plain(publication.title)}: {plain(newsletter.label)}"
    channel = FeedChannel(
        minutes=config.syndication.minutes,
        id=uuid5(publication.id, f"newsletter {newsletter.name}").urn,
        title=title,
        description=plain(newsletter.description) or title,
        url=page,
        language=language,
        author=author,
        archive=FeedHistory(own={"atom.xml": f"{page}feed.xml"}),
        updated=max((entry.modified for entry in entries), default=EPOCH),
    )
    return atom.write_document(channel, map(atom.write_entry, entries))
