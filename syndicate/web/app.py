"""What a publication answers over HTTP, put together.

The files take the short way; the few pages that do something go through Starlette.
"""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from syndicate.config import Config, Transport
from syndicate.deliver.links import Links
from syndicate.errors import StoreError
from syndicate.store import Store
from syndicate.web.files import Files
from syndicate.web.loopback import is_loopback
from syndicate.web.outbox import OutboxPages
from syndicate.web.pages import Pages
from syndicate.web.policy import policy
from syndicate.web.unsubscribe import Unsubscribe


def application(store: Store, config: Config) -> ASGIApp:
    """Return the whole web of a publication; raise StoreError when the store can't be used.

    `config.web.host` has to be the address that the server is bound to: the
    outbox is there only on loopback.
    """
    with store.write() as tx:
        secret = tx.keys.secret("links")
    pages = Pages(config)
    routes: list[BaseRoute] = [
        Route("/healthz", _health(store)),
        *Unsubscribe(store, config, Links(config, secret), pages).routes(),
    ]
    if config.mail.transport is Transport.OUTBOX and is_loopback(config.web.host):
        routes += OutboxPages(config, pages).routes()
    missing = _missing(pages)
    acting = Starlette(routes=routes, exception_handlers={404: missing})
    return _Split(acting, Files(config.output, pages, policy(config)))


class _Split:
    """Sends each request one of two ways, by the first part of its path."""

    _ACTING = frozenset({"healthz", "outbox", "unsubscribe"})

    def __init__(self, acting: ASGIApp, files: ASGIApp) -> None:
        self._acting = acting
        self._files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = scope["path"][1:].partition("/")[0]
        way = self._acting if first in self._ACTING else self._files
        await way(scope, receive, send)


def _health(store: Store) -> Callable[[Request], Response]:
    """Answer whether the store can be read; whoever asks is a machine."""

    def health(_: Request) -> Response:
        headers = {"cache-control": "no-store"}
        try:
            with store.read() as tx:
                tx.articles.newest_number()
        except StoreError as error:
            return PlainTextResponse(f"{error}\n", 503, headers)
        return PlainTextResponse("ok\n", headers=headers)

    return health


def _missing(pages: Pages) -> Callable[[Request, Exception], Response]:
    """Answer for what isn't there, with the same page as for a file."""

    def missing(_: Request, __: Exception) -> Response:
        page = pages.missing()
        return Response(page.body, 404, {**page.headers, "cache-control": "no-cache"})

    return missing
