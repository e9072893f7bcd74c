"""Bot checks of the sign-up form: a hidden field, how fast it was filled in, a proof of work.

A proof of work is a calculation that takes a browser a moment and makes floods expensive. The
format is ALTCHA's, so its widget and libraries work with it, without any third party:
https://altcha.org/docs/v2/proof-of-work-captcha/
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from syndicate.clock import EPOCH

HONEYPOT = "subject"
"""The hidden field; no browser fills it in by itself."""
_MIN_AGE = timedelta(seconds=2)
_MAX_AGE = timedelta(days=1)
_TAG_LENGTH = 32
"""Hexadecimal digits of the HMAC: 128 bits."""
PROOF_FIELD = "altcha"
"""The form's field with the solution."""
MAX_NUMBER = 50_000
"""The number to find is below this: a second's work for a slow phone."""
CHALLENGE_LIFETIME = timedelta(minutes=20)
_ALGORITHM = "SHA-256"
_SALT = re.compile(r"[0-9a-f]{24}\?expires=([0-9]{1,11})&")
"""Hashed with the number after it: the "&" keeps its digits from being read as part of the time."""


class StampAge(Enum):
    """The age of a form, from its stamp."""

    OK = auto()
    """People take that long; or the form has no stamp, as those on other sites."""
    TOO_SOON = auto()
    STALE = auto()
    """More than a day old, or the stamp isn't ours."""


class BotChecks:
    """Signed timestamps of the forms that we render, and challenges with their solutions."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make_stamp(self, at: datetime) -> str:
        """Return the stamp of a form that is rendered at `at`."""
        milliseconds = str((at - EPOCH) // timedelta(milliseconds=1))
        return f"{milliseconds}.{self._sign('form', milliseconds)[:_TAG_LENGTH]}"

    def check_stamp(self, stamp: str | None, at: datetime) -> StampAge:
        """Verify the stamp of a form that is submitted at `at`."""
        if stamp is None:
            return StampAge.OK
        milliseconds, _, tag = stamp.partition(".")
        if not _is_equal(tag, self._sign("form", milliseconds)[:_TAG_LENGTH]):
            return StampAge.STALE
        age = at - EPOCH - timedelta(milliseconds=int(milliseconds))
        if age < _MIN_AGE:
            return StampAge.TOO_SOON
        return StampAge.OK if age <= _MAX_AGE else StampAge.STALE

    def create_challenge(self, at: datetime) -> dict[str, Any]:
        """Return a new challenge, as ALTCHA's JSON."""
        expires = int((at + CHALLENGE_LIFETIME).timestamp())
        salt = f"{secrets.token_hex(12)}?expires={expires}&"
        challenge = _hash(salt, secrets.randbelow(MAX_NUMBER))
        return {
            "algorithm": _ALGORITHM,
            "challenge": challenge,
            "maxnumber": MAX_NUMBER,
            "salt": salt,
            "signature": self._sign("proof", challenge),
        }

    def verify_proof(self, payload: str, at: datetime) -> str | None:
        """Return the challenge that a form solved; None when it is missing, wrong or expired."""
        solution = _decode(payload)
        salt, challenge, number, tag = (
            solution.get(name) for name in ("salt", "challenge", "number", "signature")
        )
        if not (isinstance(salt, str) and isinstance(challenge, str) and isinstance(tag, str)):
            return None
        if type(number) is not int or solution.get("algorithm") != _ALGORITHM:
            return None
        if not _is_equal(tag, self._sign("proof", challenge)):
            return None
        match = _SALT.fullmatch(salt)
        if match is None or _hash(salt, number) != challenge:
            return None
        return challenge if datetime.fromtimestamp(int(match[1]), UTC) >= at else None

    def _sign(self, purpose: str, text: str) -> str:
        signed = f"{purpose}\0{text}".encode("utf-8", "replace")
        return hmac.digest(self._secret, signed, "sha256").hex()


def _is_equal(tag: str, expected: str) -> bool:
    return hmac.compare_digest(tag.encode("utf-8", "replace"), expected.encode())


def _hash(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode("utf-8", "replace")).hexdigest()


def _decode(payload: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.b64decode(payload, validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
