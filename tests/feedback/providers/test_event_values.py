"""Values in the events of all providers: reply codes, times, and whatever else may be there."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.errors import WebhookRefused
from syndicate.feedback.providers.provider_event import find_code
from tests.feedback.providers.event_meanings import read
from tests.feedback.providers.provider_calls import KINDS, Message, bounced


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.1.1 no such user", 550),
        ("smtp; 452-4.2.2 full", 452),
        (" RecipientError: 550 5.5.0 unavailable", 550),
        ("smtp;550 5.1.1", 550),
        ("the mailbox is over 500 MB", 0),
        ("error 4211 at 10.250.0.1", 0),
        ("", 0),
    ],
)
def test_a_reply_code_is_found_where_it_is_one(text, code):
    assert find_code(text) == code


@pytest.mark.parametrize(
    ("given", "at"),
    [
        (1764489600, datetime(2025, 11, 30, 8, tzinfo=UTC)),
        ("1764489600", datetime(2025, 11, 30, 8, tzinfo=UTC)),
        (1764489600.5, datetime(2025, 11, 30, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2025-11-30T03:00:00.2735393-05:00", datetime(2025, 11, 30, 8, 0, 0, 273_539, tzinfo=UTC)),
        ("2025-11-30T08:00:00Z", datetime(2025, 11, 30, 8, tzinfo=UTC)),
        (True, None),
        (-5, None),
        (10**400, None),
        (float("inf"), None),
        (float("nan"), None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
        ([1], None),
    ],
)
def test_a_time_is_a_number_or_text_or_missing(given, at):
    (event,) = read("standard", {"type": "delivered", "timestamp": given})

    assert event.at == at


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_whatever_a_provider_sends_in_place_of_a_value_is_read_or_refused(data):
    kind = data.draw(st.sampled_from(KINDS))
    event = bounced(kind, Message())
    place, path = event, data.draw(st.lists(st.integers(0, 20), max_size=4))
    for step in path:
        keys = list(place) if isinstance(place, dict) else []
        if not keys:
            break
        key = keys[step % len(keys)]
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            place[key] = data.draw(json_values)
            break
        place = place[key]

    try:
        events = read(kind, json.loads(json.dumps(event)))
    except WebhookRefused:
        return
    for found in events:
        feedback = found.feedback
        assert found.id
        if feedback is not None:
            texts = (feedback.text, feedback.host, feedback.status, feedback.reference.recipient)
            assert not set("".join(texts)) & set("\0\r\n\x1b")
            "".join(texts).encode()
            assert len(feedback.status) <= 16
