"""Subscribers from a CSV file, as another newsletter tool exports them."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import batched
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from syndicate.errors import Refused
from syndicate.intake.text import one_line
from syndicate.model.subscribers import Subscribed, normal_address
from syndicate.store import Store, Transaction

BATCH = 500
"""Rows per transaction: long files don't keep others from writing."""
_HEADERS = (["email"], ["email", "name"])
_LONGEST_NAME = 200


class Verdict(StrEnum):
    """What became of a row."""

    ADDED = "added"
    KNOWN = "known"
    LEFT = "left"
    SUPPRESSED = "suppressed"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


_VERDICTS = {
    Subscribed.NEW: Verdict.ADDED,
    Subscribed.KNOWN: Verdict.KNOWN,
    Subscribed.LEFT: Verdict.LEFT,
    Subscribed.SUPPRESSED: Verdict.SUPPRESSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the file and what became of it."""

    line: int
    email: str
    name: str = ""
    verdict: Verdict
    reason: str = ""
    """Why it was refused, or whose duplicate it is."""
