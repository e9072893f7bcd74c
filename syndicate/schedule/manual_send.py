"""Send editions by hand: now, as a test copy, corrected, or again to those who didn't get one.

Replacing pauses the edition first, in one short transaction that any sending process
sees before its next message; the rest isn't urgent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from syndicate.config import Newsletter, Schedule
from syndicate.deliver.sample_mail import send_sample
from syndicate.deliver.smtp.transport import SmtpReply
from syndicate.deliver.worker import DeliveryReport
from syndicate.errors import Refused, SyndicateError
from syndicate.model.editions import Edition, EditionState, Remaining
from syndicate.model.subscribers import Cause
from syndicate.schedule.composer import ProposedEdition
from syndicate.schedule.firing import first_seen, load_or_store_start, preview_start
from syndicate.schedule.wiring import Services

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualSend:
    """A request to send: what a schedule would compose now, or exactly these articles."""

    newsletter: Newsletter
    schedule: Schedule | None = None
    slugs: Sequence[str] = ()
    segment: str | None = None
    """The audience, in place of the schedule's; None: the schedule's segment, or everybody."""


def send_now(
    services: Services, order: ManualSend, *, at: datetime
) -> tuple[Edition, DeliveryReport] | None:
    """Freeze an edition and deliver it; None when nothing is new."""
    services.publish(at)
    edition = services.composer.freeze(
        lambda: _propose(services, order, at=at, keep=True),
        lambda tx, draft: tx.editions.add(draft),
    )
    return (edition, services.deliver(at)) if edition is not None else None


def send_test_copy(services: Services, order: ManualSend, *, to: str, at: datetime) -> SmtpReply:
    """Send one copy that isn't recorded in the ledger.

    Raise Refused when nothing is new or `mail.only` excludes the address, and
    DeliveryError when the mail server refuses the copy.
    """
    services.publish(at)
    draft = _propose(services, order, at=at, keep=False).draft
    if draft is None:
        raise Refused(
            f"nothing is new for {order.newsletter.name}; name articles with --article SLUG"
        )
    return send_sample(
        draft, to, config=services.config, transports=services.relays, links=services.links
    )


def _propose(services: Services, order: ManualSend, *, at: datetime, keep: bool) -> ProposedEdition:
    """Compose the edition; with `keep`, store where a new schedule starts."""
    composer, schedule = services.composer, order.schedule
    if schedule is None:
        return composer.propose_articles(
            order.newsletter, order.slugs, segment=order.segment, at=at
        )
    if keep:
        with services.store.write() as tx:
            first_seen(tx, schedule, services.config, at=at)
            start = load_or_store_start(tx, schedule.name, at=at)
    else:
        with services.store.read() as tx:
            start = preview_start(tx, schedule.name, at=at)
    return composer.propose(
        order.newsletter, schedule, start=start, segment=order.segment, slot_at=at, at=at
    )


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
