"""Refused calls to hooks: counted in memory, and once a minute in the store and in the log.

So a flood of forged calls costs the store no more than one of them.
"""

from collections import Counter
from datetime import datetime, timedelta

import structlog
from starlette.concurrency import run_in_threadpool

from syndicate.clock import EPOCH
from syndicate.errors import StoreError
from syndicate.model.feedback import HOOK_SOURCE
from syndicate.store import Store
from syndicate.web.telemetry.counters import RequestCounters, WebhookResult

_log = structlog.get_logger(__name__)
_INTERVAL = timedelta(minutes=1)


class RefusalLog:
    """Counts the results of calls for the metrics, and refusals for the operator as well.

    What is not stored yet when the process ends is missing in the store.
    """

    def __init__(self, store: Store, counters: RequestCounters) -> None:
        self._store = store
        self._counters = counters
        self._unlogged: Counter[tuple[str, WebhookResult]] = Counter()
        self._unstored: Counter[tuple[str, WebhookResult]] = Counter()
        self._reasons: dict[tuple[str, WebhookResult], str] = {}
        self._logged_at = self._stored_at = EPOCH

    async def note(self, hook: str, result: WebhookResult, reason: str, at: datetime) -> None:
        """Count a call to a hook, which is "" for one that doesn't exist."""
        self._counters.count_webhook(hook, result)
        if result is not WebhookResult.ACCEPTED and hook:
            self._unstored[hook, result] += 1
            if result is not WebhookResult.REPLAYED:  # most are honest retries
                self._unlogged[hook, result] += 1
                self._reasons[hook, result] = reason
        if self._unlogged and at - self._logged_at >= _INTERVAL:
            self._logged_at = at
            self._log_calls()
        # while the store is busy nobody waits for it here
        is_due = at - self._stored_at >= _INTERVAL and result is not WebhookResult.BUSY
        if self._unstored and is_due:
            self._stored_at = at
            unstored, self._unstored = self._unstored, Counter()
            if not await run_in_threadpool(self._store_counts, unstored, at):
                self._unstored += unstored  # the next minute tries again

    def _log_calls(self) -> None:
        for (hook, result), calls in self._unlogged.items():
            what, why = result.value, self._reasons[hook, result]
            _log.warning("webhook calls refused", hook=hook, what=what, calls=calls, why=why)
        self._unlogged.clear()

    def _store_counts(self, calls: Counter[tuple[str, WebhookResult]], at: datetime) -> bool:
        """Store how many calls were refused; return False where that can't be done now."""
        try:
            with self._store.write() as tx:
                for (hook, result), times in sorted(calls.items()):  # others do so as well
                    tx.held_reports.count_report(f"{HOOK_SOURCE}{hook}", result, at, times=times)
        except StoreError:
            return False
        return True
