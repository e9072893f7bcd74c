"""Editions that are corrected and sent again by hand.

The first thing is to stop what is wrong: that is one short transaction, which
whoever is sending notices before the next body. The rest may take its time.
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
from syndicate.schedule.wiring import Newsroom

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedEdition:
    """A corrected edition, and how far the one before it had got."""

    edition: Edition
    left: Remaining
    delivered: DeliveryReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ResentEdition:
    """An edition that went out once more, to those who didn't get it."""

    edition: Edition
    readers: int
    delivered: DeliveryReport


def replace(
    newsroom: Newsroom,
    edition: int,
    slugs: Sequence[str] = (),
    *,
    cause: Cause,
    at: datetime,
    detail: str = "",
) -> ReplacedEdition:
    """Pause an edition, compose it anew, and send that to whom the first hasn't reached.

    Raise Refused; what was paused by then stays paused.
    """
    store = newsroom.store
    with store.write() as tx:
        found = tx.control.lock_edition(edition)
        if found.state is EditionState.SENDING:
            tx.control.pause(edition, cause=cause, at=at, detail="to be replaced")
    try:
        newsroom.publish(at)
        successor, left = _composed_anew(newsroom, found, slugs, cause=cause, at=at, detail=detail)
    except SyndicateError:
        with store.read() as tx:
            now = tx.editions.by_key(edition)
        paused = now is not None and now.state is EditionState.PAUSED
        _log.warning("not replaced", edition=edition, paused=paused)
        raise
    return ReplacedEdition(edition=successor, left=left, delivered=newsroom.deliver(at))


def resend(
    newsroom: Newsroom, edition: int, *, cause: Cause, at: datetime, detail: str = ""
) -> ResentEdition | None:
    """Send an edition once more to those who provably didn't get it; None for nobody.

    Raise Refused.
    """
    newsroom.store.sweep(at)
    with newsroom.store.write() as tx:
        found = tx.editions.by_key(edition)
        newsletter = newsroom.config.newsletter(found.newsletter) if found else None
        lasts = newsroom.config.mail.expire_after
        if newsletter is not None:
            lasts = newsroom.config.expire_after(newsletter)
        again = tx.successors.resend(
            edition, cause=cause, at=at, expires_at=at + lasts, detail=detail
        )
        if again is None:
            return None
        readers = tx.deliveries.totals(again.key).audience
    return ResentEdition(edition=again, readers=readers, delivered=newsroom.deliver(at))


def _composed_anew(
    newsroom: Newsroom,
    edition: Edition,
    slugs: Sequence[str],
    *,
    cause: Cause,
    at: datetime,
    detail: str,
) -> tuple[Edition, Remaining]:
    for _ in range(ATTEMPTS):
        proposal = newsroom.desk.propose_corrected(edition, slugs, at=at)
        assert proposal.draft is not None
        with newsroom.store.write() as tx:
            if newsroom.desk.stands(tx, proposal):
                return tx.successors.replace(
                    edition.key, proposal.draft, cause=cause, at=at, detail=detail
                )
    raise StoreLocked("new articles kept coming in while it was composed anew; try again")
