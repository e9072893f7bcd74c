"""What is counted, as Prometheus reads it: what the web answered, and what the store holds.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from time import monotonic

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

from syndicate import __version__, clock
from syndicate.config import Config
from syndicate.errors import StoreError
from syndicate.model.mail_flow import MailFlow
from syndicate.schedule.mail_status import BlockerKind, MailStatus
from syndicate.store import MetricsFigures, Store
from syndicate.web.telemetry.counters import RequestCounters

_FRESH = timedelta(seconds=15)
"""How long figures of the store are good enough."""
_NO_MAIL = frozenset({BlockerKind.HOLD, BlockerKind.OUT})
"""What is in a relay's way that takes nothing."""
_SHARE = 100
"""They are kept for so many times the time that they took: a large store is counted less often."""


class Metrics:
    """All that is told, put together when somebody asks."""

    def __init__(self, store: Store, config: Config, counts: RequestCounters) -> None:
        registry = CollectorRegistry()
        registry.register(_WebMetrics(counts))
        registry.register(_StoreMetrics(store))
        registry.register(_RelayMetrics(store, config))
        ProcessCollector(registry=registry)
        self._registry = registry

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """Return the text and its media type, by the `Accept` of who asks."""
        encode, media_type = choose_encoder(accept)
        return encode(self._registry), media_type


class _WebMetrics(Collector):
    """What this process answered since it began."""

    def __init__(self, counts: RequestCounters) -> None:
        self._counts = counts

    def describe(self) -> list[Metric]:
        """Promise nothing: asked for what there will be, the registry would collect."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Tell all of it."""
        yield InfoMetricFamily(
            "syndicate_build", "Which Syndicate this is.", {"version": __version__}
        )
        yield from self._answers()
        yield from self._readers()
        limited = CounterMetricFamily(
            "syndicate_signups_limited",
            "Sign-ups, and other letters that somebody asked for, that went over a limit.",
            labels=("limit",),
        )
        for limit, count in self._counts.limited.items():
            limited.add_metric((limit,), count)
        yield limited
        yield CounterMetricFamily(
            "syndicate_access_log_lost",
            "Lines of the access log that weren't written.",
            self._counts.lost,
        )

    def _answers(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "syndicate_requests", "Requests answered.", labels=("kind", "status", "coding")
        )
        sent = CounterMetricFamily(
            "syndicate_response_bytes", "Bytes of bodies sent, as coded.", labels=("kind",)
        )
        durations = HistogramMetricFamily(
            "syndicate_request_duration_seconds",
            "From the request to the last byte handed to the server.",
            labels=("kind",),
        )
        for kind, tally in self._counts.tallies.items():
            for (status, coding), count in tally.answers.copy().items():
                requests.add_metric((kind, str(status), coding), count)
            sent.add_metric((kind,), tally.bytes)
            durations.add_metric((kind,), tally.buckets(), tally.seconds)
        yield from (requests, sent, durations)

    def _readers(self) -> Iterator[Metric]:
        polls = CounterMetricFamily(
            "syndicate_feed_polls", "Requests for feeds.", labels=("reader", "outcome")
        )
        for labels, count in self._counts.polls.items():
            polls.add_metric(labels, count)
        reported = GaugeMetricFamily(
            "syndicate_feed_subscribers_reported",
            "For how many people a service says it reads a feed.",
            labels=("reader", "feed"),
        )
        for labels, said in self._counts.reported(at=monotonic()).items():
            reported.add_metric(labels, said)
        yield from (polls, reported)


