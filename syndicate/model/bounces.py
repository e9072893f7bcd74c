"""Judges why a message was refused: because of the address, for now, or because of us.

The same rules judge a server's answer at hand-over, a report by mail, and a provider's event.
A refusal because of policy, reputation or content says nothing about the reader, so it never
counts against an address.
"""

import re

from syndicate.model.feedback import FeedbackKind

_HARD = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""Enhanced status codes (RFC 3463, RFC 7505) of an address that can't receive mail."""
_NOT_LOCAL = 551
"""The user is elsewhere (RFC 5321, 4.2.2)."""
_MAYBE_HARD = frozenset({"5.5.0"})
"""Some providers mean "no such user" by it, and say so."""
_OURS = re.compile(r"[245]\.(7\.\d+|6\.\d+|1\.[78]|3\.4|5\.[1-6])")
"""Security and policy, content, the sender's address, size, protocol."""
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_NO_SUCH_USER = re.compile(
    r"no such (user|mailbox|recipient|address)|(user|mailbox|recipient|address)[^.]{0,40}"
    r"\b(unknown|unavailable|not found|does ?n[o']t exist|invalid|disabled|inactive)"
    r"|unknown (user|recipient|mailbox)|invalid (recipient|mailbox)"
    r"|does ?n[o']t have an? \S+ account",
    re.IGNORECASE,
)
_POLICY = re.compile(
    r"\bspam|block(ed|list)|blacklist|denylist|reputation|\bRBL\b|DNSBL|spamhaus|barracuda"
    r"|\b(SPF|DKIM|DMARC)\b|unsolicited|polic(y|ies)|bulk mail|too many|rate limit|greylist"
    r"|authenticat|sender (address )?(rejected|denied|verify)|virus|content rejected",
    re.IGNORECASE,
)


def find_status(text: str) -> str:
    """Return the first enhanced status code in a reply; empty where there is none."""
    match = _STATUS.search(text.replace("-", " "))
    return match[0] if match else ""


def judge(code: int, status: str, text: str) -> FeedbackKind:
    """Judge a message that was finally not delivered: HARD_BOUNCE, SOFT_BOUNCE or BLOCKED.

    `code` is the SMTP reply code, 0 for none; `status` the enhanced one, empty for none: then
    the one in `text` counts. A bare 550 is no hard bounce: servers refuse spam with it, too.
    """
    status = status or find_status(text)
    if _OURS.fullmatch(status):
        return FeedbackKind.BLOCKED
    if status in _HARD - {"5.1.0"}:
        return FeedbackKind.HARD_BOUNCE
    if _POLICY.search(text):
        return FeedbackKind.BLOCKED
    no_such_user = status in _MAYBE_HARD and _NO_SUCH_USER.search(text)
    if status == "5.1.0" or no_such_user or (code == _NOT_LOCAL and status in {"", "5.0.0"}):
        return FeedbackKind.HARD_BOUNCE
    return FeedbackKind.SOFT_BOUNCE
