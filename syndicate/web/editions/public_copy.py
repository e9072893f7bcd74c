"""Public copies of editions, without anything personal.

The archive shows them, and so does "View in browser", since people pass that link on.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from syndicate.config import Newsletter
from syndicate.deliver.message.personalisation import Personalisation
from syndicate.language import translator
from syndicate.model.editions import Content, EditionKind, placeholder
from syndicate.web.pages import ReaderPages, WebPages, linked

POLICY = (
    "default-src 'none'; img-src http: https:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Mail has inline styles and loads pictures from anywhere; it runs nothing."""
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_BODY = re.compile(r"<body(?:\s[^>]*)?>", re.IGNORECASE)
_BLOCK = re.compile(r"<!--.*?-->|<(?P<end>/?)(?P<name>p|div|td|li|h[1-6])\b[^>]*>", re.DOTALL)
_READER_LINKS = ("unsubscribe", "preferences")
"""Slots with a reader's own links."""
_UNLISTED = '<meta name="robots" content="noindex">'


def public_copy(
    pages: WebPages,
    content: Content,
    newsletter: Newsletter,
    *,
    links: Sequence[str],
    address: str,
    head: str = "",
    above: str = "",
    from_mail: bool = False,
) -> str:
    """Return the web page of the copy at an address; raise TemplateError.

    `links` are the targets of its numbered links. `head` is added to the head of the mail,
    `above` before its content. Readers who come `from_mail` get a hint where to unsubscribe.
    """
    texts = translator(newsletter.language or pages.config.publication.language)
    home = f"{pages.config.url}/"
    signup = pages.signup_url(newsletter)
    values = {"newsletter": newsletter, "signup": signup, "from_mail": from_mail}
    footer = pages.render_part("web/edition_footer.html", values, texts.language)
    own = {"view": address, "confirm": home} | dict.fromkeys(_READER_LINKS, signup or home)
    # Translators: in "You get this because … is subscribed", when the reader isn't known.
    address = texts.gettext("your address")
    reader = Personalisation(email=address, links=own, link_urls=links)
    html = reader.html(_without_reader(content, footer))
    html = _HEAD.sub(lambda tag: tag[0] + head, html, count=1)
    html = _BODY.sub(lambda tag: f"{tag[0]}{above}<main>", html, count=1)
    end = html.rfind("</body>")
    return f"{html[:end]}</main>{html[end:]}" if end >= 0 else html


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
                return self.pages.render("web/edition_gone.html", status=404)
            content = tx.editions.content(edition.content)
            links = tx.clicks.links(number)
        name = edition.newsletter
        html = public_copy(
            self.pages,
            content,
            self.config.newsletter(name) or Newsletter(name=name, offered=False),
            links=links,
            address=self.links.view(number, subscriber),
            head=_UNLISTED,
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
