"""The head and foot of every page, the same but for the section that is marked in the head.

Published pages, AMP pages and the pages of the web server have one frame, in three media: a
published page links from its root, the others with scheme and host. All of it comes from the
configuration, the own pages and whether authors have a page, so that a new story changes the frame
of no other page.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

from markupsafe import Markup

from syndicate.config import Config
from syndicate.language import translator
from syndicate.model.own_pages import OwnPage
from syndicate.render import addresses
from syndicate.render.formatting import text_direction
from syndicate.render.templates import Templates

Medium = Literal["page", "amp", "web"]


class SiteFrame:
    """The frame of a publication's pages in one language and medium.

    Each of its parts is rendered once; the head once for each section.
    """

    def __init__(
        self,
        config: Config,
        templates: Templates,
        own_pages: Sequence[OwnPage] = (),
        *,
        authors: bool = False,
        medium: Medium = "page",
        language: str | None = None,
    ) -> None:
        """`language` is that of the words in it, by default the publication's.

        `authors` says whether there is a page of all authors, which the foot leads to.
        """
        self._config = config
        self._templates = templates
        self._own_pages = tuple(page for page in own_pages if page.footer)
        self._authors = authors
        self._origin = addresses.base(config) if medium == "page" else config.url
        self._medium = medium
        self._translator = translator(language or config.publication.language)
        self._headers: dict[tuple[str, bool], Markup] = {}

    def header(self, current: str = "", *, inside: bool = False) -> Markup:
        """Return the head of a page.

        `current` is the address of a section, from the root: that of the page itself, or of an
        article `inside` of the section.
        """
        key = current, inside
        if (header := self._headers.get(key)) is None:
            if current and current not in self._sections:
                return self.header()
            header = self._render("header", current=current, inside=inside)
            self._headers[key] = header
        return header

    def front_header(self, today: str) -> Markup:
        """Return the head of the home page; `today` is its date, as HTML."""
        return self._render("header", today=Markup(today))  # noqa: S704 - from a template

    @cached_property
    def footer(self) -> Markup:
        """The foot of every page."""
        return self._render("footer")

    @cached_property
    def icons(self) -> Markup:
        """The icons and colours for a page's <head>."""
        return self._render("icons")

    @cached_property
    def feeds(self) -> Markup:
        """The links to the feeds of everything, and to the search, for a page's <head>."""
        return self._render("feed_links")

    @cached_property
    def _sections(self) -> dict[str, str]:
        """The title of each section in the head, by its address."""
        return {addresses.section(item.title): item.title for item in self._config.header_sections}

    def _render(self, name: str, **values: Any) -> Markup:
        values = {"current": "", "inside": False, "today": "", **self._values, **values}
        html = self._templates.render(f"page/frame/{name}.html", values)
        return Markup(html)  # noqa: S704 - from a template

    @cached_property
    def _values(self) -> dict[str, Any]:
        config, publication = self._config, self._config.publication
        is_foreign = self._translator.language != translator(publication.language).language
        return {
            "publication": publication,
            "theme": config.theme,
            "address": addresses,
            "medium": self._medium,
            "link": lambda address: self._origin + address,
            "logo": addresses.masthead(config),
            "logo_dark": addresses.masthead_dark(config),
            "icon": addresses.icon_of(config),
            "feeds": addresses.FEEDS,
            "sections": self._sections,
            "all_sections": [
                (addresses.section(item.title), item.title) for item in config.sections
            ],
            "links": config.navigation.links,
            "social": config.navigation.social,
            "own_pages": self._own_pages,
            "authors": self._authors,
            "newsletters": config.shelf,
            "shelf": addresses.newsletters(config),
            "search": addresses.search(config),
            "subscribe": self._origin + addresses.SUBSCRIBE,
            # the names of things are in the publication's language, whatever the words around them
            "own_language": publication.language if is_foreign else None,
            "own_direction": text_direction(publication.language) if is_foreign else None,
            **self._translator.for_templates,
        }
