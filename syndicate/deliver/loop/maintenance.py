"""What is to be done in the ledger beside handing over: for the dead, and for what is overdue."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence

import structlog

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop import claim_owner
from syndicate.deliver.loop.ledger import Ledger
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders
from syndicate.deliver.smtp.relay import Transport
from syndicate.model.deliveries import Claim, DeliveryOutcome, DeliveryState
from syndicate.store import Transaction

_log = structlog.get_logger(__name__)
_EVERY = 60.0
"""Seconds between looks at what died, and what is overdue."""


class Maintenance:
    """Takes over what dead processes held, and gives up what is past its time."""

    def __init__(
        self, ledger: Ledger, relays: Sequence[Transport], config: Config, links: SignedLinks
    ) -> None:
        self._ledger = ledger
        self._relays = relays
        self._config = config
        self._links = links
        self.recovered = 0
        """How much of what dead processes held is queued again."""
        self.unknown = 0
        """How many messages of dead processes may have arrived or not."""
        self.expired = 0
        self._next = 0.0

    def look(self, now: float) -> None:
        """Do it where it is time again, by `time.monotonic()`; raise StoreError."""
        if now >= self._next:
            self.keep_up()

    def keep_up(self) -> None:
        """Do what is to be done by now; raise StoreError.

        What may have been sent is settled by the relays' evidence where they have
        any, in the same commit: a row is called unknown for good only when
        nothing can be known.
        """
        with self._ledger.store.write() as tx:
            found = tx.deliveries.recover(now=clock.now(), dead=claim_owner.dead)
            fates = [self._settle(tx, claim) for claim in found.unknown]
        with self._ledger.store.write() as tx:
            self.expired += tx.deliveries.expire(self._ledger.moment)
        self.recovered += found.requeued + fates.count(DeliveryState.QUEUED)
        self._report(
            claim.edition
            for claim, fate in zip(found.unknown, fates, strict=True)
            if fate is DeliveryState.UNKNOWN
        )
        self._ledger.store.sweep(self._ledger.moment)
        self._next = time.monotonic() + _EVERY

    def _report(self, unknown: Iterable[int]) -> None:
        """Log how many messages of each edition nobody knows the outcome of, and the remedy."""
        for edition, count in sorted(Counter(unknown).items()):
            self.unknown += count
            _log.warning(
                "a sender died while it sent",
                edition=edition,
                unknown=count,
                remedy=f"syndicate settle {edition} --unknown resend|skip",
            )

    def _settle(self, tx: Transaction, claim: Claim) -> DeliveryState:
        """Settle an unknown one by evidence or policy; return its state from then on."""
        edition = tx.editions.by_key(claim.edition)
        if edition is None:
            return DeliveryState.UNKNOWN
        domain = EditionHeaders.of(edition, self._config).domain
        message_id = self._links.message_id(claim.edition, claim.subscriber, domain)
        answers = [relay.arrived(message_id) for relay in self._relays]
        if any(answers):
            found = DeliveryOutcome(
                claim=claim, state=DeliveryState.ACCEPTED, reply="found by its Message-ID"
            )
            self._ledger.settle(tx, [found], clock.now())
            return DeliveryState.ACCEPTED
        nowhere = all(answer is False for answer in answers)
        if not nowhere and edition.on_unknown != "resend":
            return DeliveryState.UNKNOWN
        return (
            DeliveryState.QUEUED
            if tx.deliveries.resend(claim, at=clock.now())
            else DeliveryState.UNKNOWN
        )
