"""When mail has stalled."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.store.ledger.mail_flow import MailFlow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SILENT_FOR = timedelta(minutes=5)
LATER = NOON + SILENT_FOR


@pytest.mark.parametrize(
    ("due_since", "last_accepted", "at", "stalled"),
    [
        (NOON, None, LATER, True),
        (NOON, NOON - SILENT_FOR, LATER, True),
        (NOON, LATER, LATER, False),
        (NOON, LATER, LATER + SILENT_FOR, True),
        (None, None, LATER, False),
    ],
)
def test_mail_has_stalled_when_none_was_accepted_since_it_became_due(
    due_since, last_accepted, at, stalled
):
    flow = MailFlow(oldest=None, due_since=due_since, last_accepted=last_accepted, last_tick=None)
    assert flow.is_stalled(at, SILENT_FOR) is stalled
