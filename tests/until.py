"""Waiting for what is to come about, however long a loaded machine takes."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

PATIENCE = 60.0
"""Seconds after which something that was to come about won't."""


def until(true: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"it did not come about within {patience:g} seconds"
        time.sleep(0.01)


def away_from_midnight(seconds: float = 90) -> None:
    """Wait for midnight of UTC, where it is so near that a day would end in mid-test."""
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    left = (midnight - now).total_seconds()
    if left < seconds:
        time.sleep(left + 0.01)
