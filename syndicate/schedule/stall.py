"""Mail that stands still: due for minutes, and none of it accepted."""

from dataclasses import dataclass
from datetime import datetime

from syndicate.config import Config
from syndicate.model.mail_flow import MailFlow
from syndicate.schedule.mail_status import Blocker, BlockerKind, MailStatus
from syndicate.store import Transaction

_AS_CONFIGURED = frozenset({BlockerKind.RATE, BlockerKind.WARM_UP})
"""What keeps mail back because config.toml says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailStall:
    """Mail that is due and doesn't leave."""

    flow: MailFlow
    obstacles: tuple[Blocker, ...]
    """What is in its way, as far as that is known."""


def find_stall(tx: Transaction, config: Config, at: datetime) -> MailStall | None:
    """Return what stands still at `at`.

    Not mail that waits for the next day of `warm_up`, for a rate, or for domains that want
    nothing for a while: that goes on by itself.
    """
    flow = tx.heartbeats.mail_flow(at)
    if not flow.is_stalled(at):
        return None
    traffic = MailStatus.read(tx, config, at)
    in_the_way = [way.obstacle for way in traffic.ways]
    if all(found is not None and found.kind in _AS_CONFIGURED for found in in_the_way):
        return None
    holds = (found for found in traffic.obstacles if found.kind is BlockerKind.HOLD)
    held = frozenset(domain for hold in holds for domain in hold.domains)
    if held and not tx.heartbeats.has_due_outside(at, held):
        return None
    return MailStall(flow=flow, obstacles=traffic.obstacles)
