"""Why something about a reader changed, in tests."""

from syndicate.model.subscribers import Actor, Cause

TEST = Cause(who=Actor.OPERATOR, how="test")


def by_reader(how: str) -> Cause:
    """Return a change by the reader."""
    return Cause(who=Actor.READER, how=how)
