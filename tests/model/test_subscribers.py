"""Who may undo an unsubscription, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.subscribers import UNDO_FOR, Action, Actor, Cause, SubscriberChange, may_undo

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def change(action: Action, at: datetime = NOON, who: Actor = Actor.READER, name: str = "news"):
    return SubscriberChange(action=action, newsletter=name, cause=Cause(who=who, how="test", at=at))


SUBSCRIBED = change(Action.SUBSCRIBED, NOON - DAY)


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ([SUBSCRIBED, change(Action.LEFT)], True),
        ([SUBSCRIBED, change(Action.LEFT, who=Actor.OPERATOR)], False),
        ([SUBSCRIBED, change(Action.LEFT, who=Actor.SERVER)], False),
        ([SUBSCRIBED, change(Action.LEFT, NOON - UNDO_FOR)], False),
        ([SUBSCRIBED], False),
        ([change(Action.LEFT)], False),
        ([SUBSCRIBED, change(Action.LEFT), change(Action.LEFT)], False),
        ([SUBSCRIBED, change(Action.LEFT, name="other")], False),
    ],
)
def test_only_a_readers_own_unsubscription_can_be_undone_for_an_hour(changes, may):
    assert may_undo(changes, "news", NOON) is may
