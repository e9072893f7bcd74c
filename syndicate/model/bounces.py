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
_MAYBE_HARD = frozenset({"5.5.0", "5.1.351"})
"""Outlook.com and others mean "no such user" by it, and say so."""
_OURS = re.compile(r"[245]\.(7\.\d+|6\.\d+|1\.[78]|2\.3|3\.4|5\.[1-6])")
"""Security and policy, content, the sender's address, size, protocol."""
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_MAX_TEXT = 2000
_NAMES = re.compile(r"[^\s<>:]+@[^\s<>]+|\bhttps?://\S+|\b[\w-]+(?:\.[\w-]+)+\b")
"""Addresses, URLs and hosts, in which a word means nothing: mx.spamfilter.example."""
_BLOCKLISTS = re.compile(
    r"spamhaus|spamcop|barracudacentral|sorbs\.net|uceprotect|senderscore|surbl", re.IGNORECASE
)
_NO_SUCH_USER = re.compile(
    r"no such (user|mailbox|recipient|address|account)|no mailbox|not a valid (user|mailbox)"
    r"|(user|mailbox|recipient|address|account|addressee)[^.]{0,40}"
    r"\b(unknown|unavailable|not found|not exist|n[o']t exist|invalid|disabled|inactive)"
    r"|(unknown|invalid|inactive|non-?existent|undeliverable) (user|recipient|mailbox|address)"
    r"|does ?n[o']t have an? \S+ account|(user|recipient) not (local|listed|known)"
    r"|recipnotfound",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"quota|(mailbox|inbox|account)[^.]{0,20} full|full mailbox"
    r"|(storage|mailbox|size) (limit|exceed)"
    r"|insufficient (system )?storage|receiving mail (at a rate|too quickly)|temporar(y|ily)",
    re.IGNORECASE,
)
"""The reader's mailbox takes no more for now, whatever the code."""
_POLICY = re.compile(
    r"\bspam|block(ed|ing|list)|(?<!may be )black ?list|deny ?list|reputation|\bRBL\b|DNSBL"
    r"|\b(SPF|DKIM|DMARC|r(everse )?DNS|PTR)\b|unsolicited|polic(y|ies)|bulk mail|too many"
    r"|rate limit|gr[ea]y ?list|authenticat|virus|malware|phish|content (rejected|filter)"
    r"|sender( address)?( is)? (rejected|denied|invalid|unknown|not allowed|verif)"
    r"|(after|reply to) MAIL FROM|relay(ing)? (access )?(denied|not permitted)|forbidden",
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
    text = text[:_MAX_TEXT]
    status = status or find_status(text)
    if _OURS.fullmatch(status):
        return FeedbackKind.BLOCKED
    words = _NAMES.sub(" ", text)
    if _FULL.search(words):
        return FeedbackKind.SOFT_BOUNCE
    is_policy = bool(_POLICY.search(words) or _BLOCKLISTS.search(text))
    if is_policy and not (status in _HARD - {"5.1.0"} and _NO_SUCH_USER.search(words)):
        return FeedbackKind.BLOCKED  # even with 5.1.1, unless it says that the user is unknown
    if _is_for_good(code) and _is_hard(code, status, words):
        return FeedbackKind.HARD_BOUNCE
    return FeedbackKind.SOFT_BOUNCE


def _is_for_good(code: int) -> bool:
    return code == 0 or code >= 500  # noqa: PLR2004 - RFC 5321, 4.2.1


def _is_hard(code: int, status: str, words: str) -> bool:
    if status in _MAYBE_HARD:
        return bool(_NO_SUCH_USER.search(words))
    return status in _HARD or (code == _NOT_LOCAL and status in {"", "5.0.0"})