class _StoreMetrics(Collector):
    """What the store holds; counted once in a while, for everybody who asks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counting = threading.Lock()
        self._last: tuple[MetricsFigures, MailFlow] | None = None
        self._good_until = 0.0

    def describe(self) -> list[Metric]:
        """Promise nothing: asked for what there will be, the registry would collect."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Tell all of it; of a store that can't be read, just that."""
        try:
            counted = self._counted()
        except StoreError:
            counted = None
        readable = "Whether the store could be read."
        yield GaugeMetricFamily("syndicate_store_readable", readable, int(counted is not None))
        if counted is not None:
            figures, flow = counted
            yield from _told(figures)
            yield from _moving(flow, clock.now())

    def _counted(self) -> tuple[MetricsFigures, MailFlow]:
        with self._counting:
            began = monotonic()
            if self._last is None or began >= self._good_until:
                with self._store.read() as tx:
                    now = clock.now()
                    self._last = tx.metrics_snapshot.load(now), tx.heartbeats.mail_flow(now)
                ended = monotonic()
                self._good_until = ended + max(_FRESH.total_seconds(), _SHARE * (ended - began))
            return self._last


class _RelayMetrics(Collector):
    """How it goes with each relay, by whichever processes deliver; a few rows each time."""

    def __init__(self, store: Store, config: Config) -> None:
        self._store = store
        self._config = config

    def describe(self) -> list[Metric]:
        """Promise nothing: asked for what there will be, the registry would collect."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Tell all of it; nothing of a store that can't be read."""
        try:
            with self._store.read() as tx:
                traffic = MailStatus.read(tx, self._config, clock.now())
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
        for way in traffic.relays:
            is_held = way.blocker is not None and way.blocker.kind in _NO_MAIL
            sessions.add_metric((way.name,), way.sessions)
            pace.add_metric((way.name,), way.per_second)
            held.add_metric((way.name,), int(is_held))
        yield from (sessions, pace, held)
        holds = (one for one in traffic.blockers if one.domains and one.kind is BlockerKind.HOLD)
        yield GaugeMetricFamily(
            "syndicate_domains_held",
            "Domains of readers, or providers, that want nothing for a while.",
            sum(1 for _ in holds),
        )


def _told(figures: MetricsFigures) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "syndicate_articles_public", "Articles that readers may see.", figures.articles
    )
    editions = GaugeMetricFamily(
        "syndicate_editions", "Editions of newsletters.", labels=("newsletter", "outcome")
    )
    for (newsletter, outcome), count in figures.editions.items():
        editions.add_metric((newsletter, outcome), count)
    deliveries = GaugeMetricFamily(
        "syndicate_deliveries", "Messages to one reader each, letters included.", labels=("state",)
    )
    for state, count in figures.deliveries.items():
        deliveries.add_metric((state,), count)
    fires = GaugeMetricFamily(
        "syndicate_fires", "Slots of the timetable that were dealt with.", labels=("outcome",)
    )
    for how, count in figures.fires.items():
        fires.add_metric((how,), count)
    subscriptions = GaugeMetricFamily(
        "syndicate_subscriptions", "Subscriptions.", labels=("newsletter", "state")
    )
    for (newsletter, standing), count in figures.subscriptions.items():
        subscriptions.add_metric((newsletter, standing), count)
    yield from (editions, deliveries, fires, subscriptions, *_pushed(figures))


def _moving(flow: MailFlow, at: datetime) -> Iterator[Metric]:
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
    for name, what, last in (
        ("mail_accepted", "a message was accepted", flow.last_accepted),
        ("tick", "everything that is due was gone through", flow.last_tick),
    ):
        gauge = GaugeMetricFamily(
            f"syndicate_last_{name}_timestamp_seconds", f"When {what}, since 1970; 0 for never."
        )
        gauge.add_metric((), last.timestamp() if last is not None else 0)
        yield gauge


def _pushed(figures: MetricsFigures) -> Iterator[Metric]:
    owed = GaugeMetricFamily(
        "syndicate_push_owed", "Pings and notices to be made.", labels=("to", "state")
    )
    for who, push in figures.push.items():
        owed.add_metric((who, "waiting"), push.waiting)
        owed.add_metric((who, "failing"), push.failing)
    yield owed
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
