"""How clicks on the links in a newsletter's mail are counted."""

from enum import StrEnum


class Tracking(StrEnum):
    """What is known of the readers who followed a link."""

    NONE = "none"
    CLICKS = "clicks"
    """How often, and not by whom."""
    READERS = "readers"
    """How often, and by whom."""
