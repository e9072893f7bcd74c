"""The metrics for Prometheus, of web, store and relays, for the operator's machines only.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from syndicate import __version__, clock
from syndicate.config import Config
from syndicate.errors import StoreError
from syndicate.model.mail_flow import MailFlow
from syndicate.schedule.mail_status import BlockerKind, MailStatus
from syndicate.store import MetricsFigures, Store
from syndicate.web.operator_access import OperatorAccess
from syndicate.web.telemetry.counters import RequestCounters

_CACHE_TIME = 15.0
"""Seconds for which figures of the store are cached at least."""
_CACHE_FACTOR = 100
"""Metrics are cached for this many times their query time, to query large stores less often."""
_NO_MAIL = frozenset({BlockerKind.HOLD, BlockerKind.OUT})
"""The blockers of a relay that accepts nothing."""


class Metrics(Collector):
    """All metrics, collected on request."""

    def __init__(self, store: Store, config: Config, counts: RequestCounters) -> None:
        self._store = store
        self._config = config
        self._counts = counts
        self._access = OperatorAccess(config)
        self._lock = threading.Lock()
        self._cached: tuple[MetricsFigures, MailFlow] | None = None
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

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of web, store and relays."""
        yield from self._collect_web()
        yield from self._collect_store()
        yield from self._collect_relays()

    def _collect_web(self) -> Iterator[Metric]:
        """Yield the metrics of the responses of this process."""
        yield InfoMetricFamily(
            "syndicate_build", "Which Syndicate this is.", {"version": __version__}
        )
        yield from self._answers()
        polls = CounterMetricFamily(
            "syndicate_feed_polls", "Requests for feeds.", labels=("reader", "outcome")
        )
        yield _filled(polls, self._counts.polls.copy())
        reported = GaugeMetricFamily(
            "syndicate_feed_subscribers_reported",
            "For how many people a service says it reads a feed.",
            labels=("reader", "feed"),
        )
        yield _filled(reported, self._counts.subscribers(at=monotonic()))
        limited = CounterMetricFamily(
            "syndicate_signups_limited",
            "Sign-ups, and other letters that somebody asked for, that went over a limit.",
            labels=("limit",),
        )
        yield _filled(limited, self._counts.limited.copy())
        yield CounterMetricFamily(
            "syndicate_access_log_lost",
            "Lines of the access log that weren't written.",
            self._counts.lost_log_lines,
        )

    def _answers(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "syndicate_requests", "Requests answered.", labels=("kind", "status", "coding")
        )
        body_bytes = CounterMetricFamily(
            "syndicate_response_bytes", "Bytes of bodies sent, as coded.", labels=("kind",)
        )
        durations = HistogramMetricFamily(
            "syndicate_request_duration_seconds",
            "From the request to the last byte handed to the server.",
            labels=("kind",),
        )
        for kind, counters in self._counts.by_kind.items():
            for (status, coding), count in counters.responses.copy().items():
                requests.add_metric((kind, str(status), coding), count)
            body_bytes.add_metric((kind,), counters.bytes)
            durations.add_metric((kind,), counters.buckets(), counters.seconds)
        yield from (requests, body_bytes, durations)

    def _collect_store(self) -> Iterator[Metric]:
        """Yield the metrics of the store, or only that it can't be read."""
        try:
            snapshot = self._load()
        except StoreError:
            snapshot = None
        readable = "Whether the store could be read."
        yield GaugeMetricFamily("syndicate_store_readable", readable, int(snapshot is not None))
        if snapshot is not None:
            figures, flow = snapshot
            yield from _store_metrics(figures)
            yield from _mail_flow_metrics(flow, clock.now())

    def _load(self) -> tuple[MetricsFigures, MailFlow]:
        with self._lock:
            start = monotonic()
            if self._cached is None or start >= self._cached_until:
                with self._store.read() as tx:
                    now = clock.now()
                    self._cached = tx.metrics_snapshot.load(now), tx.heartbeats.mail_flow(now)
                end = monotonic()
                self._cached_until = end + max(_CACHE_TIME, _CACHE_FACTOR * (end - start))
            return self._cached

    def _collect_relays(self) -> Iterator[Metric]:
        """Yield the state of each relay in all sending processes; a few rows, so not cached.

        Nothing if the store can't be read.
        """
        try:
            with self._store.read() as tx:
                status = MailStatus.read(tx, self._config, clock.now())
        except StoreError:
            return
        sessions = GaugeMetricFamily(
            "syndicate_relay_sessions", "Sessions with a relay.", labels=("relay",)
        )
        pace = GaugeMetricFamily(
            "syndicate_relay_messages_per_second",
            "Messages that a relay took or refused, as of the last second.",
            labels=("relay",),
        )
        held = GaugeMetricFamily(
            "syndicate_relay_held",
            "Whether a relay takes nothing: it asked for less, can't be reached, or refuses us.",
            labels=("relay",),
        )
        for relay in status.relays:
            is_held = relay.blocker is not None and relay.blocker.kind in _NO_MAIL
            sessions.add_metric((relay.name,), relay.sessions)
            pace.add_metric((relay.name,), relay.per_second)
            held.add_metric((relay.name,), int(is_held))
        yield from (sessions, pace, held)
        holds = [blocker for blocker in status.blockers if blocker.kind is BlockerKind.HOLD]
        yield GaugeMetricFamily(
            "syndicate_domains_held",
            "Domains of readers, or providers, that want nothing for a while.",
            sum(bool(blocker.domains) for blocker in holds),
        )


