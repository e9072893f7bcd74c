"""The web view of an edition, behind "View in browser" in every mail.

People pass that link on, so the page shows a public copy.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.config import Config, Newsletter
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.editions import EditionKind
from syndicate.store import Store
from syndicate.web.editions.mail_page import HEADERS, wrap
from syndicate.web.editions.public_copy import PublicCopies
from syndicate.web.pages import WebPages
from syndicate.web.security_headers import NO_STORE

_UNLISTED = '<meta name="robots" content="noindex">'


class WebViewPage:
    """The page under /view/."""

    def __init__(self, store: Store, config: Config, links: SignedLinks, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._copies = PublicCopies(config)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/view/{token}", self.show)]

    def show(self, request: Request) -> Response:
        """Show the edition of a link; clicks in it aren't tracked."""
        key_and_reader = self._links.read_view(request.path_params["token"])
        if key_and_reader is None:
            return self._pages.bad_link()
        html = self._copy(*key_and_reader)
        if html is None:
            return self._pages.render("web/edition_gone.html").response(404)
        headers = {**HEADERS, **NO_STORE, "x-robots-tag": "noindex"}
        return Response(wrap(html, head=_UNLISTED), headers=headers)

    def _copy(self, number: int, subscriber: int) -> str | None:
        """Return the HTML; None for a letter, and for an edition or a reader that is gone."""
        with self._store.read() as tx:
            edition = tx.editions.by_key(number)
            reader = tx.subscribers.by_key(tx.merges.current_number(subscriber))
            if edition is None or reader is None or edition.kind is EditionKind.LETTER:
                return None
            if tx.archive.is_withdrawn(number):
                return None
            content = tx.editions.content(edition.content)
            links = tx.clicks.links(number)
        newsletter = self._config.newsletter(edition.newsletter) or Newsletter(
            name=edition.newsletter, offered=False
        )
        address = self._links.view(number, subscriber)
        return self._copies.html(content, newsletter, links=links, address=address, from_mail=True)
