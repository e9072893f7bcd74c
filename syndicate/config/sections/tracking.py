"""How clicks on the links in a newsletter's mail are counted."""

from enum import StrEnum


class Tracking(StrEnum):
    """What is recorded of clicks on links."""

    NONE = "none"
    CLICKS = "clicks"
    """How many clicks each link had, but not whose."""
    READERS = "readers"
    """How many clicks each link had, and whose."""
