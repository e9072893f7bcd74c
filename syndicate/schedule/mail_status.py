"""The state of the relays, and what blocks mail from leaving, read from the store by any process.

Each delivering process stores its figures for each relay once a second. Holds, and how
much of each rate and daily quota is used, are in the store as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Self

from syndicate.config import Config, DomainLimit, RelaySettings
from syndicate.deliver.loop.relay_pool import PREFIX as RELAY
from syndicate.deliver.loop.throttling import PREFIX as DOMAIN
from syndicate.deliver.outbox import Outbox
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import Edition, EditionState
from syndicate.model.subscribers import Cause
from syndicate.store import Transaction
from syndicate.store.ledger.mail_flow import MailFlow, MailHold, SendRate

_CURRENT = timedelta(seconds=3)
"""Age of current figures: they are stored every second, but the store may be busy."""
_LOOKBACK = timedelta(days=1)
_IDLE_AFTER = timedelta(seconds=90)
"""`run`, or `tick` by cron every minute, has stored figures within this time."""


class BlockerKind(StrEnum):
    """The kinds of blocker."""

    PAUSE = "pause"
    """Somebody has paused all mail."""
    HOLD = "hold"
    """A relay or a domain is throttling; it gets nothing for a while."""
    OUT = "out"
    """A relay is unreachable or accepts nothing."""
    RATE = "rate"
    """A relay or some domains are at their rate limit."""
    WARM_UP = "warm_up"
    """A relay has used its warm-up quota for today."""
    NOBODY = "nobody"
    """No process delivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Something that keeps mail from leaving, or slows it down."""

    kind: BlockerKind
    relay: str = ""
    domains: tuple[str, ...] = ()
    at: datetime | None = None
    """When it was last seen; of a pause, since when it lasts."""
    until: datetime | None = None
    reason: str = ""
    """The server's reply, the limit, or who paused all mail and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayStatus:
    """A relay's state; the figures add up all processes that are delivering now."""

    settings: RelaySettings
    server: str
    """Host and port, or the outbox folder."""
    sessions: int
    per_second: float
    accepted: int
    deferred: int
    failed: int
    """Messages accepted, deferred and failed since those processes began the current pass."""
    quota: int | None
    """Messages that `warm_up` allows today."""
    quota_used: int
    """Messages of the quota that are sent or reserved."""
    blocker: Blocker | None

    @property
    def name(self) -> str:
        """The relay's name in the configuration."""
        return self.settings.name


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStatus:
    """The state of all relays at one time."""

    relays: tuple[RelayStatus, ...]
    blockers: tuple[Blocker, ...]
    """A pause of all mail, those of the relays, and those of single domains."""
    idle: bool
    """Whether no process has delivered for a while."""
    pause: Cause | None = None
    """Who has paused all mail; None while it may leave."""

    @classmethod
    def read(cls, tx: Transaction, config: Config, at: datetime) -> Self:
        """Read the state at `at`; this takes few rows, however much mail is sent."""
        holds = {hold.what: hold for hold in tx.holds.current(at)}
        stored = sorted(tx.heartbeats.recent_rates(at - _LOOKBACK), key=lambda rate: rate.at)
        # the newest figures of each process for each relay
        latest = {(rate.owner.rpartition(":")[0], rate.relay): rate for rate in stored}
        used_up = tx.quotas.exhausted(at=at)
        if config.mail.transport == "outbox":
            outbox = Outbox.of(config)
            servers = [(outbox.settings, str(outbox))]
        else:
            servers = [(relay, relay.address) for relay in config.mail.servers]
        relays = tuple(
            _relay_status(tx, relay, server, at, latest.values(), holds=holds, used_up=used_up)
            for relay, server in servers
        )
        pause = tx.mail_pause.current()
        return cls(
            relays=relays,
            blockers=(
                *(() if pause is None else (_pause_blocker(pause),)),
                *(relay.blocker for relay in relays if relay.blocker is not None),
                *_domain_blockers(holds, used_up, config.mail.limits),
            ),
            idle=all(rate.at < at - _IDLE_AFTER for rate in latest.values()),
            pause=pause,
        )

    def edition_blockers(
        self, editions: Iterable[tuple[Edition, DeliveryTotals]]
    ) -> tuple[Blocker, ...]:
        """Return what blocks those of the editions that wait, except paused ones."""
        editions = list(editions)
        waiting = [
            totals
            for edition, totals in editions
            if totals.waiting and edition.state is EditionState.SENDING
        ]
        if self.pause is not None:
            unreleased = any(edition.state is EditionState.WAITING for edition, _ in editions)
            return self.pause_blockers if waiting or unreleased else ()
        queued = any(totals.queued for totals in waiting)
        if queued and self.idle and not self.blockers:
            return (Blocker(kind=BlockerKind.NOBODY),)
        return self.blockers if waiting else ()

    @property
    def pause_blockers(self) -> tuple[Blocker, ...]:
        """The pause of all mail, if there is one: editions show it whether or not any waits."""
        return () if self.pause is None else (_pause_blocker(self.pause),)


