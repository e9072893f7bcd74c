"""Replace an edition with a corrected one, or resend it to those who didn't get it.

Replacing pauses the edition first, in one short transaction that any sending process
sees before its next message; the rest isn't urgent.
"""

from collections.abc import Sequence
from datetime import datetime

import structlog

from syndicate.deliver.worker import DeliveryReport
from syndicate.errors import SyndicateError
from syndicate.model.edition_control import Remaining
from syndicate.model.editions import Edition, EditionState
from syndicate.model.subscribers import Cause
from syndicate.schedule.wiring import Services

_log = structlog.get_logger(__name__)


def replace(
    services: Services,
    edition: int,
    slugs: Sequence[str] = (),
    *,
    cause: Cause,
    at: datetime,
    detail: str = "",
) -> tuple[Edition, Remaining, DeliveryReport]:
    """Pause an edition, and send a corrected one to those whom the first hasn't reached.

    Return the corrected one, the counts of the first, and what became of the mail. Raise
    SyndicateError; a paused edition then stays paused.
    """
    store, composer = services.store, services.composer
    with store.write() as tx:
        replaced = tx.control.lock_edition(edition)
        if replaced.state is EditionState.SENDING:
            tx.control.pause(edition, cause=cause, at=at, detail="to be replaced")
    try:
        services.publish(at)
        result = composer.freeze(
            lambda: composer.propose_correction(replaced, slugs, at=at),
            lambda tx, draft: tx.successors.replace(
                edition, draft, cause=cause, at=at, detail=detail
            ),
        )
    except SyndicateError:
        with store.read() as tx:
            now = tx.editions.by_key(edition)
        paused = now is not None and now.state is EditionState.PAUSED
        _log.warning("not replaced", edition=edition, paused=paused)
        raise
    assert result is not None, "a correction is never empty"
    return *result, services.deliver(at)


def resend(
    services: Services, edition: int, *, cause: Cause, at: datetime, detail: str = ""
) -> tuple[Edition, int, DeliveryReport] | None:
    """Send an edition again to those who provably didn't get it; None if everybody did.

    Return the new edition, how many readers it has, and what became of the mail. Raise Refused.
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
    return resent, readers, services.deliver(at)
