"""How fast a count grows, and when the rest will be done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate.cli.editions.progress import draw_bar, format_counts, format_remaining
from syndicate.cli.editions.relays import format_rate
from syndicate.model.deliveries import DeliveryTotals
from syndicate.model.editions import CountRate, EditionProgress, EditionState
from tests.deliver.editions import freeze


def frozen(sqlite_store, state=EditionState.SENDING):
    return replace(freeze(sqlite_store), state=state)


def test_a_speed_is_that_of_the_last_ten_seconds():
    speed = CountRate()
    speed.add(0, 0)
    assert speed.per_second is None
    for second in range(1, 21):
        speed.add(second, 100 * second)
    assert speed.per_second == 100
    for second in range(21, 31):
        speed.add(second, 2000)
    assert speed.per_second == 0


def test_looks_that_lie_far_apart_give_a_speed_as_well():
    speed = CountRate()
    speed.add(0, 0)
    speed.add(60, 600)
    speed.add(90, 1500)
    assert speed.per_second == 30


def test_what_comes_back_into_the_queue_is_no_speed():
    speed = CountRate()
    speed.add(0, 10)
    speed.add(1, 4)
    assert speed.per_second == 0


@pytest.mark.parametrize(
    ("totals", "state", "left"),
    [
        (
            DeliveryTotals(queued=90, sending=9, accepted=1),
            EditionState.SENDING,
            timedelta(seconds=10),
        ),
        (DeliveryTotals(deferred=9, accepted=1), EditionState.SENDING, None),
        (DeliveryTotals(queued=90, accepted=1), EditionState.PAUSED, None),
    ],
)
def test_it_is_done_when_all_were_tried(sqlite_store, totals, state, left):
    one = EditionProgress(edition=frozen(sqlite_store, state), totals=totals, per_second=10)
    assert one.left == left


def test_all_of_it_is_over_when_nothing_waits(sqlite_store):
    edition = frozen(sqlite_store)
    half = EditionProgress(
        edition=edition, totals=DeliveryTotals(accepted=40, failed=10, deferred=50)
    )
    assert half.share == 0.5
    assert EditionProgress(edition=edition, totals=DeliveryTotals(accepted=4, skipped=1)).share == 1
    assert EditionProgress(edition=edition, totals=DeliveryTotals()).share == 1


def test_it_is_said_in_few_words():
    assert format_counts(DeliveryTotals(queued=3000, accepted=7320, failed=3)) == (
        "7,320 of 10,323 accepted, 3 failed"
    )
    assert [format_rate(speed) for speed in (1234.5, 9.94, 0.3)] == ["1,234/s", "9.9/s", "18/min"]
    times = (timedelta(seconds=seconds) for seconds in (4, 600, 11_100))
    assert [format_remaining(time) for time in times] == ["4 s", "10 min", "3 h 5 min"]
    assert [draw_bar(share).count(draw_bar(1)[0]) for share in (0, 0.5, 0.999, 1)] == [
        0,
        12,
        23,
        24,
    ]
