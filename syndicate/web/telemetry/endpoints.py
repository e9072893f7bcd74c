"""The endpoints for monitoring: health, readiness and metrics.

Probes may request `/healthz` and `/readyz` from anywhere, so the responses contain nothing
that strangers shouldn't know. `/metrics` is for the operator's machines only.
"""

from collections.abc import Callable
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate.config import Config
from syndicate.web.operator_access import OperatorAccess
from syndicate.web.telemetry.metrics import Metrics
from syndicate.web.telemetry.readiness import NotReadyReason, Readiness


class MonitoringEndpoints:
    """Answers probes, and returns the metrics to operators."""

    def __init__(self, config: Config, metrics: Metrics, readiness: Readiness) -> None:
        self._access = OperatorAccess(config)
        self._metrics = metrics
        self._readiness = readiness

    def routes(self) -> list[Route]:
        """Return the routes: whether the store can be read, all works, and pages can be served."""
        checks = {
            "/healthz": self._readiness.check_store,
            "/readyz": self._readiness.check_all,
            "/readyz/web": self._readiness.check_web,
        }
        return [
            *(Route(path, partial(self._respond, check)) for path, check in checks.items()),
            # any method: a 405 would tell strangers that the path exists
            Route("/metrics", self.metrics, methods=[]),
        ]

    def metrics(self, request: Request) -> Response:
        """Respond with the metrics; to strangers with 404 or 401."""
        self._access.require(request)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        text, media_type = self._metrics.render(request.headers.get("accept", ""))
        return Response(text, headers={"content-type": media_type})

    def _respond(self, check: Callable[[], list[NotReadyReason]], request: Request) -> Response:
        """Respond to a probe: a line for each reason why this process is not ready."""
        reasons = check()
        in_detail = bool(reasons) and self._access.allows(request)
        lines = dict.fromkeys(reason.line(in_detail=in_detail) for reason in reasons)
        text = "".join(f"{line}\n" for line in lines or ["ok"])
        return PlainTextResponse(text, 503 if reasons else 200)
