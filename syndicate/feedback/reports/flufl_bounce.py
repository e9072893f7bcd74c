"""Calls `flufl.bounce`, which knows the bounces of forty servers, without what it can break.

It raises IndexError without a From, and takes quadratic time on long lines.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from email import message_from_bytes

from flufl.bounce import all_failures

from syndicate.feedback.reports.header_fields import find_addresses
from syndicate.feedback.reports.mime_parts import MAX_PARTS, ReceivedMail

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)  # it logs what it raises

_MAX_SIZE = 24 * 1024
"""Bytes that it reads; it does so some forty times."""
_EMPTY_LINES = re.compile(rb"(?:\r?\n){3,}")
_LONG_LINE = re.compile(rb"([^\r\n]{500})[^\r\n]+")


@dataclass(frozen=True, slots=True)
class FluflFindings:
    """The addresses that it found."""

    failed: tuple[str, ...] = ()
    trying: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.failed or self.trying)

    @property
    def is_delay(self) -> bool:
        """Whether the server is still trying for all of them."""
        return bool(self.trying) and not self.failed


def scan(mail: ReceivedMail, raw: bytes) -> FluflFindings:
    """Return what it finds; nothing where it raises, or where the message has too many parts."""
    data = _LONG_LINE.sub(rb"\1", _EMPTY_LINES.sub(b"\n\n", raw[:_MAX_SIZE]))
    if len(mail.parts) >= MAX_PARTS or data.lower().count(b"content-type:") >= MAX_PARTS:
        return FluflFindings()
    try:
        message = message_from_bytes(data)
        if "from" not in message:
            message["From"] = "<>"
        trying, failed = all_failures(message)
    except Exception:  # noqa: BLE001 - foreign code on foreign bytes, and its answer is only a hint
        return FluflFindings()
    return FluflFindings(_decode(failed), _decode(trying))


def _decode(addresses: Iterable[bytes | str]) -> tuple[str, ...]:
    texts = (
        item if isinstance(item, str) else item.decode("utf-8", "replace") for item in addresses
    )
    return tuple(sorted(text for text in texts if find_addresses(text) == (text,)))
