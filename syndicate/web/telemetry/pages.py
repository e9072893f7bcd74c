"""The addresses for machines: whether all is well, whether to send requests here, and figures.

Whoever balances load asks for `/healthz` and `/readyz` from anywhere, so they say nothing
that strangers shouldn't know. `/metrics` is for the operator's machines alone.
"""

from collections.abc import Callable, Iterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate.config import Config, missing_secrets
from syndicate.errors import StoreError
from syndicate.store import Store
from syndicate.web.client import address
from syndicate.web.loopback import is_local
from syndicate.web.telemetry.metrics import Metrics

_UNSTORED = {"cache-control": "no-store"}
_UNREADABLE = "the store can't be read"
_UNSENDABLE = "mail can't be sent"


class Monitoring:
    """Answers probes, and tells figures to whom they are for."""

    def __init__(
        self,
        store: Store,
        config: Config,
        metrics: Metrics,
        stopping: Callable[[], bool],
        *,
        sends: bool,
    ) -> None:
        """Take what to report; `sends`: whether this process delivers mail."""
        self._store = store
        self._config = config
        self._metrics = metrics
        self._stopping = stopping
        self._sends = sends

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/healthz", self.health),
            Route("/readyz", self.ready),
            # any method: from a 405 a stranger would learn that there is something
            Route("/metrics", self.figures, methods=[]),
        ]

    def health(self, request: Request) -> Response:
        """Answer whether this process works: it answers, and can read its store."""
        return _verdict(self._ailments(request))

    def ready(self, request: Request) -> Response:
        """Answer whether all that this process is for can be done; a line for each reason."""
        return _verdict([*self._ailments(request), *self._missing(), *self._unsent(request)])

    def figures(self, request: Request) -> Response:
        """Answer with all figures; to who isn't a monitor, as if there were none."""
        if not self._is_monitor(request):
            raise HTTPException(404)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        text, media_type = self._metrics.exposition(request.headers.get("accept", ""))
        return Response(text, headers={**_UNSTORED, "content-type": media_type})

    def _ailments(self, request: Request) -> list[str]:
        """Return what is wrong. The details may name machines, so monitors alone are told."""
        try:
            with self._store.read() as tx:
                tx.articles.newest_number()
        except StoreError as error:
            return [f"{_UNREADABLE}: {error}" if self._is_monitor(request) else _UNREADABLE]
        return []

    def _missing(self) -> Iterator[str]:
        if not (self._config.output / "index.html").is_file():
            yield "there is no home page yet"
        if self._stopping():
            yield "stopping"

    def _unsent(self, request: Request) -> Iterator[str]:
        """Say what keeps mail from leaving; strangers learn that something does."""
        is_monitor = self._is_monitor(request)
        for secret in missing_secrets(self._config) if self._sends else ():
            yield f"{_UNSENDABLE}: {secret}" if is_monitor else _UNSENDABLE

    def _is_monitor(self, request: Request) -> bool:
        """Tell whether figures are for who asks: this machine, or the config's networks.

        Networks that are named stand for themselves, without this machine: there may be
        a proxy on it that doesn't say whom it asks for.
        """
        if not self._config.web.monitors:
            return is_local(request)
        known = address(request, self._config.web.proxies)
        return known is not None and any(known in network for network in self._config.web.monitors)


def _verdict(wrong: list[str]) -> Response:
    text = "".join(f"{line}\n" for line in wrong or ["ok"])
    return PlainTextResponse(text, 503 if wrong else 200, _UNSTORED)
