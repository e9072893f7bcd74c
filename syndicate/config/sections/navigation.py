"""`[[sections]]` and `[navigation]`: the sections, and what the head and foot of pages lead to."""

import re
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from syndicate.config.values import BARE_PERCENT, Line, Name, Table, matching, public_url

_NETWORKS = {
    "bsky.app": "Bluesky",
    "discord.com": "Discord",
    "discord.gg": "Discord",
    "facebook.com": "Facebook",
    "flickr.com": "Flickr",
    "flipboard.com": "Flipboard",
    "github.com": "GitHub",
    "instagram.com": "Instagram",
    "linkedin.com": "LinkedIn",
    "mastodon.social": "Mastodon",
    "pinterest.com": "Pinterest",
    "reddit.com": "Reddit",
    "snapchat.com": "Snapchat",
    "soundcloud.com": "SoundCloud",
    "t.me": "Telegram",
    "threads.com": "Threads",
    "threads.net": "Threads",
    "tiktok.com": "TikTok",
    "tumblr.com": "Tumblr",
    "twitch.tv": "Twitch",
    "twitter.com": "X",
    "vimeo.com": "Vimeo",
    "vk.com": "VK",
    "wa.me": "WhatsApp",
    "whatsapp.com": "WhatsApp",
    "x.com": "X",
    "xing.com": "Xing",
    "youtube.com": "YouTube",
}
_QUERY = "/?:@!$&'()*+,;=~-._%#"


def network(url: str) -> str:
    """Return what readers call the network that a profile is on, or else its host.

    An unknown host with a profile such as `/@name` is Mastodon, as nearly all are.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    known = next((name for at, name in _NETWORKS.items() if f".{host}".endswith(f".{at}")), None)
    return known or ("Mastodon" if re.match("/@[^/]+/?$", parts.path) else host)


def folded(title: str) -> str:
    """Return a section's title as it is compared with others."""
    return " ".join(title.casefold().split())


def _link(value: str) -> str:
    """Return an address in ASCII; its query and fragment are kept."""
    address = re.split("[?#]", value, maxsplit=1)[0]
    plain = address if address.startswith("/") else public_url(address)
    return quote(BARE_PERCENT.sub("%25", plain + value.removeprefix(address)), safe=_QUERY)


LinkUrl = Annotated[
    str,
    matching(
        r"(https?://[^\s/?#]|/(?!/))\S*",
        'an address such as "https://shop.example.org/" or a path such as "/shop/"',
    ),
    AfterValidator(_link),
]


class Section(Table):
    """A section of the publication; articles are in it by their `section`."""

    title: Line = Field(min_length=1, examples=["City"])
    """Its name, as in the `section` of articles; upper and lower case don't matter."""
    description: Line = Field("", examples=["What the council decides, and what it costs."])
    """One sentence for readers."""
    newsletter: Name | None = Field(None, examples=["briefing"])
    """The newsletter that its page offers to readers; one of [[newsletters]] that is offered."""


class NavigationLink(Table):
    """A page that is none of ours, linked behind the sections in the head of every page."""

    title: Line = Field(min_length=1, examples=["Shop"])
    """What readers click on."""
    url: LinkUrl = Field(examples=["https://shop.example.org/"])
    """Where it leads: a web address, or a path from the root such as "/shop/"."""


class SocialProfile(Table):
    """A profile of the publication in a network, linked in the foot of every page."""

    url: LinkUrl = Field(examples=["https://bsky.app/profile/example.org"])
    """Its address."""
    name: Line = Field("", examples=["Mastodon"])
    """What readers call the network. Default: by the host, else the host itself."""

    @property
    def label(self) -> str:
        """What readers call the network."""
        return self.name or network(self.url)


Profile = Annotated[
    SocialProfile,
    BeforeValidator(lambda value: {"url": value} if isinstance(value, str) else value),
]


class NavigationSettings(Table):
    """What the head and foot of every page lead to."""

    sections: tuple[str, ...] | None = Field(None, examples=[["City", "Harbour"]])
    """The titles of the sections in the head, in their order there. Default: all of [[sections]],
    in the order of the file.
    """
    newsletters: tuple[Name, ...] | None = Field(None, examples=[["breaking"]])
    """The names of the newsletters that the home page offers, in their order there; none of them
    with an empty list. Default: the first four of [[newsletters]] that are offered.
    """
    links: tuple[NavigationLink, ...] = ()
    social: tuple[Profile, ...] = ()
