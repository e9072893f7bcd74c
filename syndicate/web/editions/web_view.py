"""An edition in the browser, by the link in every mail.

People pass that link on, so nothing of the reader is on the page: what they got, and how to
subscribe.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.config import Config, Newsletter
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import StoreError
from syndicate.model.editions import EditionKind
from syndicate.store import Store
from syndicate.web.editions.mail_page import MAIL_HEADERS, wrap_as_page
from syndicate.web.editions.public_copy import PublicCopies
from syndicate.web.error_pages import ErrorPages
from syndicate.web.pages import WebPages
from syndicate.web.security_headers import NO_STORE, answer
from syndicate.web.ui_strings import web_strings

_UNLISTED = '<meta name="robots" content="noindex">'


class EditionPage:
    """The page under /view/."""

    def __init__(self, store: Store, config: Config, links: SignedLinks, pages: WebPages) -> None:
        self._store = store
        self._config = config
        self._links = links
        self._pages = pages
        self._copies = PublicCopies(config)
        self._notices = ErrorPages(config, pages)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/view/{token}", self.show)]

    def show(self, request: Request) -> Response:
        """Show the edition that a link is for; links in it lead straight, and count nothing."""
        read = self._links.read_view(request.path_params["token"])
        if read is None:
            return self._notices.bad_link()
        try:
            html = self._copy(*read)
        except StoreError:
            return self._notices.busy()
        if html is None:
            return self._gone()
        headers = {**MAIL_HEADERS, **NO_STORE, "x-robots-tag": "noindex"}
        return Response(wrap_as_page(html, head=_UNLISTED), headers=headers)

    def _copy(self, number: int, subscriber: int) -> str | None:
        """Return the HTML; None for what can't be shown, be it edition, letter or reader."""
        with self._store.read() as tx:
            edition = tx.editions.by_key(number)
            reader = tx.subscribers.by_key(tx.merges.current_number(subscriber))
            if edition is None or reader is None or edition.kind is EditionKind.LETTER:
                return None
            if tx.archive.is_withdrawn(number):
                return None
            content = tx.editions.content(edition.content)
            frozen = tx.clicks.links(number)
        newsletter = self._config.newsletter(edition.newsletter) or Newsletter(
            name=edition.newsletter, offered=False
        )
        address = self._links.view(number, subscriber)
        return self._copies.html(content, newsletter, leads=frozen, address=address, from_mail=True)

    def _gone(self) -> Response:
        words = web_strings(self._config.publication.language).archive
        return answer(self._pages.notice(words.gone_title, words.gone), 404)
