"""The metrics for Prometheus, of web, store and relays, for the operator's machines only.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, core
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate import __version__, clock
from syndicate.config import Config
from syndicate.errors import StoreError
from syndicate.model.alarms import AlarmKind
from syndicate.schedule.alarms.current import current_alarms
from syndicate.schedule.mail_status import BlockerKind, MailStatus
from syndicate.store import Store
from syndicate.store.ledger.mail_flow import MailFlow
from syndicate.web.operator_access import OperatorAccess
from syndicate.web.telemetry.counters import RequestCounters

_CACHE_TIME = 15.0
"""Seconds for which figures of the store are cached at least."""
_CACHE_FACTOR = 100
"""Metrics are cached for this many times their query time, to query large stores less often."""
_NO_MAIL = frozenset({BlockerKind.HOLD, BlockerKind.OUT})
"""The blockers of a relay that accepts nothing."""


_COUNTERS: Mapping[str, tuple[str, ...]] = {
    "syndicate_requests": ("Requests answered.", "kind", "status", "coding"),
    "syndicate_response_bytes": ("Bytes of bodies sent, as coded.", "kind"),
    "syndicate_feed_polls": ("Requests for feeds.", "reader", "outcome"),
    "syndicate_signups_limited": (
        "Sign-ups, and other letters that somebody asked for, that went over a limit.",
        "limit",
    ),
    "syndicate_webhook_calls": ("Calls by mail providers to /hooks/.", "hook", "result"),
    "syndicate_access_log_lost": ("Lines of the access log that weren't written.",),
    "syndicate_reports": (
        "Reports about mail, and providers' events, that came in.",
        "source",
        "outcome",
    ),
}
_GAUGES: Mapping[str, tuple[str, ...]] = {
    "syndicate_feed_subscribers_reported": (
        "For how many people a service says it reads a feed.",
        "reader",
        "feed",
    ),
    "syndicate_store_readable": ("Whether the store could be read.",),
    "syndicate_articles_public": ("Articles that readers may see.",),
    "syndicate_editions": ("Editions of newsletters.", "newsletter", "outcome"),
    "syndicate_deliveries": ("Messages to one reader each, letters included.", "state"),
    "syndicate_fires": ("Slots of the timetable that were dealt with.", "outcome"),
    "syndicate_subscriptions": ("Subscriptions.", "newsletter", "state"),
    "syndicate_push_owed": ("Pings and notices to be made.", "to", "state"),
    "syndicate_hub_subscriptions": ("Subscriptions of our own hub that haven't lapsed.",),
    "syndicate_hub_requests": ("Requests to our own hub that are still to be verified.",),
    "syndicate_feedback": ("What came back about editions, in the store.", "newsletter", "kind"),
    "syndicate_feedback_recent": (
        "Bounces and complaints of the last 7 days, by the readers' mail domain.",
        "domain",
        "kind",
    ),
    "syndicate_refusals_recent": (
        "Refusals at hand-over of the last 7 days, by the relay's host.",
        "relay",
        "kind",
    ),
    "syndicate_complaint_share": (
        "The share of a newsletter's mail of 7 days that readers called spam.",
        "newsletter",
    ),
    "syndicate_suppressions": ("Addresses that get no mail.", "kind"),
    "syndicate_held_reports": ("Reports about mail that a person has to read.",),
    "syndicate_mail_paused": ("Whether all mail is paused.",),
    "syndicate_mail_idle_seconds": (
        "For how long nothing was accepted while mail is due; 0 while none is due.",
    ),
    "syndicate_mail_oldest_waiting_seconds": (
        "Age of the oldest message that waits, put off or not; 0 without any.",
    ),
    "syndicate_last_mail_accepted_timestamp_seconds": (
        "When a message was accepted, since 1970; 0 for never.",
    ),
    "syndicate_last_tick_timestamp_seconds": (
        "When everything that is due was gone through, since 1970; 0 for never.",
    ),
    "syndicate_alarms": ("What is wrong now.", "cause"),
    "syndicate_relay_sessions": ("Sessions with a relay.", "relay"),
    "syndicate_relay_messages_per_second": (
        "Messages that a relay took or refused, as of the last second.",
        "relay",
    ),
    "syndicate_relay_held": (
        "Whether a relay takes nothing: it asked for less, can't be reached, or refuses us.",
        "relay",
    ),
    "syndicate_domains_held": ("Domains of readers, or providers, that want nothing for a while.",),
}
"""The description of each metric, and its labels."""


class Metrics(Collector):
    """All metrics, collected on request."""

    def __init__(self, store: Store, config: Config, counts: RequestCounters) -> None:
        self._store = store
        self._config = config
        self._counts = counts
        self._access = OperatorAccess(config)
        self._lock = threading.Lock()
        self._cached: tuple[dict[str, Any], MailFlow] | None = None
        self._cached_until = 0.0
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def routes(self) -> list[Route]:
        """Return the route, for any method: a 405 would tell strangers that the path exists."""
        return [Route("/metrics", self.show, methods=[])]

    def show(self, request: Request) -> Response:
        """Respond with the metrics, in the format of `Accept`; to strangers with 404 or 401."""
        self._access.require(request)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self._registry), headers={"content-type": media_type})

    def collect(self) -> Iterator[core.Metric]:
        """Yield the metrics of web, store and relays."""
        yield from self._collect_web()
        yield from self._collect_store()
        yield from self._collect_relays()

    def _collect_web(self) -> Iterator[core.Metric]:
        """Yield the metrics of the responses of this process."""
        yield core.InfoMetricFamily(
            "syndicate_build", "Which Syndicate this is.", {"version": __version__}
        )
        by_kind = self._counts.by_kind
        responses = {
            (kind, str(status), coding): count
            for kind, counters in by_kind.items()
            for (status, coding), count in counters.responses.copy().items()
        }
        yield _metric("syndicate_requests", responses)
        sizes = {kind: counters.bytes for kind, counters in by_kind.items()}
        yield _metric("syndicate_response_bytes", sizes)
        durations = core.HistogramMetricFamily(
            "syndicate_request_duration_seconds",
            "From the request to the last byte handed to the server.",
            labels=("kind",),
        )
        for kind, counters in by_kind.items():
            durations.add_metric((kind,), counters.buckets(), counters.seconds)
        yield durations
        yield _metric("syndicate_feed_polls", self._counts.polls.copy())
        reported = self._counts.subscribers(at=monotonic())
        yield _metric("syndicate_feed_subscribers_reported", reported)
        yield _metric("syndicate_signups_limited", self._counts.limited.copy())
        yield _metric("syndicate_webhook_calls", self._counts.webhooks.copy())
        yield _metric("syndicate_access_log_lost", self._counts.lost_log_lines)

    def _collect_store(self) -> Iterator[core.Metric]:
        """Yield the metrics of the store, or only that it can't be read."""
        try:
            figures, flow = self._load()
        except StoreError:
            yield _metric("syndicate_store_readable", 0)
            return
        yield _metric("syndicate_store_readable", 1)
        for name, count in figures.items():
            yield _metric(f"syndicate_{name}", count)
        at = clock.now()
        yield _metric("syndicate_mail_idle_seconds", _seconds(flow.idle_since, at))
        yield _metric("syndicate_mail_oldest_waiting_seconds", _seconds(flow.oldest, at))
        accepted, tick = (
            last.timestamp() if last is not None else 0
            for last in (flow.last_accepted, flow.last_tick)
        )
        yield _metric("syndicate_last_mail_accepted_timestamp_seconds", accepted)
        yield _metric("syndicate_last_tick_timestamp_seconds", tick)

    def _load(self) -> tuple[dict[str, Any], MailFlow]:
        with self._lock:
            start = monotonic()
            if self._cached is None or start >= self._cached_until:
                with self._store.read() as tx:
                    now = clock.now()
                    figures = tx.metrics_snapshot.load(now) | tx.feedback_figures.snapshot(now)
                    self._cached = figures, tx.heartbeats.mail_flow(now)
                end = monotonic()
                self._cached_until = end + max(_CACHE_TIME, _CACHE_FACTOR * (end - start))
            return self._cached

    def _collect_relays(self) -> Iterator[core.Metric]:
        """Yield whether all mail is paused, and the state of each relay in all sending processes.

        These are a few rows, so they are not cached; so are the alarms. Nothing if the store
        can't be read.
        """
        try:
            with self._store.read() as tx:
                status = MailStatus.read(tx, self._config, clock.now())
                alarms = current_alarms(tx, self._config, clock.now())
        except StoreError:
            return
        yield _metric("syndicate_mail_paused", int(status.pause is not None))
        kinds = Counter(alarm.kind.value for alarm in alarms)
        yield _metric("syndicate_alarms", {kind.value: kinds[kind.value] for kind in AlarmKind})
        relays = status.relays
        yield _metric("syndicate_relay_sessions", {relay.name: relay.sessions for relay in relays})
        paces = {relay.name: relay.per_second for relay in relays}
        yield _metric("syndicate_relay_messages_per_second", paces)
        is_held = {
            relay.name: int(relay.blocker is not None and relay.blocker.kind in _NO_MAIL)
            for relay in relays
        }
        yield _metric("syndicate_relay_held", is_held)
        holds = [blocker for blocker in status.blockers if blocker.kind is BlockerKind.HOLD]
        domains = sum(bool(blocker.domains) for blocker in holds)
        yield _metric("syndicate_domains_held", domains)


def _metric(name: str, values: float | Mapping[Any, float]) -> core.Metric:
    """Return a metric with its value, or with one for each label or tuple of labels."""
    family = core.CounterMetricFamily if name in _COUNTERS else core.GaugeMetricFamily
    text, *labels = {**_COUNTERS, **_GAUGES}[name]
    metric = family(name, text, labels=labels)
    for key, value in values.items() if isinstance(values, Mapping) else [((), values)]:
        metric.add_metric((key,) if isinstance(key, str) else key, value)
    return metric


def _seconds(since: datetime | None, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds()) if since is not None else 0.0
