"""The addresses for machines: whether all is well, whether to send requests here, and figures.

Probes ask `/healthz` and `/readyz` from anywhere, so they say nothing that strangers
shouldn't know. `/metrics` is for the operator's machines alone.
"""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate.config import Config
from syndicate.web.operator_access import OperatorAccess
from syndicate.web.telemetry.metrics import Metrics
from syndicate.web.telemetry.readiness import NotReadyReason, Readiness

_UNSTORED = {"cache-control": "no-store"}


class MonitoringEndpoints:
    """Answers probes, and tells figures to whom they are for."""

    def __init__(self, config: Config, metrics: Metrics, readiness: Readiness) -> None:
        """Take what to report."""
        self._access = OperatorAccess(config)
        self._metrics = metrics
        self._readiness = readiness

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/healthz", self.health),
            Route("/readyz", self.ready),
            Route("/readyz/web", self.web_ready),
            # any method: from a 405 a stranger would learn that there is something
            Route("/metrics", self.figures, methods=[]),
        ]

    def health(self, request: Request) -> Response:
        """Answer whether this process works: it answers, and can read its store."""
        return self._verdict(request, self._readiness.of_store())

    def ready(self, request: Request) -> Response:
        """Answer whether all that this process is for can be done; a line for each reason."""
        return self._verdict(request, self._readiness.of_all())

    def web_ready(self, request: Request) -> Response:
        """Answer whether requests may be sent here, however mail fares."""
        return self._verdict(request, self._readiness.of_web())

    def figures(self, request: Request) -> Response:
        """Answer with all figures; to strangers, as if there were none."""
        self._access.require(request)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        text, media_type = self._metrics.exposition(request.headers.get("accept", ""))
        return Response(text, headers={**_UNSTORED, "content-type": media_type})

    def _verdict(self, request: Request, found: list[NotReadyReason]) -> Response:
        in_detail = bool(found) and self._access.allows(request)
        lines = dict.fromkeys(reason.line(in_detail=in_detail) for reason in found)
        text = "".join(f"{line}\n" for line in lines or ["ok"])
        return PlainTextResponse(text, 503 if found else 200, _UNSTORED)
