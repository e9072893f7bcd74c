"""Public copies of editions, without anything personal.

The archive shows them, and so does "View in browser", since people pass that link on. They have
the head and foot of all pages, in place of the mail's own masthead.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import escape
from starlette.requests import Request
from starlette.responses import Response

from syndicate.config import Config, Newsletter
from syndicate.deliver.message.personalisation import Personalisation
from syndicate.language import translator
from syndicate.model.editions import Content, Edition, EditionKind, placeholder
from syndicate.render.formatting import FILTERS
from syndicate.render.mail.insertion import insert_in_body, insert_in_head
from syndicate.store import ArchivedEdition
from syndicate.text import one_line
from syndicate.web.pages import ReaderPages, WebPages, linked

POLICY = (
    "default-src 'none'; img-src http: https:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Mail has inline styles and loads pictures from anywhere; it runs nothing."""
_BLOCK = re.compile(r"<!--.*?-->|<(?P<end>/?)(?P<name>p|div|td|li|h[1-6])\b[^>]*>", re.DOTALL)
_READER_LINKS = ("unsubscribe", "preferences")
"""Slots with a reader's own links."""
_TITLE = re.compile(r"<title>.*?</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFrame:
    """What is around the content of a copy, as HTML."""

    title: str = ""
    """The title of the page as text; empty for the mail's own."""
    head: str = ""
    """Added to the head, before the mail's styles."""
    above: str = ""
    below: str = ""


def name_edition(config: Config, newsletter: Newsletter, edition: Edition | ArchivedEdition) -> str:
    """Return subject and date of an edition, in its language: "Dam opens · November 24, 2026"."""
    language = config.language_of(newsletter)
    date = FILTERS["date"](edition.created_at, config.publication.timezone, language)
    return f"{one_line(edition.subject) or edition.key} \u00b7 {date}"


def frame_copy(
    pages: WebPages,
    newsletter: Newsletter,
    edition: Edition | ArchivedEdition,
    values: Mapping[str, Any],
) -> CopyFrame:
    """Return the frame of an edition's copy; raise TemplateError.

    `values` are those of the templates: `canonical` for a page in the archive, and its links.
    """
    config = pages.config
    name = name_edition(config, newsletter, edition)
    named = {"newsletter": newsletter, "edition": edition, "name": name, "canonical": None}
    head, above, below = (
        pages.render_part(
            f"web/editions/{part}.html", {**named, **values}, config.language_of(newsletter)
        )
        for part in ("head", "bar", "foot")
    )
    title = f"{name} \u2013 {config.publication.title}"
    return CopyFrame(title=title, head=head, above=above, below=below)


def public_copy(
    pages: WebPages,
    content: Content,
    newsletter: Newsletter,
    *,
    links: Sequence[str],
    address: str,
    frame: CopyFrame = CopyFrame(),
    from_mail: bool = False,
) -> str:
    """Return the web page of the copy at an address; raise TemplateError.

    `links` are the targets of its numbered links. Readers who come `from_mail` get a hint where
    to unsubscribe.
    """
    texts = translator(pages.config.language_of(newsletter))
    home = f"{pages.config.url}/"
    signup = pages.signup_url(newsletter)
    values = {"newsletter": newsletter, "signup": signup, "from_mail": from_mail}
    footer = pages.render_part("web/editions/mail_footer.html", values, texts.language)
    own = {"view": address, "confirm": home} | dict.fromkeys(_READER_LINKS, signup or home)
    # Translators: in "You get this because … is subscribed", when the reader isn't known.
    address = texts.gettext("your address")
    reader = Personalisation(email=address, links=own, link_urls=links)
    html = reader.html(_without_reader(content, footer))
    if frame.title:
        html = _TITLE.sub(lambda _: f"<title>{escape(frame.title)}</title>", html, count=1)
    html = insert_in_head(html, frame.head)
    html = insert_in_body(html, f'{frame.above}<main id="content" tabindex="-1">')
    end = html.rfind("</body>")
    return f"{html[:end]}</main>{frame.below}{html[end:]}" if end >= 0 else html


class WebViewPage(ReaderPages):
    """The page under /view/."""

    def show(self, request: Request) -> Response:
        """Show the edition of a link, unless it or the reader is gone, or it is a letter.

        Clicks in it aren't tracked.
        """
        number, subscriber = linked(self.links.read_pair("view", request.path_params["token"]))
        with self.store.read() as tx:
            edition = tx.editions.by_key(number)
            reader = tx.subscribers.by_key(tx.merges.current_number(subscriber))
            is_gone = reader is None or tx.archive.is_withdrawn(number)
            if edition is None or edition.kind is EditionKind.LETTER or is_gone:
                return self.pages.render("web/editions/gone.html", status=404)
            content = tx.editions.content(edition.content)
            links = tx.clicks.links(number)
        name = edition.newsletter
        newsletter = self.config.newsletter(name) or Newsletter(
            name=name, offered=False, archive=False
        )
        html = public_copy(
            self.pages,
            content,
            newsletter,
            links=links,
            address=self.links.view(number, subscriber),
            frame=frame_copy(self.pages, newsletter, edition, {}),
            from_mail=True,
        )
        headers = {"content-security-policy": POLICY, "x-robots-tag": "noindex"}
        return Response(html, headers=headers, media_type="text/html")


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
