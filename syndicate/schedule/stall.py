"""Detect stalled mail: due for minutes, and none of it accepted."""

from dataclasses import dataclass
from datetime import datetime

from syndicate.config import Config
from syndicate.model.mail_flow import MailFlow
from syndicate.schedule.mail_status import Blocker, BlockerKind, MailStatus
from syndicate.store import Transaction

_AS_CONFIGURED = frozenset({BlockerKind.RATE, BlockerKind.WARM_UP})
"""Blockers that config.toml asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStall:
    """Mail that is due and doesn't leave."""

    flow: MailFlow
    blockers: tuple[Blocker, ...]
    """Empty when the cause is unknown."""


def find_stall(tx: Transaction, config: Config, at: datetime) -> MailStall | None:
    """Return the mail that is stalled at `at`, if any.

    Mail that waits for the next day of `warm_up`, for a rate, or for throttling domains
    isn't stalled: it leaves without anybody's help.
    """
    flow = tx.heartbeats.mail_flow(at)
    if not flow.is_stalled(at):
        return None
    status = MailStatus.read(tx, config, at)
    blockers = [relay.blocker for relay in status.relays]
    if all(blocker is not None and blocker.kind in _AS_CONFIGURED for blocker in blockers):
        return None
    holds = (blocker for blocker in status.blockers if blocker.kind is BlockerKind.HOLD)
    held_domains = frozenset(domain for hold in holds for domain in hold.domains)
    if held_domains and not tx.heartbeats.has_due_outside(at, held_domains):
        return None
    return MailStall(flow=flow, blockers=status.blockers)
