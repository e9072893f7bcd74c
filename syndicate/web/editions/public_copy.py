"""Public copies of editions, without anything personal.

The archive shows them, and so does "View in browser", since people pass that link on.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from syndicate.config import Config, Newsletter
from syndicate.deliver.message.personalisation import Personalisation
from syndicate.language import translator
from syndicate.model.editions import Content, placeholder
from syndicate.render.templates import Templates

_BLOCK = re.compile(r"<!--.*?-->|<(?P<end>/?)(?P<name>p|div|td|li|h[1-6])\b[^>]*>", re.DOTALL)
_READER_LINKS = ("unsubscribe", "preferences")
"""Slots with a reader's own links."""


class PublicCopies:
    """Renders public copies of one publication's editions."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._templates = Templates.of(config)

    def html(
        self,
        content: Content,
        newsletter: Newsletter,
        *,
        links: Sequence[str],
        address: str,
        from_mail: bool = False,
    ) -> str:
        """Return the HTML of the copy at an address; raise TemplateError.

        `links` are the targets of its numbered links. Readers who come `from_mail` get a hint
        where to unsubscribe.
        """
        texts = translator(newsletter.language or self._config.publication.language)
        home = f"{self._config.url}/"
        signup = self.signup_url(newsletter)
        values = {
            **texts.for_templates,
            "newsletter": newsletter,
            "publication": self._config.publication,
            "theme": self._config.theme,
            "signup": signup,
            "from_mail": from_mail,
        }
        footer = self._templates.render("web/edition_footer.html", values)
        own = {"view": address, "confirm": home} | dict.fromkeys(_READER_LINKS, signup or home)
        # Translators: in "You get this because … is subscribed", when the reader isn't known.
        address = texts.gettext("your address")
        reader = Personalisation(email=address, links=own, link_urls=links)
        return reader.html(_without_reader(content, footer))

    def signup_url(self, newsletter: Newsletter) -> str | None:
        """Return the address for subscribing to a newsletter; None when that isn't possible."""
        if not (self._config.signup.enabled and newsletter.offered):
            return None
        return f"{self._config.web_url}/signup?newsletter={newsletter.name}"


def _without_reader(content: Content, footer: str) -> Content:
    """Drop the paragraphs with the reader's address or own links.

    The footer replaces the first one with such a link. A paragraph is a block without other
    blocks in it; in templates where that finds nothing, the placeholders get public values.
    """
    html, nonce = content.html, content.nonce
    address, *reader_links = (placeholder(nonce, name) for name in ("email", *_READER_LINKS))
    pieces, position, is_placed = [], 0, False
    for start, inner, inner_end, end in _paragraphs(html):
        paragraph = html[inner:inner_end]
        has_link = any(link in paragraph for link in reader_links)
        if not has_link and address not in paragraph:
            continue
        pieces.append(html[position:start])
        if has_link and not is_placed:
            pieces += [html[start:inner], footer, html[inner_end:end]]
            is_placed = True
        position = end
    return replace(content, html="".join([*pieces, html[position:]]))


def _paragraphs(html: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield the positions of innermost blocks: start, content start, content end, end."""
    opening: re.Match[str] | None = None
    for tag in _BLOCK.finditer(html):
        if tag["name"] is None:  # a comment, such as markup for Outlook alone
            continue
        if not tag["end"]:
            opening = tag
        elif opening is not None and opening["name"] == tag["name"]:
            yield opening.start(), opening.end(), tag.start(), tag.end()
            opening = None
        else:
            opening = None
