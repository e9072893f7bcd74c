"""The web view of an edition, behind "View in browser" in every mail.

People pass that link on, so the page shows a public copy.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.config import Newsletter
from syndicate.model.editions import EditionKind
from syndicate.web.editions.public_copy import POLICY, PublicCopies
from syndicate.web.pages import ReaderPages, linked

_UNLISTED = '<meta name="robots" content="noindex">'


class WebViewPage(ReaderPages):
    """The page under /view/."""

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/view/{token}", self.show)]

    def show(self, request: Request) -> Response:
        """Show the edition of a link; clicks in it aren't tracked."""
        html = self._copy(*linked(self.links.read_view(request.path_params["token"])))
        if html is None:
            return self.pages.render("web/edition_gone.html", status=404)
        headers = {"content-security-policy": POLICY, "x-robots-tag": "noindex"}
        return Response(html, headers=headers, media_type="text/html")

    def _copy(self, number: int, subscriber: int) -> str | None:
        """Return the HTML; None for a letter, and for an edition or a reader that is gone."""
        with self.store.read() as tx:
            edition = tx.editions.by_key(number)
            reader = tx.subscribers.by_key(tx.merges.current_number(subscriber))
            if edition is None or reader is None or edition.kind is EditionKind.LETTER:
                return None
            if tx.archive.is_withdrawn(number):
                return None
            content = tx.editions.content(edition.content)
            links = tx.clicks.links(number)
        newsletter = self.config.newsletter(edition.newsletter) or Newsletter(
            name=edition.newsletter, offered=False
        )
        address = self.links.view(number, subscriber)
        return PublicCopies(self.config, self.pages).html(
            content, newsletter, links=links, address=address, head=_UNLISTED, from_mail=True
        )
