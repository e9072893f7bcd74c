"""What the page about following a publication shows: newsletters, and its feed in readers."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from syndicate.config import Config
from syndicate.model.own_pages import OwnPage
from syndicate.render import addresses
from syndicate.render.feeds.formats import Feed
from syndicate.render.rhythm import describe_rhythm

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
    signup = _signup(config, own_pages)
    readers = [(name, address + quote(rss, safe="")) for name, address in _SERVICES]
    return {"rss": rss, "readers": readers, "app": f"feed:{rss}", "signup": signup}


def _signup(config: Config, own_pages: Sequence[OwnPage]) -> dict[str, Any] | None:
    """Return the values of the newsletter form; None where nobody can sign up."""
    if not config.offered:
        return None
    language = config.publication.language
    return {
        "action": addresses.signup(config),
        "choices": [(item, describe_rhythm(item, config, language)) for item in config.offered],
        "fields": [field for field in config.signup.fields if field.required],
        "double_opt_in": config.signup.confirm,
        "privacy": next((page.address for page in own_pages if page.slug == "privacy"), None),
    }
