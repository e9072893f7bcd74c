"""Readers in tests: why something about them changed."""

from syndicate.model.subscribers import Cause, Who

TEST = Cause(who=Who.OPERATOR, how="test")


def by_reader(how: str) -> Cause:
    """Return the reader's own doing."""
    return Cause(who=Who.READER, how=how)
