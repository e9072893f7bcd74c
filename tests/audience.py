"""Readers in tests: why something about them changed."""

from syndicate.model.subscribers import Actor, Cause

TEST = Cause(who=Actor.OPERATOR, how="test")


def by_reader(how: str) -> Cause:
    """Return the reader's own doing."""
    return Cause(who=Actor.READER, how=how)
