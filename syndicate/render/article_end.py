"""What follows an article: ways to share it, a newsletter to sign up for, stories before it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from syndicate.config import Config, Newsletter
from syndicate.config.sections.navigation import folded
from syndicate.model.articles import Article
from syndicate.render import addresses


@dataclass(frozen=True, slots=True)
class StoryCard:
    """An article at the end of another."""

    address: str
    """Of its page, from the root."""
    title: str
    html: Markup
    """The card on a web page."""
    pictured: bool
    """Whether the card has a picture."""


class ArticleEnd:
    """The values of the end of each article of a publication, for templates."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._by_section = {
            folded(section.title): section.newsletter
            for section in config.sections
            if section.newsletter
        }
        self._offered = config.offered

    def values(self, article: Article) -> dict[str, Any]:
        """Return what shares an article, and the newsletter that it offers."""
        section = article.section or ""
        return {
            "newsletter": self.newsletter(section),
            "signup": addresses.signup(self._config),
            "mail": mail_link(article, self._config),
            "list": addresses.section(section) if section.strip() else addresses.LATEST,
        }

    def newsletter(self, section: str) -> Newsletter | None:
        """Return the newsletter of a section, else the first that is offered.

        None where nobody can sign up.
        """
        if not self._offered:
            return None
        name = self._by_section.get(folded(section))
        own = (newsletter for newsletter in self._offered if newsletter.name == name)
        return next(own, self._offered[0])


def mail_link(article: Article, config: Config) -> str:
    """Return a `mailto:` with headline and address, for the reader to address (RFC 6068)."""
    title = quote(article.title, safe="", errors="replace")
    address = addresses.absolute(article.address, config)
    url = quote(address, safe="", errors="replace")
    return f"mailto:?subject={title}&body={title}%0D%0A%0D%0A{url}"
