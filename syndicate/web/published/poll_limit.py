"""How often a client may poll a feed: polite readers never notice, others get 429.

Each pair of feed and client has two budgets that refill with time. Full polls, without a
validator, are scarce: after an initial allowance one an hour. A poll whose validator was
answered in full again and again counts as one. Of all polls a hundred times as many are
allowed as `max-age` asks for: a client is an address and a program, and many people may
share an address. Nothing that identifies a client is stored, only hashes, which differ in
each process.

The model is Rachel Kroll's https://rachelbythebay.com/w/feed/, with gentler limits:
newsboat's first two polls have no validator by design.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from cachetools import LRUCache

_FULL_POLL_INTERVAL = timedelta(hours=1)
"""Time after which one more full poll is allowed."""
_RATE_FACTOR = 100
"""How many times as often as the feed's `max-age` asks for a client may poll."""
_BURST = 200
"""Polls that may come at once."""
_MAX_FULL = 100
"""Full responses for one validator: this many people may share an address and a program."""
_MAX_VALIDATORS = 8
"""Validators of a client that are counted."""
_MAX_BUDGETS = 20_000
"""Pairs of feed and client that are remembered."""


@dataclass(slots=True)
class _PollBudget:
    """What a client has left for a feed: two token buckets, and counts of full responses."""

    full: float
    polls: float
    at: float
    answered: dict[int, int] = field(default_factory=dict)
    """How often each validator was answered in full; the most recent one is last."""

    def count_full(self, validator: int) -> int:
        """Count a full response to a validator; return how many there were before."""
        before = self.answered.pop(validator, 0)
        self.answered[validator] = before + 1
        if len(self.answered) > _MAX_VALIDATORS:
            del self.answered[next(iter(self.answered))]
        return before


class PollLimit:
    """Counts polls; `full_allowance` is a client's initial number of full polls."""

    def __init__(self, *, full_allowance: int, every: timedelta) -> None:
        self._full_allowance = full_allowance
        self._full_rate = 1 / _FULL_POLL_INTERVAL.total_seconds()
        self._rate = _RATE_FACTOR / every.total_seconds()
        self._budgets: LRUCache[int, _PollBudget] = LRUCache(_MAX_BUDGETS)

    def get_delay(
        self, client: tuple[str | None, ...], validator: str | None, *, full: bool, at: datetime
    ) -> int:
        """Count a poll and return 0, or the seconds until the next one is allowed.

        `client` identifies client and feed; `full` means that the response would be the whole
        feed, `validator` is the client's ETag or date.
        """
        key, now = hash(client), at.timestamp()
        budget = self._budgets.get(key)
        if budget is None:
            budget = self._budgets[key] = _PollBudget(self._full_allowance, _BURST, now)
        # both have been refilled since its last poll
        passed = max(now - budget.at, 0.0)
        budget.full = min(budget.full + passed * self._full_rate, self._full_allowance)
        budget.polls = min(budget.polls + passed * self._rate, _BURST)
        budget.at = now
        costly = full and (validator is None or budget.count_full(hash(validator)) >= _MAX_FULL)
        if budget.polls < 1:
            return ceil((1 - budget.polls) / self._rate)
        if costly and budget.full < 1:
            return ceil((1 - budget.full) / self._full_rate)
        budget.polls -= 1
        if costly:
            budget.full -= 1
        return 0
