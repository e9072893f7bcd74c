"""Pauses an edition when too large a share of it is refused for good."""

from collections import Counter
from dataclasses import dataclass, field

import structlog

from syndicate import clock
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import FailureThreshold
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Store

_log = structlog.get_logger(__name__)
_TRIED = (DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.UNKNOWN)


@dataclass(slots=True)
class _EditionFailures:
    """What this process has counted of an edition since it last read the whole ledger."""

    tried: int = 0
    failed: int = 0
    tried_before: int = 0
    """How many all processes had tried by then."""
    failures_until_check: int = 1


@dataclass
class FailureLimit:
    """Counts an edition's failures, and pauses it at the limit; one thread uses it at a time.

    To count a whole edition takes a tenth of a second for a million readers, so that
    happens only when the limit may have been reached.
    """

    store: Store
    limit: FailureThreshold
    paused: list[int] = field(default_factory=list)
    """The editions that it paused."""
    failures: dict[int, _EditionFailures] = field(default_factory=dict)

    def record(self, edition: int, states: Counter[DeliveryState]) -> None:
        """Add new outcomes; pause the edition if too many of all are failures."""
        counted = self.failures.setdefault(edition, _EditionFailures())
        counted.tried += sum(states[state] for state in _TRIED)
        counted.failed += states[DeliveryState.FAILED]
        before = counted.tried_before
        first_check = before < self.limit.after <= before + counted.tried
        may_be_reached = first_check and counted.failed + before > 0
        if may_be_reached or counted.failed >= counted.failures_until_check:
            self._check(edition)

    def _check(self, edition: int) -> None:
        with self.store.read() as tx:
            tried, failed = tx.control.results_since_resume(edition)
        self.failures[edition] = _EditionFailures(
            tried_before=tried, failures_until_check=self.limit.failures_left(tried, failed)
        )
        if not self.limit.is_reached(tried, failed):
            return
        with self.store.write() as tx:
            # again, since the edition may have been resumed meanwhile
            tried, failed = tx.control.results_since_resume(edition)
            if not self.limit.is_reached(tried, failed):
                return
            cause = Cause(who=Actor.SERVER, how=f"{failed} of {tried} were refused for good")
            decision = tx.control.pause(edition, cause=cause, at=clock.now())
        if decision.changed:
            self.paused.append(edition)
            _log.error(
                "edition paused itself",
                edition=edition,
                refused=failed,
                of=tried,
                held_back=decision.left.held_back,
                remedy=f"see `syndicate deliveries {edition}`; then resume, replace or cancel it",
            )
