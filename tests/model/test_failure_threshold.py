"""How many failures pause an edition."""

import pytest

from syndicate.model.editions import FailureThreshold


@pytest.mark.parametrize(
    ("tried", "failed", "is_reached"),
    [(99, 99, False), (100, 5, True), (100, 4, False), (1000, 49, False), (1000, 50, True)],
)
def test_a_share_of_failures_counts_once_enough_were_tried(tried, failed, is_reached):
    assert FailureThreshold(share=0.05, after=100).is_reached(tried, failed) is is_reached


@pytest.mark.parametrize("share", [0.05, 0.3, 1.0])
@pytest.mark.parametrize(("tried", "failed"), [(0, 0), (40, 1), (100, 4), (250, 10)])
def test_no_fewer_failures_than_it_says_can_pause_an_edition(share, tried, failed):
    threshold = FailureThreshold(share=share, after=100)
    left = threshold.failures_left(tried, failed)

    def may_pause(more: int) -> bool:
        """With `more` failures, and as many accepted as it takes to count at all."""
        return threshold.is_reached(max(tried + more, 100), failed + more)

    assert not any(map(may_pause, range(left)))
    assert share == 1 or may_pause(left)
