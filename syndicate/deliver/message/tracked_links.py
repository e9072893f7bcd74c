"""The links of an edition: through the click counter if clicks are counted, or direct.

An edition stores the plain URLs. Whether clicks are counted and UTM tags added depends on
the config when a message is rendered, and when a link is followed.
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode, urlsplit, urlunsplit

from syndicate.config import Config, Newsletter, Tracking
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.editions import CANARY


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedLinks:
    """The numbered links of one edition."""

    edition: int
    tracking: Tracking
    urls: tuple[str, ...]
    """Their targets; the first has number 1."""
    home: str

    @classmethod
    def of(cls, edition: int, newsletter: str, urls: tuple[str, ...], config: Config) -> Self:
        """Return the links stored with an edition, as the config has them tracked."""
        settings = config.newsletter(newsletter) or Newsletter(name=newsletter)
        if settings.utm:
            urls = tuple(add_utm_tags(url, f"{newsletter}-{edition}", config) for url in urls)
        home = f"{config.url}/"
        return cls(edition=edition, tracking=settings.tracking, urls=urls, home=home)

    @property
    def counted(self) -> bool:
        """Whether clicks are counted."""
        return self.tracking is not Tracking.NONE

    def target(self, link: int) -> str | None:
        """Return the URL that a link redirects to; None if there is no such link."""
        if link == CANARY:
            return self.home
        return self.urls[link - 1] if 0 < link <= len(self.urls) else None

    def for_reader(self, links: SignedLinks, subscriber: int) -> tuple[str, ...]:
        """Return the links as they are in a reader's mail."""
        if not self.counted:
            return self.urls
        numbers = range(1, len(self.urls) + 1)
        return tuple([self._click(links, number, subscriber) for number in numbers])

    def canary(self, links: SignedLinks, subscriber: int) -> str:
        """Return the target of the hidden link in a reader's mail; empty if it needs none."""
        return self._click(links, CANARY, subscriber) if self.counted and self.urls else ""

    def _click(self, links: SignedLinks, number: int, subscriber: int) -> str:
        named = self.tracking is Tracking.READERS
        return links.click(self.edition, number, subscriber if named else None)


def add_utm_tags(url: str, campaign: str, config: Config) -> str:
    """Add the campaign to a URL of this publication; return any other URL as it is."""
    if url.rstrip("/") != config.url and not url.startswith(f"{config.url}/"):
        return url
    parts = urlsplit(url)
    tags = {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": campaign}
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(tags))))))
