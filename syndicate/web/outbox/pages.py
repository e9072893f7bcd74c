"""The outbox as a mail client: what every reader would get, as their mail program shows it.

It is for the operator: everybody else finds nothing here.
"""

import re
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate.config import Config, TransportKind
from syndicate.deliver.outbox import Outbox, OutboxMessage
from syndicate.web.operator_access import OperatorAccess
from syndicate.web.outbox.message_list import MessageList, sender_of
from syndicate.web.outbox.view_options import ViewOptions
from syndicate.web.pages import WebPages
from syndicate.web.server.loopback import is_loopback

_PRIVATE = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_HEAD = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)


def is_served(config: Config) -> bool:
    """Whether there is anybody who may see the outbox."""
    access = OperatorAccess(config)
    here = access.from_here and is_loopback(config.web.host)
    return config.mail.transport is TransportKind.OUTBOX and (here or access.from_elsewhere)


class OutboxPages:
    """The pages under /outbox."""

    def __init__(self, config: Config, pages: WebPages) -> None:
        self._config = config
        self._outbox = Outbox.of(config)
        self._access = OperatorAccess(config)
        self._pages = pages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/outbox", self.show),
            Route("/outbox/", self.show),
            Route("/outbox/{name}", self.show),
            Route("/outbox/{name}/body", self.body),
            Route("/outbox/{name}/file", self.file),
        ]

    def show(self, request: Request) -> Response:
        """Show the list and one message: the newest, where none is named."""
        self._check(request)
        look = ViewOptions.of(request.query_params)
        return self._client(request.path_params.get("name"), look)

    def body(self, request: Request) -> Response:
        """Answer with the HTML of a message, for a frame that nothing gets out of."""
        self._check(request)
        kept = self._kept(request.path_params["name"])
        headers = {"content-security-policy": self._policy(request), **_PRIVATE}
        html = _open_links_in_new_window(kept.html)
        return Response(html, headers=headers, media_type="text/html")

    def file(self, request: Request) -> Response:
        """Answer with the message as it lies in the outbox, to be opened in a mail program."""
        self._check(request)
        kept = self._kept(request.path_params["name"])
        headers = {"content-disposition": 'attachment; filename="message.eml"', **_PRIVATE}
        return Response(kept.path.read_bytes(), headers=headers, media_type="message/rfc822")

    def _client(self, name: str | None, look: ViewOptions) -> Response:
        tray = MessageList.of(self._outbox, page=look.page)
        shown = name or (tray.lines[0].name if tray.lines else None)
        kept = self._kept(shown) if shown else None
        values = {
            "tray": tray,
            "look": replace(look, page=tray.page),
            "name": shown,
            "chosen": name is not None,
            "mail": kept,
            "sender": sender_of(kept) if kept else None,
            "folder": self._config.mail.outbox,
            "newsletters": self._config.newsletters,
        }
        page = self._pages.render(
            "web/outbox.html", values, style="web/outbox.css", policy=("frame-src 'self'",)
        )
        return Response(page.body, headers={**page.headers, **_PRIVATE})

    def _check(self, request: Request) -> None:
        """Raise as for a page that doesn't exist, unless the operator asks for it."""
        self._access.require(request)
        if not self._access.is_asked_by_name(request):
            raise HTTPException(404)

    def _kept(self, name: str) -> OutboxMessage:
        kept = self._outbox.get(name)
        if kept is None:
            raise HTTPException(404)
        return kept

    def _policy(self, request: Request) -> str:
        """Return the policy of a message's HTML: pictures of the publication, and no more."""
        return "; ".join(
            (
                "default-src 'none'",
                f"img-src {_origin(self._config.url)} {_origin(str(request.base_url))}",
                "style-src 'unsafe-inline'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'self'",
                "sandbox allow-popups allow-popups-to-escape-sandbox",
            )
        )


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _open_links_in_new_window(html: str) -> str:
    """Have links open in a window of their own, as a mail program does."""
    return _HEAD.sub(lambda head: f'{head[0]}<base target="_blank">', html, count=1)
