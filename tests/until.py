"""Waits for a condition, as long as a busy machine takes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

TIMEOUT = 60.0
"""Seconds."""


def until(condition: Callable[[], object], timeout: float = TIMEOUT) -> None:
    """Wait until the condition is true; fail after `timeout` seconds.

    The pauses grow: to ask for a page a hundred times a second slows down the server that starts.
    """
    end, pause = time.monotonic() + timeout, 0.005
    while not condition():
        assert time.monotonic() < end, f"the condition was not true within {timeout:g} seconds"
        time.sleep(pause)
        pause = min(1.2 * pause, 0.1)


def away_from_midnight(seconds: float = 90) -> None:
    """Wait past midnight UTC if it is so near that the day would change during the test."""
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    left = (midnight - now).total_seconds()
    if left < seconds:
        time.sleep(left + 0.01)