def _store_metrics(figures: MetricsFigures) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "syndicate_articles_public", "Articles that readers may see.", figures.articles
    )
    editions = GaugeMetricFamily(
        "syndicate_editions", "Editions of newsletters.", labels=("newsletter", "outcome")
    )
    yield _filled(editions, figures.editions)
    deliveries = GaugeMetricFamily(
        "syndicate_deliveries", "Messages to one reader each, letters included.", labels=("state",)
    )
    yield _filled(deliveries, figures.deliveries)
    fires = GaugeMetricFamily(
        "syndicate_fires", "Slots of the timetable that were dealt with.", labels=("outcome",)
    )
    yield _filled(fires, figures.fires)
    subscriptions = GaugeMetricFamily(
        "syndicate_subscriptions", "Subscriptions.", labels=("newsletter", "state")
    )
    yield _filled(subscriptions, figures.subscriptions)
    pending = GaugeMetricFamily(
        "syndicate_push_owed", "Pings and notices to be made.", labels=("to", "state")
    )
    for target, push in figures.push.items():
        pending.add_metric((target, "waiting"), push.waiting)
        pending.add_metric((target, "failing"), push.failing)
    yield pending
    yield GaugeMetricFamily(
        "syndicate_hub_subscriptions",
        "Subscriptions of our own hub that haven't lapsed.",
        figures.hub_subscriptions,
    )
    yield GaugeMetricFamily(
        "syndicate_hub_requests",
        "Requests to our own hub that are still to be verified.",
        figures.hub_requests,
    )


def _mail_flow_metrics(flow: MailFlow, at: datetime) -> Iterator[Metric]:
    def seconds(since: datetime | None) -> float:
        return max(0.0, (at - since).total_seconds()) if since is not None else 0.0

    yield GaugeMetricFamily(
        "syndicate_mail_idle_seconds",
        "For how long nothing was accepted while mail is due; 0 while none is due.",
        seconds(flow.idle_since),
    )
    yield GaugeMetricFamily(
        "syndicate_mail_oldest_waiting_seconds",
        "Age of the oldest message that waits, put off or not; 0 without any.",
        seconds(flow.oldest),
    )
    for name, event, last in (
        ("mail_accepted", "a message was accepted", flow.last_accepted),
        ("tick", "everything that is due was gone through", flow.last_tick),
    ):
        yield GaugeMetricFamily(
            f"syndicate_last_{name}_timestamp_seconds",
            f"When {event}, since 1970; 0 for never.",
            last.timestamp() if last is not None else 0,
        )


def _filled(family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[Any, float]) -> Metric:
    """Add a value to a metric for each label, or tuple of labels."""
    for labels, value in values.items():
        family.add_metric((labels,) if isinstance(labels, str) else labels, value)
    return family
