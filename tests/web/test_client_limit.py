from datetime import timedelta

from syndicate import clock
from syndicate.web.client_limit import ClientLimit


def test_the_limit_is_refilled_as_time_passes():
    limit, at = ClientLimit(burst=40, per_second=0.5), clock.now()
    for _ in range(40):
        assert limit.take("a", at=at) is None
    wait = limit.take("a", at=at)
    assert wait == timedelta(seconds=2)
    assert limit.take("b", at=at) is None
    assert limit.take("a", at=at + wait) is None
    assert limit.take("a", at=at + wait) is not None


def test_to_ask_how_long_to_wait_costs_nothing():
    limit, at = ClientLimit(burst=1, per_second=1), clock.now()
    assert [limit.wait("a", at=at) for _ in range(3)] == [None] * 3
    assert limit.take("a", at=at) is None
    assert limit.wait("a", at=at) == timedelta(seconds=1)
