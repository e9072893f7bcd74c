"""Who changed something, how and when, in tests."""

from datetime import datetime

from syndicate.model.subscribers import Actor, Cause


def by_test(at: datetime) -> Cause:
    """Return a change by an operator."""
    return Cause(who=Actor.OPERATOR, how="test", at=at)


def by_reader(how: str, at: datetime) -> Cause:
    """Return a change by the reader."""
    return Cause(who=Actor.READER, how=how, at=at)
