"""When mail has stalled."""

from datetime import UTC, datetime

import pytest

from syndicate.store.ledger.mail_flow import STALLED_AFTER, MailFlow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOON + STALLED_AFTER


@pytest.mark.parametrize(
    ("due_since", "last_accepted", "at", "stalled"),
    [
        (NOON, None, LATER, True),
        (NOON, NOON - STALLED_AFTER, LATER, True),
        (NOON, LATER, LATER, False),
        (NOON, LATER, LATER + STALLED_AFTER, True),
        (None, None, LATER, False),
    ],
)
def test_mail_has_stalled_when_none_was_accepted_since_it_became_due(
    due_since, last_accepted, at, stalled
):
    flow = MailFlow(oldest=None, due_since=due_since, last_accepted=last_accepted, last_tick=None)
    assert flow.is_stalled(at) is stalled
