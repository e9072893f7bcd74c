"""An edition as everybody may read it: with nothing of the reader whom a copy was for.

The archive shows it, and so does the link "View in browser", since people pass that on.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from syndicate.config import Config, Newsletter
from syndicate.deliver.message.personalisation import Personalisation
from syndicate.model.editions import Content, slot_marker
from syndicate.render.templates import Templates
from syndicate.web.ui_strings import WebStrings, web_strings

_BLOCK = re.compile(r"<!--.*?-->|<(?P<end>/?)(?P<name>p|div|td|li|h[1-6])\b[^>]*>", re.DOTALL)
_READER_LINKS = ("unsubscribe", "preferences")
"""Slots for links that are a reader's own."""


class PublicCopies:
    """Makes the public copies of one publication's editions."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._templates = Templates.of(config)

    def html(
        self,
        content: Content,
        newsletter: Newsletter,
        *,
        leads: Sequence[str],
        address: str,
        from_mail: bool = False,
    ) -> str:
        """Return the HTML of an edition that is read at an address; raise TemplateError.

        `leads` are where its numbered links lead. `from_mail` says that it was a link in a
        mail that led there, so that its reader may look for the way out.
        """
        words = self.words(newsletter)
        home = f"{self._config.url}/"
        join = self.join(newsletter)
        values = {
            "words": words,
            "newsletter": newsletter,
            "publication": self._config.publication,
            "theme": self._config.theme,
            "join": join,
            "from_mail": from_mail,
        }
        footer = self._templates.render("web/edition_footer.html", values)
        own = {"view": address, "confirm": home} | dict.fromkeys(_READER_LINKS, join or home)
        return Personalisation(email=words.archive.somebody, own=own, leads=leads).html(
            _without_reader(content, footer)
        )

    def join(self, newsletter: Newsletter) -> str | None:
        """Return where one can subscribe to a newsletter; None where one can't."""
        if not (self._config.signup.enabled and newsletter.offered):
            return None
        return f"{self._config.web_url}/signup?newsletter={newsletter.name}"

    def words(self, newsletter: Newsletter) -> WebStrings:
        """Return what is said around an edition, in its newsletter's language."""
        return web_strings(newsletter.language or self._config.publication.language)


def _without_reader(content: Content, footer: str) -> Content:
    """Leave out the paragraphs that name the reader's address or lead to what is theirs.

    The footer takes the place of the first one with such a link. A paragraph is what has no
    other block in it; where a template has its own idea of that, the places are filled in.
    """
    html, nonce = content.html, content.nonce
    address, *ways = (slot_marker(nonce, name) for name in ("email", *_READER_LINKS))
    pieces, position, is_placed = [], 0, False
    for start, inner, inner_end, end in _paragraphs(html):
        paragraph = html[inner:inner_end]
        leads = any(way in paragraph for way in ways)
        if not leads and address not in paragraph:
            continue
        pieces.append(html[position:start])
        if leads and not is_placed:
            pieces += [html[start:inner], footer, html[inner_end:end]]
            is_placed = True
        position = end
    return replace(content, html="".join([*pieces, html[position:]]))


def _paragraphs(html: str) -> Iterator[tuple[int, int, int, int]]:
    """Find the blocks without others in them: where each and its content begin and end."""
    begun: re.Match[str] | None = None
    for tag in _BLOCK.finditer(html):
        if tag["name"] is None:  # a comment, such as what is meant for Outlook alone
            continue
        if not tag["end"]:
            begun = tag
        elif begun is not None and begun["name"] == tag["name"]:
            yield begun.start(), begun.end(), tag.start(), tag.end()
            begun = None
        else:
            begun = None
