"""Bot checks of the sign-up form: a hidden field, and how fast it was filled in."""

import hmac
from datetime import datetime, timedelta
from enum import Enum, auto

from syndicate.clock import EPOCH

HONEYPOT = "subject"
"""The hidden field; no browser fills it in by itself."""
_MIN_AGE = timedelta(seconds=2)
_MAX_AGE = timedelta(days=1)
_TAG_LENGTH = 32
"""Hexadecimal digits of the HMAC: 128 bits."""


class StampAge(Enum):
    """The age of a form, from its stamp."""

    OK = auto()
    """People take that long; or the form has no stamp, as those on other sites."""
    TOO_SOON = auto()
    STALE = auto()
    """More than a day old, or the stamp isn't ours."""


class FormStamps:
    """Signed timestamps of the forms that we render."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, at: datetime) -> str:
        """Return the stamp of a form that is rendered at `at`."""
        milliseconds = str((at - EPOCH) // timedelta(milliseconds=1))
        return f"{milliseconds}.{self._sign(milliseconds)}"

    def check(self, stamp: str | None, at: datetime) -> StampAge:
        """Verify the stamp of a form that is submitted at `at`."""
        if stamp is None:
            return StampAge.OK
        milliseconds, _, tag = stamp.partition(".")
        expected = self._sign(milliseconds).encode()
        if not hmac.compare_digest(tag.encode("utf-8", "replace"), expected):
            return StampAge.STALE
        age = at - EPOCH - timedelta(milliseconds=int(milliseconds))
        if age < _MIN_AGE:
            return StampAge.TOO_SOON
        return StampAge.OK if age <= _MAX_AGE else StampAge.STALE

    def _sign(self, milliseconds: str) -> str:
        text = b"form\0" + milliseconds.encode("utf-8", "replace")
        return hmac.digest(self._secret, text, "sha256").hex()[:_TAG_LENGTH]
