"""What is counted of the links in a newsletter's mail."""

from enum import StrEnum


class Tracking(StrEnum):
    """How much is known of who followed a link."""

    NONE = "none"
    CLICKS = "clicks"
    """How often, and not by whom."""
    READERS = "readers"
    """How often, and by whom."""
