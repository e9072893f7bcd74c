"""What programs fall into and people don't notice: a field that nobody sees, and haste."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto

from syndicate.clock import EPOCH

HONEYPOT = "subject"
"""A field that is hidden from people; no browser fills it in by itself."""
_MIN_AGE = timedelta(seconds=2)
"""Nobody fills in a form in less."""
_MAX_AGE = timedelta(days=1)
_TAG_LENGTH = 32
"""Hexadecimal digits of the HMAC: 128 bits."""


def is_honeypot_filled(form: Mapping[str, str]) -> bool:
    """Tell whether the field that nobody sees was filled in."""
    return bool(form.get(HONEYPOT, "").strip())


class StampAge(Enum):
    """What a form's stamp says."""

    NONE = auto()
    """It was filled in as people do, or it has no stamp at all."""
    TOO_SOON = auto()
    STALE = auto()
    """It is more than a day old, or the stamp is not ours."""


class FormStamps:
    """The time at which a form was made, signed; only forms that we make ourselves have it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, at: datetime) -> str:
        """Return a stamp for a form that is made now."""
        when = str((at - EPOCH) // timedelta(milliseconds=1))
        return f"{when}.{self._sign(when)}"

    def judge(self, stamp: str | None, at: datetime) -> StampAge:
        """Say what the stamp of a form that comes in at `at` tells."""
        if stamp is None:
            return StampAge.NONE
        when, _, tag = stamp.partition(".")
        if not hmac.compare_digest(tag.encode("utf-8", "replace"), self._sign(when).encode()):
            return StampAge.STALE
        age = at - EPOCH - timedelta(milliseconds=int(when))
        if age < _MIN_AGE:
            return StampAge.TOO_SOON
        return StampAge.NONE if age <= _MAX_AGE else StampAge.STALE

    def _sign(self, when: str) -> str:
        digest = hmac.digest(self._secret, b"form\0" + when.encode("utf-8", "replace"), "sha256")
        return digest.hex()[:_TAG_LENGTH]
