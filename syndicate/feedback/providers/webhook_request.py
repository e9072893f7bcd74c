"""A call by a mail provider, as it came in, and how old one may be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syndicate.clock import EPOCH
from syndicate.errors import WebhookForged, WebhookStale

WINDOW = timedelta(minutes=5)
"""How far the signed time of a call may be from ours, as in Standard Webhooks."""
_MAX_DIGITS = 12
"""Digits of a time in seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """What a provider sent."""

    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes = field(repr=False)
    token: str = field(default="", repr=False)
    """The `token` in the query of the address; empty without one."""
    now: datetime
    """When it came in."""

    def header(self, name: str) -> str:
        """Return a header by its name in lower case; empty without one."""
        return self.headers.get(name, "")

    def require_recent(self, signed_at: datetime, window: timedelta = WINDOW) -> None:
        """Raise WebhookStale for a signed time that is further from ours than `window`."""
        if abs(self.now - signed_at) > window:
            raise WebhookStale(f"it was signed at {signed_at:%Y-%m-%d %H:%M:%S} UTC")


def parse_seconds(text: str) -> datetime:
    """Return a signed time, given in seconds since 1970; raise WebhookForged for no number."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise WebhookForged("the signed time is missing, or is not a number of seconds")
    try:
        return EPOCH + timedelta(seconds=int(text))
    except OverflowError as error:
        raise WebhookForged("the signed time is beyond any calendar") from error
