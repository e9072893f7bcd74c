"""`[review]`: who sees an edition before it is released, and decides about it by a link."""

from pydantic import Field

from syndicate.config.values import Sender, Table


class ReviewSettings(Table):
    """Who gets the proof of an edition that waits for a person, and decides about it by a link."""

    reviewers: tuple[Sender, ...] = Field((), examples=[["Maren Tolk <maren@example.org>"]])
    """The people who get it by mail, each with a link of their own."""
