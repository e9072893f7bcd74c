"""Where the links of an edition lead: through the counter where clicks are counted, or straight.

What is frozen is the plain address. Whether it is counted, and whether it says where
it stood, is told by the config when a copy is handed over or a link is followed.
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
    addresses: tuple[str, ...]
    """Where they end, from number 1."""
    home: str

    @classmethod
    def of(cls, edition: int, newsletter: str, frozen: tuple[str, ...], config: Config) -> Self:
        """Read what the config says of the links that are frozen with an edition, 0 for none."""
        ours = config.newsletter(newsletter) or Newsletter(name=newsletter)
        if ours.utm:
            frozen = tuple(tagged(each, f"{newsletter}-{edition}", config) for each in frozen)
        home = f"{config.url}/"
        return cls(edition=edition, tracking=ours.tracking, addresses=frozen, home=home)

    @property
    def counted(self) -> bool:
        """Whether clicks are counted."""
        return self.tracking is not Tracking.NONE

    def end(self, link: int) -> str | None:
        """Return where a link ends; None for one that there isn't."""
        if link == CANARY:
            return self.home
        return self.addresses[link - 1] if 0 < link <= len(self.addresses) else None

    def for_reader(self, links: SignedLinks, subscriber: int) -> tuple[str, ...]:
        """Return what stands in a reader's mail in the place of each link."""
        if not self.counted:
            return self.addresses
        numbers = range(1, len(self.addresses) + 1)
        return tuple(links.click(self.edition, each, self._named(subscriber)) for each in numbers)

    def canary(self, links: SignedLinks, subscriber: int) -> str:
        """Return where the hidden link of a reader's mail leads; empty where none is needed."""
        if not (self.counted and self.addresses):
            return ""
        return links.click(self.edition, CANARY, self._named(subscriber))

    def _named(self, subscriber: int) -> int | None:
        return subscriber if self.tracking is Tracking.READERS else None


def tagged(address: str, campaign: str, config: Config) -> str:
    """Add to an address of ours where it stood; one of somebody else's stays as it is."""
    if address.rstrip("/") != config.url and not address.startswith(f"{config.url}/"):
        return address
    parts = urlsplit(address)
    tags = {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": campaign}
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(tags))))))
