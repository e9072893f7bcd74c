"""What a publication answers over HTTP, put together.

The files take the short way; the few pages that do something go through Starlette.
"""

from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from syndicate.config import Config
from syndicate.deliver.message.links import Links
from syndicate.render import addresses
from syndicate.store import RequestKind, Store
from syndicate.web.editions.archive import Archive
from syndicate.web.editions.clicks import ClickPages
from syndicate.web.editions.web_view import View
from syndicate.web.feeds.private_feeds import PrivateFeeds
from syndicate.web.guard import Guarded
from syndicate.web.outbox.pages import OutboxPages, is_served
from syndicate.web.pages import Pages
from syndicate.web.published.files import Files
from syndicate.web.readers.address_change import AddressChange
from syndicate.web.readers.confirm import Confirm, Handler, Subscription
from syndicate.web.readers.letter_requests import LetterRequests
from syndicate.web.readers.letters import Letters
from syndicate.web.readers.personal_data import PersonalData
from syndicate.web.readers.preferences import Preferences
from syndicate.web.readers.signup import Signup
from syndicate.web.readers.signup_form import Clerk
from syndicate.web.readers.signup_limits import SignupLimits
from syndicate.web.readers.signup_requests import Enrolment
from syndicate.web.readers.unsubscribe import Unsubscribe
from syndicate.web.server.responses import Answer
from syndicate.web.telemetry.access_log import AccessLog
from syndicate.web.telemetry.counters import Counts
from syndicate.web.telemetry.instrumentation import Watched
from syndicate.web.telemetry.metrics import Metrics
from syndicate.web.telemetry.pages import Monitoring
from syndicate.web.telemetry.readiness import Readiness
from syndicate.web.telemetry.request_kinds import PROBES, Kinds


def application(
    store: Store,
    config: Config,
    letters_due: Callable[[], None] = lambda: None,
    *,
    push_due: Callable[[], None] = lambda: None,
    stopping: Callable[[], bool] = lambda: False,
    sends: bool = False,
    counts: Counts | None = None,
) -> Watched:
    """Return the whole web of a publication.

    `config.web.host` has to be the address that the server is bound to: where nobody else is
    named, the outbox is there only on loopback. `letters_due` is called when letters wait to be
    delivered, `push_due` when our hub was asked for something, and `stopping` tells
    whether the process is about to end. `sends`: whether the process delivers mail, too.
    `counts` are those of an application whose place this one takes. Raise StoreError when
    the store can't be used, and ConfigError when a file that the config names can't be.
    """
    secrets = {name: store.secret(name) for name in ("links", "signup")}
    pages = Pages(config)
    counts = counts or Counts()
    letters = Letters(config, letters_due)
    limits = SignupLimits(config, secrets["signup"], counts)
    routes = _reader_routes(store, config, pages, letters, secrets=secrets, limits=limits)
    if is_served(config):
        routes += OutboxPages(config, pages).routes()
    if config.websub.own:
        from syndicate.web.feeds.hub import HubPage  # noqa: PLC0415 - a HTTP client is slow to import

        routes += HubPage(store, config, push_due).routes()
    private = PrivateFeeds(store, config, pages).routes()
    names = frozenset(route.path.split("/")[1] for route in routes)
    log = AccessLog.of(config, names, counts)
    readiness = Readiness(store, config, stopping=stopping, sends=sends)
    probes = Monitoring(config, Metrics(store, config, counts), readiness).routes()
    acting = Starlette(
        routes=[*routes, *private, *probes], exception_handlers={404: _missing(pages)}
    )
    acting.router.redirect_slashes = False  # it would lead to whatever host a request names
    split = _Split(Guarded(acting), Files(config, pages), names | PROBES)
    return Watched(split, counts, Kinds(names), log)


def _reader_routes(
    store: Store,
    config: Config,
    pages: Pages,
    letters: Letters,
    *,
    secrets: Mapping[str, bytes],
    limits: SignupLimits,
) -> list[Route]:
    """Return the pages where readers decide."""
    links = Links(config, secrets["links"])
    clerk = Clerk(config)
    enrolment = Enrolment(store, config, letters, limits)
    change = AddressChange(store, config, pages, letters=letters, clerk=clerk, limits=limits)
    handlers: dict[RequestKind, Handler] = {
        RequestKind.SUBSCRIBE: Subscription(store, config, links, pages, letters),
        RequestKind.ADDRESS: change,
        RequestKind.DATA: PersonalData(store, config, links, pages),
    }
    asks = LetterRequests(store, config, letters, limits)
    return [
        *Signup(store, config, pages, clerk, enrolment, secret=secrets["signup"]).routes(),
        *Confirm(store, config, links, pages, handlers).routes(),
        *Preferences(store, config, links, pages, change=change, letters=asks).routes(),
        *Unsubscribe(store, config, links, pages).routes(),
        *View(store, config, links, pages).routes(),
        *Archive(store, config, pages).routes(),
        *ClickPages(store, config, links, pages).routes(),
    ]


class _Split:
    """Sends each request one of two ways, by the first part of its path.

    Under /feeds/ are files, but for the private feeds.
    """

    def __init__(self, acting: ASGIApp, files: Files, names: frozenset[str]) -> None:
        """Send to `acting` what begins with one of `names`."""
        self._acting = acting
        self._files = files
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        way = self._acting if self._acts(scope) else self._files
        await way(scope, receive, send)

    def at_once(self, scope: Scope) -> Answer | None:
        """Return the answer to a request for a file, where it is there."""
        return None if self._acts(scope) else self._files.at_once(scope)

    def _acts(self, scope: Scope) -> bool:
        path: str = scope["path"]
        return path[1:].partition("/")[0] in self._names or path.startswith(addresses.PRIVATE)


def _missing(pages: Pages) -> Callable[[Request, Exception], Response]:
    """Answer for what isn't there, with the same page as for a file.

    Beside private feeds it is kept by nobody, as they are.
    """

    def missing(request: Request, _: Exception) -> Response:
        page = pages.missing()
        private = request.scope["path"].startswith(addresses.PRIVATE)
        freshness = "private, no-store" if private else "no-cache"
        return Response(page.body, 404, {**page.headers, "cache-control": freshness})

    return missing
