"""When a deferred delivery is due again."""

from datetime import UTC, datetime

import pytest

from syndicate.model.deliveries import RETRY_DELAYS, next_attempt

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempt", "delay"), [*enumerate(RETRY_DELAYS, start=1), (7, RETRY_DELAYS[-1])]
)
def test_each_attempt_waits_longer_by_a_fifth_at_most(attempt, delay):
    times = [next_attempt(1, subscriber, attempt, NOON) - NOON for subscriber in range(50)]
    assert delay <= min(times) < max(times) <= delay * 1.2
    assert times[0] == next_attempt(1, 0, attempt, NOON) - NOON
