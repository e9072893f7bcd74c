"""The ASGI application of a publication.

Published files take the fast path; dynamic pages, which change something or are made on
request, go through Starlette.
"""

from collections.abc import Callable
from functools import partial

import structlog
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.errors import SyndicateError
from syndicate.model.subscribers import ConfirmationKind
from syndicate.render import addresses
from syndicate.store import Store
from syndicate.web.editions.archive import ArchivePages
from syndicate.web.editions.click_tracking import ClickPages
from syndicate.web.editions.public_copy import WebViewPage
from syndicate.web.outbox import OutboxPages, is_outbox_served
from syndicate.web.pages import BadLink, WebPages
from syndicate.web.published.files import PublishedFiles
from syndicate.web.published.private_feeds import PrivateFeedPages
from syndicate.web.readers.address_change import AddressChange
from syndicate.web.readers.bot_checks import BotChecks
from syndicate.web.readers.confirmation import (
    ConfirmationHandler,
    ConfirmationPages,
    SubscriptionConfirmation,
)
from syndicate.web.readers.letters import LetterSender, SignupLimits
from syndicate.web.readers.personal_data import PersonalDataPages
from syndicate.web.readers.preferences import PreferencePages
from syndicate.web.readers.signup import SignupPages
from syndicate.web.readers.signup_requests import SignupRequests, SignupValidator
from syndicate.web.readers.unsubscribe import UnsubscribePages
from syndicate.web.server.responses import HttpResponse
from syndicate.web.telemetry.access_log import AccessLog
from syndicate.web.telemetry.counters import PROBES, RequestCounters, request_classifier
from syndicate.web.telemetry.instrumentation import Instrumentation
from syndicate.web.telemetry.metrics import Metrics
from syndicate.web.telemetry.readiness import Readiness

_log = structlog.get_logger(__name__)
_DYNAMIC_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""The headers of every dynamic response, unless it sets its own."""


def application(
    store: Store,
    config: Config,
    letters_due: Callable[[], None] = lambda: None,
    *,
    push_due: Callable[[], None] = lambda: None,
    stopping: Callable[[], bool] = lambda: False,
    sends: bool = False,
    counts: RequestCounters | None = None,
) -> Instrumentation:
    """Return the application of a publication.

    `config.web.host` must be the address that the server is bound to: without configured
    operators, the outbox is served only on loopback. `letters_due` is called when letters wait
    to be sent, `push_due` after a request to our hub; `stopping` returns whether the process is
    about to exit, and `sends` is whether it delivers mail. `counts` are the counters of the
    application that this one replaces. Raise StoreError when the store can't be used, and
    ConfigError when the access log can't be written.
    """
    links, secret = SignedLinks(config, store.secret("links")), store.secret("signup")
    pages = WebPages(config)
    counts = counts or RequestCounters()
    limits = SignupLimits(config, secret, counts)
    letters = LetterSender(store, config, limits, letters_due)
    routes = _reader_routes(letters, links, pages, BotChecks(secret))
    if is_outbox_served(config):
        routes += OutboxPages(config, pages).routes()
    if config.websub.own:
        from syndicate.publish.push.hub import Hub  # noqa: PLC0415 - a HTTP client is slow to import
        from syndicate.web.websub_hub import HubPage  # noqa: PLC0415

        hub = HubPage(Hub.of(store, config), push_due)
        routes.append(Route("/hub", hub.handle, methods=["GET", "POST"]))
    prefixes = frozenset(route.path.split("/")[1] for route in routes)
    probes = Readiness(store, config, stopping=stopping, sends=sends).routes()
    # other methods are refused before the token is checked
    private = Route(
        addresses.private_feed("{token}", "/{path:path}"),
        PrivateFeedPages(store, config).show,
        methods=["GET", "HEAD"],
    )
    metrics = Route("/metrics", Metrics(store, config, counts).show, methods=[])
    handlers = {
        404: partial(_not_found, pages),
        BadLink: partial(_bad_link, pages),
        SyndicateError: partial(_busy, pages),
    }
    dynamic = Starlette(routes=[*routes, private, *probes, metrics], exception_handlers=handlers)
    dynamic.router.redirect_slashes = False  # it would redirect to any host that a request names
    router = _Router(dynamic, PublishedFiles(config, pages), prefixes | PROBES)
    name = config.web.access_log
    file = config.path(name) if name and name != "-" else None
    log = AccessLog(file, prefixes, counts) if name else None
    return Instrumentation(router, counts, request_classifier(prefixes), log)


def _reader_routes(
    letters: LetterSender, links: SignedLinks, pages: WebPages, bot_checks: BotChecks
) -> list[Route]:
    """Return the routes of the pages for readers."""
    store, config = letters.store, letters.config
    validator = SignupValidator(config)
    requests = SignupRequests(store, config, letters)
    change = AddressChange(store, config, pages, letters, validator)
    handlers: dict[ConfirmationKind, ConfirmationHandler] = {
        ConfirmationKind.SUBSCRIBE: SubscriptionConfirmation(store, config, links, pages, letters),
        ConfirmationKind.ADDRESS: change,
        ConfirmationKind.DATA: PersonalDataPages(store, config, links, pages),
    }
    return [
        *SignupPages(config, pages, validator, requests, bot_checks).routes(),
        *ConfirmationPages(store, config, links, pages, handlers).routes(),
        *PreferencePages(store, config, links, pages, change, letters).routes(),
        *UnsubscribePages(store, config, links, pages).routes(),
        Route("/view/{token}", WebViewPage(store, config, links, pages).show),
        *ArchivePages(store, config, pages).routes(),
        Route("/c/{token}", ClickPages(store, config, links, pages).follow),
    ]


class _Router:
    """Routes requests by the first segment of the path: `prefixes` to dynamic pages, else to files.

    Private feeds are dynamic pages, although they are under /feeds/.
    """

    def __init__(self, dynamic: ASGIApp, files: PublishedFiles, prefixes: frozenset[str]) -> None:
        self._dynamic = dynamic
        self._files = files
        self._prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_dynamic(scope):
            await self._dynamic(scope, receive, _with_headers(send))
        else:
            await self._files(scope, receive, send)

    def immediate_response(self, scope: Scope) -> HttpResponse | None:
        """Return the response to a request for a file, or None."""
        return None if self._is_dynamic(scope) else self._files.immediate_response(scope)

    def _is_dynamic(self, scope: Scope) -> bool:
        path: str = scope["path"]
        return path[1:].partition("/")[0] in self._prefixes or path.startswith(addresses.PRIVATE)


def _with_headers(send: Send) -> Send:
    """Add the headers that a dynamic response lacks."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _DYNAMIC_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _not_found(pages: WebPages, request: Request, _: Exception) -> Response:
    """Respond with the same page as for files; under private feeds it must not be cached."""
    page = pages.not_found()
    private = request.scope["path"].startswith(addresses.PRIVATE)
    page.headers["cache-control"] = "private, no-store" if private else "no-cache"
    return page


def _bad_link(pages: WebPages, _: Request, __: Exception) -> Response:
    return pages.bad_link()


def _busy(pages: WebPages, _: Request, error: Exception) -> Response:
    """Respond to a failure of the store, or of a template of a letter."""
    _log.warning("page unavailable", reason=str(error))
    return pages.busy()
