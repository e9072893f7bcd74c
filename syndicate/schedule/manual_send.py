"""Editions sent by hand: now, or as a test copy to one address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syndicate.config import Newsletter, Schedule
from syndicate.deliver.sample_mail import send_copy
from syndicate.deliver.smtp.relay import SmtpReply
from syndicate.deliver.worker import DeliveryReport
from syndicate.errors import Refused, StoreLocked
from syndicate.model.editions import Edition
from syndicate.schedule.beginning import begin, beginning_there_would_be, seen_since
from syndicate.schedule.composer import ProposedEdition
from syndicate.schedule.firing import ATTEMPTS
from syndicate.schedule.wiring import Newsroom


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualSend:
    """What somebody asked to be sent: what a schedule would, or exactly these articles."""

    newsletter: Newsletter
    schedule: Schedule | None = None
    slugs: Sequence[str] = ()
    segment: str | None = None
    """Whom it goes to, in place of the schedule's; None: as the schedule says, or all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualSendReport:
    """An edition sent by hand, and how far it got."""

    edition: Edition
    delivered: DeliveryReport


def send_now(newsroom: Newsroom, order: ManualSend, *, at: datetime) -> ManualSendReport | None:
    """Freeze an edition and deliver it; None when nothing is new."""
    newsroom.publish(at)
    for _ in range(ATTEMPTS):
        proposal = _propose(newsroom, order, at=at, keep=True)
        if proposal.draft is None:
            return None
        with newsroom.store.write() as tx:
            edition = newsroom.desk.freeze(tx, proposal)
        if edition is not None:
            return ManualSendReport(edition=edition, delivered=newsroom.deliver(at))
    raise StoreLocked("new articles kept coming in while the edition was composed; try again")


def send_test_copy(newsroom: Newsroom, order: ManualSend, *, to: str, at: datetime) -> SmtpReply:
    """Send one copy that no ledger knows of.

    Raise Refused when there is nothing to show or the address is held back, and
    DeliveryError as the mail server answers.
    """
    newsroom.publish(at)
    draft = _propose(newsroom, order, at=at, keep=False).draft
    if draft is None:
        raise Refused(
            f"nothing is new for {order.newsletter.name}; name articles with --article SLUG"
        )
    return send_copy(
        draft, to, config=newsroom.config, relays=newsroom.relays, links=newsroom.links
    )


def _propose(newsroom: Newsroom, order: ManualSend, *, at: datetime, keep: bool) -> ProposedEdition:
    """Compose what was ordered; with `keep`, a schedule that is new begins now."""
    desk, schedule = newsroom.desk, order.schedule
    if schedule is None:
        return desk.propose_these(order.newsletter, order.slugs, segment=order.segment, at=at)
    if keep:
        with newsroom.store.write() as tx:
            seen_since(tx, schedule, newsroom.config, at=at)
            beginning = begin(tx, schedule.name, at=at)
    else:
        with newsroom.store.read() as tx:
            beginning = beginning_there_would_be(tx, schedule.name, at=at)
    return desk.propose(
        order.newsletter,
        schedule,
        beginning=beginning,
        segment=order.segment,
        slot_at=at,
        at=at,
    )
