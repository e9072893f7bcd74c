"""When a failed call is retried, and when it is given up."""

from datetime import timedelta

import pytest

from syndicate.publish.push.call_sender import next_attempt
from syndicate.publish.push.http_client import HttpReply
from tests.render.feeds.samples import NOON

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("attempts", "asked", "wait"),
    [(1, "", HOUR / 60), (1, "3600", HOUR), (5, "3600", 6 * HOUR), (1, "soon", HOUR / 60)],
)
def test_a_call_is_not_retried_before_the_server_wants_it(attempts, asked, wait):
    reply = HttpReply(503, {"retry-after": asked}, b"")
    assert next_attempt(attempts, NOON, reply) == NOON + wait


def test_after_three_days_a_call_is_given_up():
    assert next_attempt(10, NOON) == NOON + 12 * HOUR
    assert next_attempt(11, NOON) is None
