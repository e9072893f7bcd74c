"""What the page about following a publication shows: newsletters, and its feed in readers."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from syndicate.config import Config
from syndicate.model.own_pages import OwnPage
from syndicate.render import addresses
from syndicate.render.feeds.formats import Feed
from syndicate.render.newsletter_offer import NewsletterOffer

_SERVICES = (
    ("Feedly", "https://feedly.com/i/subscription/feed%2F"),
    ("Inoreader", "https://www.inoreader.com/feed/"),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
    ("Feedbin", "https://feedbin.com/?subscribe="),
)
"""Feed readers, and the address before that of a feed to subscribe to, percent-encoded.

https://feedbin.com/help/how-to-subscribe/; the others give theirs for the buttons of websites.
"""


def follow_values(config: Config, everything: Feed, own_pages: Sequence[OwnPage]) -> dict[str, Any]:
    """Return the values of the template: those of the form, and links of the feed of everything."""
    rss = addresses.absolute(everything.formats[0][2], config)
    return {
        "rss": rss,
        "readers": [(name, address + quote(rss, safe="")) for name, address in _SERVICES],
        "app": f"feed:{rss}",
        "offer": NewsletterOffer.of(config.offered, config, own_pages),
        "required_fields": [field for field in config.signup.fields if field.required],
        "double_opt_in": config.signup.confirm,
    }
