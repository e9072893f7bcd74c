"""The brake: an edition that too many servers refuse for good is paused before more is spoilt."""

from collections import Counter
from dataclasses import dataclass

import structlog

from syndicate import clock
from syndicate.model.deliveries import DeliveryState
from syndicate.model.edition_control import FailureThreshold
from syndicate.model.subscribers import Actor, Cause
from syndicate.store import Store, Transaction

_log = structlog.get_logger(__name__)
_TRIED = (DeliveryState.ACCEPTED, DeliveryState.FAILED, DeliveryState.UNKNOWN)


@dataclass(slots=True)
class _EditionFailures:
    """What this process knows of an edition since it last looked at the whole ledger."""

    tried: int = 0
    failed: int = 0
    tried_then: int = 0
    """How many all processes had tried by then."""
    bearable: int = 1
    """So many more failures, and it is worth looking again."""


class FailureLimit:
    """Looks at an edition's failures now and then, and pauses it; one thread uses it at a time.

    Counting all of an edition takes a tenth of a second where a million are to be
    counted, so it is done when the limit may have been reached, and not before.
    """

    def __init__(self, store: Store, limit: FailureThreshold) -> None:
        self._store = store
        self._limit = limit
        self._watches: dict[int, _EditionFailures] = {}
        self.paused: list[int] = []
        """The editions that it paused."""

    def note(self, edition: int, states: Counter[DeliveryState]) -> None:
        """Take note of what was settled; pause the edition where that is too much."""
        watch = self._watches.setdefault(edition, _EditionFailures())
        watch.tried += sum(states[state] for state in _TRIED)
        watch.failed += states[DeliveryState.FAILED]
        crossed = watch.tried_then < self._limit.after <= watch.tried_then + watch.tried
        if watch.failed >= watch.bearable or (crossed and watch.failed + watch.tried_then):
            self._look(edition)

    # how

    def _look(self, edition: int) -> None:
        with self._store.read() as tx:
            tried, failed = tx.control.results_since_resume(edition)
        self._watches[edition] = _EditionFailures(
            tried_then=tried, bearable=self._limit.failures_left(tried, failed)
        )
        if self._limit.is_reached(tried, failed):
            with self._store.write() as tx:
                self._pause(tx, edition)

    def _pause(self, tx: Transaction, edition: int) -> None:
        tried, failed = tx.control.results_since_resume(
            edition
        )  # somebody may have resumed it meanwhile
        if not self._limit.is_reached(tried, failed):
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
