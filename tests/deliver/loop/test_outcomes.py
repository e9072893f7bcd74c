from datetime import timedelta

import pytest

from syndicate.deliver.loop import outcomes
from syndicate.deliver.loop.outcomes import is_allowed
from syndicate.errors import NoVerdict, TemporaryFailure
from syndicate.model.deliveries import Claim, DeliveryState
from syndicate.model.editions import Edition, EditionKind
from tests.deliver.editions import NOON

CLAIM = Claim(edition=1, subscriber=2, email="a@x.org", name="", newsletter="breaking", attempt=0)


def verdict(error, on_unknown="skip"):
    edition = Edition(
        key=1,
        newsletter="breaking",
        schedule=None,
        kind=EditionKind.ALERT,
        subject="",
        content="",
        upto=1,
        created_at=NOON,
        slot_at=NOON,
        expires_at=NOON,
        on_unknown=on_unknown,
    )
    return outcomes.classify(error, CLAIM, edition, NOON)


def test_what_was_put_off_is_due_in_five_minutes_or_a_little_more():
    put_off = verdict(TemporaryFailure("450 4.2.1 full", 450))

    assert (put_off.state, put_off.code, put_off.reply) == (
        DeliveryState.DEFERRED,
        450,
        "4.2.1 full",
    )
    assert timedelta(minutes=5) <= put_off.next_attempt_at - NOON <= timedelta(minutes=6)


def test_no_verdict_is_unknown_for_editions_and_tried_again_for_letters():
    assert verdict(NoVerdict("gone")).state is DeliveryState.UNKNOWN
    assert verdict(NoVerdict("gone"), on_unknown="resend").state is DeliveryState.DEFERRED


@pytest.mark.parametrize(
    ("only", "out"),
    [((), True), (("*@example.org",), True), (("*@EXAMPLE.org", "x@y.z"), True), (("b@*",), False)],
)
def test_mail_only_lets_out_who_matches(only, out):
    assert is_allowed("Ada@Example.org", only) is out