def _pause_blocker(pause: Cause) -> Blocker:
    return Blocker(kind=BlockerKind.PAUSE, at=pause.at, reason=describe_pause(pause))


def describe_pause(pause: Cause) -> str:
    """Write who paused all mail, and why: "syndicate pause --all, by ann: wrong list"."""
    return f"{pause.how}: {pause.why}" if pause.why else pause.how


def _relay_status(
    tx: Transaction,
    settings: RelaySettings,
    server: str,
    at: datetime,
    all_rates: Iterable[SendRate],
    *,
    holds: dict[str, MailHold],
    used_up: frozenset[str],
) -> RelayStatus:
    """Add up a relay's figures, and find the first reason why it sends nothing."""
    today, name = at.astimezone(UTC).date(), settings.name
    key, quota = RELAY + name, settings.warm_up_quota(today)
    taken = tx.quotas.taken_today(key, at=at) if quota is not None else 0
    rates = [rate for rate in all_rates if rate.relay == name]
    last = max(rates, key=lambda rate: rate.at, default=None)
    blocker = None
    if (hold := holds.get(key)) is not None:
        blocker = Blocker(kind=BlockerKind.HOLD, relay=name, until=hold.until, reason=hold.reason)
    elif quota is not None and taken >= quota:
        tomorrow = datetime.combine(today, time(), UTC) + timedelta(days=1)
        blocker = Blocker(kind=BlockerKind.WARM_UP, relay=name, until=tomorrow, reason=str(quota))
    elif key in used_up and settings.rate is not None:
        blocker = Blocker(kind=BlockerKind.RATE, relay=name, reason=str(settings.rate))
    elif last is not None and last.note:
        blocker = Blocker(kind=BlockerKind.OUT, relay=name, at=last.at, reason=last.note)
    current = [rate for rate in rates if rate.at >= at - _CURRENT]
    return RelayStatus(
        settings=settings,
        server=server,
        sessions=sum(rate.sessions for rate in current),
        per_second=sum(rate.per_second for rate in current),
        accepted=sum(rate.accepted for rate in current),
        deferred=sum(rate.deferred for rate in current),
        failed=sum(rate.failed for rate in current),
        quota=quota,
        quota_used=taken,
        blocker=blocker,
    )


def _domain_blockers(
    holds: dict[str, MailHold], used_up: frozenset[str], limits: Sequence[DomainLimit]
) -> Iterator[Blocker]:
    groups = {DOMAIN + limit.domains[0]: limit.domains for limit in limits}
    for key, hold in holds.items():
        if key.startswith(DOMAIN):
            domains = groups.get(key, (key.removeprefix(DOMAIN),))
            yield Blocker(
                kind=BlockerKind.HOLD, domains=domains, until=hold.until, reason=hold.reason
            )
    for limit in limits:
        key = DOMAIN + limit.domains[0]
        if key in used_up and key not in holds:
            yield Blocker(kind=BlockerKind.RATE, domains=limit.domains, reason=str(limit.rate))


def find_stall(
    tx: Transaction, config: Config, at: datetime
) -> tuple[MailFlow, tuple[Blocker, ...]] | None:
    """Return the mail that has been due for `silent_for`, if none leaves; and what blocks it.

    Mail that waits for the next day of `warm_up`, for a rate, or for throttling domains
    isn't stalled: it leaves without anybody's help.
    """
    flow = tx.heartbeats.mail_flow(at)
    if not flow.is_stalled(at, config.alarms.silent_for):
        return None
    status = MailStatus.read(tx, config, at)
    blockers = [relay.blocker for relay in status.relays]
    as_configured = {BlockerKind.RATE, BlockerKind.WARM_UP}
    if all(blocker is not None and blocker.kind in as_configured for blocker in blockers):
        return None
    holds = (blocker for blocker in status.blockers if blocker.kind is BlockerKind.HOLD)
    held_domains = frozenset(domain for hold in holds for domain in hold.domains)
    if held_domains and not tx.heartbeats.has_due_outside(at, held_domains):
        return None
    return flow, status.blockers
