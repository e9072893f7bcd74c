"""The delay before the next attempt at a delivery that a mail server deferred."""

import hashlib
from datetime import datetime, timedelta

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))
JITTER = 0.2
"""The largest share of a delay that is added to it, so that retries don't all come at once."""


def next_attempt(edition: int, subscriber: int, attempt: int, at: datetime) -> datetime:
    """Return when a delivery is due again that was deferred at `at`, on its `attempt`th attempt.

    The jitter follows from the arguments: the same delivery always gets the same time.
    """
    delay = DELAYS[min(attempt, len(DELAYS)) - 1]
    digest = hashlib.sha256(f"{edition}.{subscriber}.{attempt}".encode()).digest()
    return at + delay * (1 + JITTER * int.from_bytes(digest[:4]) / 2**32)
