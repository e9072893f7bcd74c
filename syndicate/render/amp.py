"""AMP pages: the same story, as AMP allows it (amp.dev/documentation)."""

from functools import cached_property

from lxml import etree
from markupsafe import Markup

from syndicate.config import Config
from syndicate.model.articles import Article
from syndicate.render import addresses, jsonld, markup, words
from syndicate.render.amp_body import Amplifier
from syndicate.render.story import Story, direction
from syndicate.render.templates import Templates


class Amp:
    """The AMP pages of one publication; every address in them is absolute."""

    def __init__(self, config: Config, templates: Templates) -> None:
        self._config = config
        self._templates = templates

    def article(self, article: Article) -> bytes:
        """Return an article's AMP page."""
        publication = self._config.publication
        story = Story.of(article, self._config)
        page = self._absolute(addresses.page(article))
        amplifier = Amplifier(words=story.words)
        for tree in (story.opening, story.body):
            markup.absolute(tree, self._config.url, page)
            _stay(tree, page)
            amplifier.amplify(tree)
        values = {
            "publication": publication,
            "language": publication.language,
            "direction": direction(publication.language),
            "zone": publication.timezone,
            "words": words.of(publication.language),
            "article": article,
            "story": story,
            "canonical": page,
            "description": markup.shorten(article.excerpt, 300),
            "opening": _written(story.opening),
            "body": _written(story.body),
            "ads": self._config.ads,
            "address": addresses,
            "link": self._absolute,
            "extensions": sorted(amplifier.extensions | self._ad_extensions),
            "css": Markup(self._css),  # noqa: S704 - our own template
            "data": Markup(jsonld.article(article, self._config)),  # noqa: S704 - escaped there
        }
        return markup.printable(self._templates.render("amp/article.html", values)).encode()

    @cached_property
    def _ad_extensions(self) -> set[str]:
        slots = (self._config.ads.header, self._config.ads.post_top)
        return {"amp-ad"} if any(slot.amp for slot in slots) else set()

    @cached_property
    def _css(self) -> str:
        return self._templates.render("amp/amp.css", {})

    def _absolute(self, address: str) -> str:
        return addresses.absolute(address, self._config)


def _stay(tree: etree._Element, page: str) -> None:
    """Let footnotes lead to their place on this page, not on the other."""
    for link in tree.iter("a"):
        if link.get("href", "").startswith(f"{page}#"):
            link.set("href", link.get("href").removeprefix(page))


def _written(tree: etree._Element) -> Markup:
    return Markup(markup.to_html(tree))  # noqa: S704 - sanitised at import
