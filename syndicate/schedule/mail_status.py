"""How the mail's ways out are, as the store tells it to any process, and what is in the way.

Whoever delivers writes down once a second how it goes with each relay; who was asked to
wait, and how much of a rate or a day's number is used, is in the store as well.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Self

from syndicate.config import Config, DomainLimit, RelaySettings, TransportKind
from syndicate.deliver.loop.domain_throttle import PREFIX as DOMAIN
from syndicate.deliver.loop.relay_pool import PREFIX as RELAY
from syndicate.deliver.outbox import Outbox
from syndicate.model.relay_status import MailHold, SendRate
from syndicate.store import Transaction

_NOW = timedelta(seconds=3)
"""Who is at work says so once a second, and has the store to wait for."""
_REMEMBERED = timedelta(days=1)
_TRIES = timedelta(seconds=90)
"""Who tries as often as they should, `run` or a `tick` by cron, said something in that time."""


class BlockerKind(StrEnum):
    """What keeps mail from leaving."""

    HOLD = "hold"
    """A relay or a domain asked for less; it gets nothing for a while."""
    OUT = "out"
    """A relay that takes nothing, or can't be reached."""
    RATE = "rate"
    """A relay or some domains get as much as their rate allows."""
    WARM_UP = "warm_up"
    """A relay had its number for the day."""
    NOBODY = "nobody"
    """No process delivers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """One thing that keeps mail from leaving, or slows it down."""

    kind: BlockerKind
    relay: str = ""
    domains: tuple[str, ...] = ()
    at: datetime | None = None
    """When it was so."""
    until: datetime | None = None
    reason: str = ""
    """What was said, or what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayStatus:
    """A relay, and how it goes with it: with all processes that are at work together."""

    relay: RelaySettings
    server: str
    """Where it is: host and port, or the folder of the outbox."""
    sessions: int = 0
    per_second: float = 0.0
    accepted: int = 0
    deferred: int = 0
    failed: int = 0
    """What became of what it was offered, since those processes began with what they do."""
    quota: int | None = None
    """How many messages it may have today, by its `warm_up`."""
    taken: int = 0
    """How many of them are used or reserved."""
    obstacle: Blocker | None = None

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self.relay.name


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStatus:
    """The ways out at one time."""

    ways: tuple[RelayStatus, ...]
    obstacles: tuple[Blocker, ...]
    """Those of the relays among them."""
    idle: bool
    """Whether no process said for a while that it delivers."""

    @classmethod
    def read(cls, tx: Transaction, config: Config, at: datetime) -> Self:
        """Read how it is at `at`; few rows, however much is sent."""
        holds = {hold.what: hold for hold in tx.holds.current(at)}
        words = _last_words(tx.sender_progress.recent(at - _REMEMBERED))
        used_up = tx.quotas.exhausted(at=at)
        ways = tuple(
            _way(tx, way, at, words, holds=holds, used_up=used_up) for way in _ways(config)
        )
        limits = config.mail.limits
        return cls(
            ways=ways,
            obstacles=(
                *(way.obstacle for way in ways if way.obstacle is not None),
                *_held_domains(holds.values(), limits),
                *_limited_domains(used_up - holds.keys(), limits),
            ),
            idle=all(word.at < at - _TRIES for word in words),
        )

    def in_the_way(self, *, queued: bool) -> tuple[Blocker, ...]:
        """Return what is in the way of an edition; `queued`: of which something is due."""
        nobody = queued and self.idle and not self.obstacles
        return (Blocker(kind=BlockerKind.NOBODY),) if nobody else self.obstacles


def _ways(config: Config) -> Iterator[RelayStatus]:
    """Go through the relays that mail leaves by, or what the outbox is in their place."""
    if config.mail.transport is TransportKind.OUTBOX:
        outbox = Outbox.of(config)
        yield RelayStatus(relay=outbox.settings, server=str(outbox))
        return
    for relay in config.mail.servers:
        yield RelayStatus(relay=relay, server=relay.address)


def _last_words(paces: Iterable[SendRate]) -> list[SendRate]:
    """Return what each process said last of each relay."""
    last: dict[tuple[str, str], SendRate] = {}
    for pace in sorted(paces, key=lambda each: each.at):
        process = pace.owner.rpartition(":")[0]
        last[process, pace.relay] = pace
    return list(last.values())


def _way(
    tx: Transaction,
    bare: RelayStatus,
    at: datetime,
    words: Iterable[SendRate],
    *,
    holds: dict[str, MailHold],
    used_up: frozenset[str],
) -> RelayStatus:
    key = RELAY + bare.name
    its = [word for word in words if word.relay == bare.name]
    working = [word for word in its if word.at >= at - _NOW]
    quota = bare.relay.warm_up_quota(at.astimezone(UTC).date())
    way = replace(
        bare,
        sessions=sum(word.sessions for word in working),
        per_second=sum(word.per_second for word in working),
        accepted=sum(word.accepted for word in working),
        deferred=sum(word.deferred for word in working),
        failed=sum(word.failed for word in working),
        quota=quota,
        taken=tx.quotas.taken_today(key, at=at) if quota is not None else 0,
    )
    last = max(its, key=lambda each: each.at, default=None)
    obstacle = _obstacle(way, last, at, hold=holds.get(key), used_up=key in used_up)
    return replace(way, obstacle=obstacle)


def _obstacle(
    way: RelayStatus, last: SendRate | None, at: datetime, *, hold: MailHold | None, used_up: bool
) -> Blocker | None:
    """Say what is in a relay's way: the first thing that is."""
    name = way.name
    if hold is not None:
        return Blocker(kind=BlockerKind.HOLD, relay=name, until=hold.until, reason=hold.reason)
    if way.quota is not None and way.taken >= way.quota:
        tomorrow = datetime.combine(at.astimezone(UTC).date(), time(), UTC) + timedelta(days=1)
        return Blocker(kind=BlockerKind.WARM_UP, relay=name, until=tomorrow, reason=str(way.quota))
    if used_up and way.relay.rate is not None:
        return Blocker(kind=BlockerKind.RATE, relay=name, reason=str(way.relay.rate))
    if last is not None and last.note:
        return Blocker(kind=BlockerKind.OUT, relay=name, at=last.at, reason=last.note)
    return None


def _held_domains(holds: Iterable[MailHold], limits: Sequence[DomainLimit]) -> Iterator[Blocker]:
    groups = {limit.domains[0]: limit.domains for limit in limits}
    for hold in holds:
        if hold.what.startswith(DOMAIN):
            name = hold.what.removeprefix(DOMAIN)
            domains = groups.get(name, (name,))
            yield Blocker(
                kind=BlockerKind.HOLD, domains=domains, until=hold.until, reason=hold.reason
            )


def _limited_domains(names: Iterable[str], limits: Sequence[DomainLimit]) -> Iterator[Blocker]:
    for limit in limits:
        if DOMAIN + limit.domains[0] in names:
            yield Blocker(kind=BlockerKind.RATE, domains=limit.domains, reason=str(limit.rate))
