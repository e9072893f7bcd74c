"""Send an edition by hand: to its readers now, or as a test copy to one address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.config import Newsletter, Schedule
from syndicate.deliver.sample_mail import send_sample
from syndicate.deliver.smtp.transport import SmtpReply
from syndicate.deliver.worker import DeliveryReport
from syndicate.errors import Refused
from syndicate.model.editions import Edition
from syndicate.schedule.composer import ProposedEdition
from syndicate.schedule.schedule_start import first_seen, load_or_store_start, preview_start
from syndicate.schedule.wiring import Services


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
