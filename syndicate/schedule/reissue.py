"""Replace an edition with a corrected one, or resend it to those who didn't get it.

Replacing pauses the edition first, in one short transaction that any sending process
sees before its next message; the rest isn't urgent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from syndicate.deliver.worker import DeliveryReport
from syndicate.errors import StoreLocked, SyndicateError
from syndicate.model.edition_control import Remaining
from syndicate.model.editions import Edition, EditionState
from syndicate.model.subscribers import Cause
from syndicate.schedule.firing import ATTEMPTS
from syndicate.schedule.wiring import Services

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedEdition:
    """A corrected edition, and the counts of the one that it replaces."""

    edition: Edition
    left: Remaining
    delivered: DeliveryReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ResentEdition:
    """An edition that was sent again, to `readers` of the first one's audience."""

    edition: Edition
    readers: int
    delivered: DeliveryReport


def replace(
    services: Services,
    edition: int,
    slugs: Sequence[str] = (),
    *,
    cause: Cause,
    at: datetime,
    detail: str = "",
) -> ReplacedEdition:
    """Pause an edition, and send a corrected one to those whom the first hasn't reached.

    Raise SyndicateError; a paused edition then stays paused.
    """
    store = services.store
    with store.write() as tx:
        replaced = tx.control.lock_edition(edition)
        if replaced.state is EditionState.SENDING:
            tx.control.pause(edition, cause=cause, at=at, detail="to be replaced")
    try:
        services.publish(at)
        successor, left = _compose_successor(
            services, replaced, slugs, cause=cause, at=at, detail=detail
        )
    except SyndicateError:
        with store.read() as tx:
            now = tx.editions.by_key(edition)
        paused = now is not None and now.state is EditionState.PAUSED
        _log.warning("not replaced", edition=edition, paused=paused)
        raise
    return ReplacedEdition(edition=successor, left=left, delivered=services.deliver(at))


def resend(
    services: Services, edition: int, *, cause: Cause, at: datetime, detail: str = ""
) -> ResentEdition | None:
    """Send an edition again to those who provably didn't get it; None if everybody did.

    Raise Refused.
    """
    services.store.sweep(at)
    with services.store.write() as tx:
        first = tx.editions.by_key(edition)
        newsletter = services.config.newsletter(first.newsletter) if first else None
        expire_after = services.config.mail.expire_after
        if newsletter is not None:
            expire_after = services.config.expire_after(newsletter)
        resent = tx.successors.resend(
            edition, cause=cause, at=at, expires_at=at + expire_after, detail=detail
        )
        if resent is None:
            return None
        readers = tx.deliveries.totals(resent.key).audience
    return ResentEdition(edition=resent, readers=readers, delivered=services.deliver(at))


def _compose_successor(
    services: Services,
    replaced: Edition,
    slugs: Sequence[str],
    *,
    cause: Cause,
    at: datetime,
    detail: str,
) -> tuple[Edition, Remaining]:
    for _ in range(ATTEMPTS):
        proposal = services.composer.propose_correction(replaced, slugs, at=at)
        assert proposal.draft is not None
        with services.store.write() as tx:
            if services.composer.is_current(tx, proposal):
                return tx.successors.replace(
                    replaced.key, proposal.draft, cause=cause, at=at, detail=detail
                )
    raise StoreLocked("articles kept changing while the edition was composed; try again")
