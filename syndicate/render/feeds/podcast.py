"""The RSS elements that podcast directories require: Apple's and the podcast namespace.

help.apple.com/itc/podcasts_connect, github.com/Podcastindex-org/podcast-namespace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID, uuid5

from lxml import etree

from syndicate.config import Config
from syndicate.model.articles import Person
from syndicate.render import addresses
from syndicate.render.feeds.xml_elements import add

_GUIDS = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodcastChannel:
    """The podcast properties of a feed."""

    guid: UUID
    author: str
    email: str | None
    category: tuple[str, ...]
    """Apple's category, and its subcategory if there is one."""
    explicit: bool
    image: str | None
    type: str
    locked: bool

    @classmethod
    def of(cls, config: Config, address: str, *, is_everything: bool) -> Self:
        """Return the podcast properties of the RSS feed at an address.

        `is_everything`: it is the feed of everything, whose guid may be configured, so that a
        podcast that moved here keeps it.
        """
        podcast, publication = config.podcast, config.publication
        return cls(
            guid=podcast.guid if is_everything and podcast.guid else guid(address),
            author=podcast.author or publication.author or publication.title,
            email=podcast.email,
            category=tuple(part.strip() for part in podcast.category.split("/", 1)),
            explicit=podcast.explicit,
            image=addresses.cover(config),
            type=podcast.type,
            locked=podcast.locked,
        )


def guid(address: str) -> UUID:
    """Return the `podcast:guid` of a feed's address, without scheme and final slashes."""
    return uuid5(_GUIDS, address.partition("://")[2].rstrip("/"))


def add_podcast(channel: etree._Element, podcast: PodcastChannel) -> None:
    """Add the podcast properties to a channel of RSS."""
    add(channel, "itunes:author", podcast.author)
    if podcast.email:
        owner = add(channel, "itunes:owner")
        add(owner, "itunes:name", podcast.author)
        add(owner, "itunes:email", podcast.email)
    parent = channel
    for name in podcast.category:
        parent = add(parent, "itunes:category", attributes={"text": name})
    add(channel, "itunes:explicit", "true" if podcast.explicit else "false")
    add(channel, "itunes:type", podcast.type)
    if podcast.image:
        add(channel, "itunes:image", attributes={"href": podcast.image})
    add(channel, "podcast:guid", str(podcast.guid))
    locked = "yes" if podcast.locked else "no"
    add(channel, "podcast:locked", locked, {"owner": podcast.email})
    add(channel, "podcast:medium", "podcast")


def add_episode(
    item: etree._Element, *, title: str, authors: Sequence[Person], duration: int | None
) -> None:
    """Add the properties of an episode to an item with an enclosure; `duration` is in seconds."""
    add(item, "itunes:title", title)
    add(item, "itunes:author", ", ".join(author.name for author in authors))
    add(item, "itunes:episodeType", "full")
    if duration is not None:
        add(item, "itunes:duration", str(duration))
