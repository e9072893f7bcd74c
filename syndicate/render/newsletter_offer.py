"""The newsletters that a published page offers, and the form that subscribes to them.

The page is static and may be in any cache. So its form has no stamp, and the page to which it
leads asks for whatever else is needed, and for one press of a button.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from syndicate.config import Config, Newsletter
from syndicate.model.own_pages import OwnPage
from syndicate.render import addresses
from syndicate.render.rhythm import describe_rhythm


@dataclass(frozen=True, slots=True)
class NewsletterOffer:
    """What a page needs for the form."""

    action: str
    """Where the form posts to."""
    choices: tuple[tuple[Newsletter, str], ...]
    """The newsletters, each with how often it comes; at least one."""
    privacy: str | None
    """The address of the page about readers' data, from the root; None without one."""

    @classmethod
    def of(
        cls, newsletters: Sequence[Newsletter], config: Config, own_pages: Sequence[OwnPage]
    ) -> Self | None:
        """Return the offer of some newsletters; None where there are none."""
        if not newsletters:
            return None
        language = config.publication.language
        return cls(
            action=addresses.signup(config),
            choices=tuple((item, describe_rhythm(item, config, language)) for item in newsletters),
            privacy=next((page.address for page in own_pages if page.slug == "privacy"), None),
        )
