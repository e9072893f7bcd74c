"""What podcast directories ask of RSS: Apple's elements, and those of the podcast namespace.

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
    """A channel as a podcast."""

    guid: UUID
    author: str
    email: str | None
    category: tuple[str, ...]
    """Apple's category, and the one inside of it where there is one."""
    explicit: bool
    image: str | None
    type: str
    locked: bool

    @classmethod
    def of(cls, config: Config, address: str, *, whole: bool) -> Self:
        """Describe the RSS feed at an address as a podcast.

        `whole`: the feed of everything, whose guid the configuration may keep
        from the days when the podcast was elsewhere.
        """
        podcast, publication = config.podcast, config.publication
        return cls(
            guid=podcast.guid if whole and podcast.guid else guid(address),
            author=podcast.author or publication.author or publication.title,
            email=podcast.email,
            category=tuple(part.strip() for part in podcast.category.split("/", 1)),
            explicit=podcast.explicit,
            image=addresses.cover(config),
            type=podcast.type,
            locked=podcast.locked,
        )


def guid(address: str) -> UUID:
    """Return the `podcast:guid` of the feed at an address: neither scheme nor end slashes count."""
    return uuid5(_GUIDS, address.partition("://")[2].rstrip("/"))


def add_podcast(channel: etree._Element, programme: PodcastChannel) -> None:
    """Tell a channel of RSS as a podcast."""
    add(channel, "itunes:author", programme.author)
    if programme.email:
        owner = add(channel, "itunes:owner")
        add(owner, "itunes:name", programme.author)
        add(owner, "itunes:email", programme.email)
    inside = channel
    for name in programme.category:
        inside = add(inside, "itunes:category", attributes={"text": name})
    add(channel, "itunes:explicit", _said(programme.explicit))
    add(channel, "itunes:type", programme.type)
    if programme.image:
        add(channel, "itunes:image", attributes={"href": programme.image})
    add(channel, "podcast:guid", str(programme.guid))
    locked = "yes" if programme.locked else "no"
    add(channel, "podcast:locked", locked, {"owner": programme.email})
    add(channel, "podcast:medium", "podcast")


def add_episode(
    item: etree._Element, *, title: str, authors: Sequence[Person], duration: int | None
) -> None:
    """Tell an item of RSS that has an enclosure as an episode; `duration` is in seconds."""
    add(item, "itunes:title", title)
    add(item, "itunes:author", ", ".join(author.name for author in authors))
    add(item, "itunes:episodeType", "full")
    if duration is not None:
        add(item, "itunes:duration", str(duration))


def _said(flag: bool) -> str:
    return "true" if flag else "false"
