"""How often a client may poll a feed: polite readers never notice, and others are told to wait.

Each feed and client has two allowances that refill with time. Polls that bring no
validator cost most: after a generous beginning there is one an hour. So do polls that
bring a validator again and again though it was answered in full. Of all polls there may
be a hundred times as many as `max-age` asks for: a client is an address and a program,
and behind one address there may be a house, or an office. Nothing that names a client is
kept: only numbers, drawn anew in each process.

Rachel Kroll's https://rachelbythebay.com/w/feed/ is the model, at a gentler pace;
newsboat's first two polls bring no validator by design.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from syndicate.config import Config

_FULL_AGAIN = timedelta(hours=1)
"""After this there is another poll in full."""
_HASTE = 100
"""Times as often as a feed's freshness asks for that a client may poll for good."""
_POLLS = 200
"""Polls that may come at once."""
_OFFICE = 100
"""Readers alike behind one address: each gets the feed once for a version that it had."""
_CLAIMS = 8
"""Validators of a client that are counted."""
_KNOWN = 20_000
"""Pairs of feed and client that are remembered."""


@dataclass(slots=True)
class _PollBudget:
    """What a client has left for a feed."""

    full: float
    polls: float
    at: float
    claims: dict[int, int] = field(default_factory=dict)
    """How often each validator was answered in full; what was sent last is last."""

    def claim(self, validator: int) -> int:
        """Count that a validator was answered in full; return how often that was so before."""
        before = self.claims.pop(validator, 0)
        self.claims[validator] = before + 1
        if len(self.claims) > _CLAIMS:
            del self.claims[next(iter(self.claims))]
        return before


class PollLimit:
    """Counts polls; `in_full` is how many in full a client may begin with."""

    @classmethod
    def of(cls, config: Config) -> "PollLimit | None":
        """Count as a publication's config says; None where nobody is limited."""
        web, every = config.web, config.syndication.poll_every
        return cls(in_full=web.poll_allowance, every=every) if web.poll_limit else None

    def __init__(self, *, in_full: int, every: timedelta) -> None:
        self._in_full = in_full
        self._full_rate = 1 / _FULL_AGAIN.total_seconds()
        self._rate = _HASTE / every.total_seconds()
        self._accounts: OrderedDict[int, _PollBudget] = OrderedDict()

    def wait(
        self, client: tuple[str | None, ...], validator: str | None, *, full: bool, at: datetime
    ) -> int:
        """Return after how many seconds to come back; 0 for a poll that is all right.

        `client` is whoever polls and what; `full` says whether the whole feed would be
        the answer, `validator` is what the client said it has.
        """
        account = self._account(hash(client), at.timestamp())
        costly = full and (validator is None or account.claim(hash(validator)) >= _OFFICE)
        if account.polls < 1:
            return ceil((1 - account.polls) / self._rate)
        if costly and account.full < 1:
            return ceil((1 - account.full) / self._full_rate)
        account.polls -= 1
        if costly:
            account.full -= 1
        return 0

    def _account(self, key: int, now: float) -> _PollBudget:
        """Return a client's account as it is now."""
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = _PollBudget(self._in_full, _POLLS, now)
            if len(self._accounts) > _KNOWN:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(key)
            passed = max(now - account.at, 0.0)
            account.full = min(account.full + passed * self._full_rate, self._in_full)
            account.polls = min(account.polls + passed * self._rate, _POLLS)
            account.at = now
        return account
