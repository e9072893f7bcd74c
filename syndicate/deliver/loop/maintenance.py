"""Takes over the claims of dead processes, and expires deliveries that are overdue."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop import claim_owner
from syndicate.deliver.loop.ledger import Ledger
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders
from syndicate.deliver.smtp.transport import Transport
from syndicate.model.deliveries import Claim, DeliveryOutcome, DeliveryState
from syndicate.model.feedback import MatchedBy
from syndicate.store import Transaction

_log = structlog.get_logger(__name__)
_INTERVAL = 60.0
"""Seconds between two runs."""


@dataclass
class Maintenance:
    """The work in the ledger besides sending."""

    ledger: Ledger
    transports: Sequence[Transport]
    config: Config
    links: SignedLinks
    recovered: int = 0
    """Deliveries of dead processes that are queued again."""
    unknown: int = 0
    """Messages of dead processes that may or may not have arrived."""
    expired: int = 0
    next_run: float = 0.0
    """When to run again, by `time.monotonic()`."""

    def run(self) -> None:
        """Recover, expire and sweep; raise StoreError.

        A message that may have been sent is settled by what its relays know, in the same
        commit: it is recorded as unknown only if nothing can be known.
        """
        with self.ledger.store.write() as tx:
            requeued, sending = tx.deliveries.recover(now=clock.now(), dead=claim_owner.is_dead)
            states = [self._settle(tx, claim) for claim in sending]
        self.expired += self.ledger.expire()
        self.recovered += requeued + states.count(DeliveryState.QUEUED)
        settled = zip(sending, states, strict=True)
        unknown = Counter(c.edition for c, state in settled if state is DeliveryState.UNKNOWN)
        self.unknown += unknown.total()
        for edition, count in sorted(unknown.items()):
            _log.warning(
                "a sender died while it sent",
                edition=edition,
                unknown=count,
                remedy=f"syndicate settle {edition} --unknown resend|skip",
            )
        self.ledger.store.sweep(self.ledger.current_time)
        self.next_run = time.monotonic() + _INTERVAL

    def _settle(self, tx: Transaction, claim: Claim) -> DeliveryState:
        """Settle an unknown delivery by evidence or policy; return its new state."""
        edition = tx.editions.by_key(claim.edition)
        if edition is None:
            return DeliveryState.UNKNOWN
        domain = EditionHeaders.of(edition, self.config).domain
        message_id = self.links.message_id(claim.edition, claim.subscriber, domain)
        arrived = [transport.arrived(message_id) for transport in self.transports]
        evidence = "found by its Message-ID" if any(arrived) else _reported(tx, claim)
        if evidence:
            outcome = DeliveryOutcome(claim=claim, state=DeliveryState.ACCEPTED, reply=evidence)
            self.ledger.settle(tx, [outcome], clock.now())
            return DeliveryState.ACCEPTED
        lost = all(answer is False for answer in arrived)
        if (lost or edition.on_unknown == "resend") and tx.deliveries.resend(claim, at=clock.now()):
            return DeliveryState.QUEUED
        return DeliveryState.UNKNOWN


def _reported(tx: Transaction, claim: Claim) -> str:
    """Return what came back about a message while it was being sent; empty where nothing did.

    Only what a server accepted can arrive, or bounce later.
    """
    for record in tx.feedback.by_delivery(*claim.key):
        if record.matched_by is not MatchedBy.HAND_OVER:
            return f"reported as {record.kind}"
    return ""
