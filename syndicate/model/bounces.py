"""Judges why a message was refused: because of the address, for now, or because of us.

The same rules judge a server's answer at hand-over, a report by mail, and a provider's event.
A refusal because of policy, reputation or content says nothing about the reader, so it never
counts against an address.
"""

import re

from syndicate.model.feedback import FeedbackKind
from syndicate.model.subscribers import normalise_email

_HARD = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""Enhanced status codes (RFC 3463, RFC 7505) of an address that can't receive mail."""
_PERMANENT, _TRANSIENT = 500, 4
"""The least reply code of a refusal for good, and the first digit of one for now."""
_MAILBOX_BUSY = 450
"""Of the codes for now, the one that is about a mailbox (RFC 5321, 4.2.2)."""
_ABOUT_RECIPIENT = re.compile(r"4\.(0\.0|1\.(?![78]$)\d+|2\.\d+|4\.[1467])")
"""Address, mailbox, and the way to its server; others are about the server that replies."""
_BY_RELAY = re.compile(r"\S+:\d+: ")
"""How the SMTP session names the server where the reply wasn't to a recipient or a message."""
_NOT_LOCAL = 551
"""The user is elsewhere (RFC 5321, 4.2.2)."""
_MAYBE_HARD = frozenset({"5.5.0", "5.1.351"})
"""Outlook.com and others mean "no such user" by it, and say so."""
_SECURITY = re.compile(r"[245]\.7\.\d+")
"""Security and policy, which never speak of the reader, whatever the words."""
_OURS = re.compile(r"[245]\.(6\.\d+|1\.[78]|2\.3|3\.4|5\.[1-6])")
"""Content, the sender's address, size, protocol."""
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
    r"|(unknown|invalid|inactive|non-?existent|undeliverable) (user|recipient|mailbox|address)\b"
    r"|does ?n[o']t have an? \S+ account|(user|recipient) not (local|listed|known)"
    r"|recipnotfound",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"quota|(mailbox|inbox|account)[^.]{0,20} full|full mailbox"
    r"|(storage|mailbox) (limit|exceed)"
    r"|insufficient (system )?storage|receiving mail (at a rate|too quickly)|temporar(y|ily)",
    re.IGNORECASE,
)
"""The reader's mailbox takes no more for now, whatever the code."""
_POLICY = re.compile(
    r"\bspam|block(ed|ing|list)|(?<!may be )black ?list|deny ?list|reputation|\bRBL\b|DNSBL"
    r"|\b(SPF|DKIM|DMARC|r(everse )?DNS|PTR)\b|unsolicited|polic(y|ies)|bulk mail|too many"
    r"|rate limit|gr[ea]y ?list|authenticat|virus|malware|phish|content (rejected|filter|restrict)"
    r"|not (allowed|permitted|authori[sz]ed) to (post|send)|\bnon-?(members|subscribers)\b"
    r"|only (accepts|members|subscribers)|relay(ing)? (access )?(denied|not permitted)|forbidden",
    re.IGNORECASE,
)
_SENDER = re.compile(
    r"sender('s)?( e-?mail)?( address)?( is)? (rejected|denied|invalid|unknown|not allowed|verif)"
    r"|(after|reply to) MAIL FROM",
    re.IGNORECASE,
)
"""What is said of the sender, even "Sender address rejected: User unknown"."""


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
    words = _NAMES.sub(" ", text)
    if _SECURITY.fullmatch(status) or _SENDER.search(words):
        return FeedbackKind.BLOCKED
    if _FULL.search(words):
        return FeedbackKind.SOFT_BOUNCE
    is_policy = _OURS.fullmatch(status) or _POLICY.search(words) or _BLOCKLISTS.search(text)
    if is_policy and not (status in _HARD - {"5.1.0"} and _NO_SUCH_USER.search(words)):
        return FeedbackKind.BLOCKED  # even with 5.1.1, unless it says that the user is unknown
    is_for_good = code == 0 or code >= _PERMANENT
    if is_for_good and _is_hard(code, status, words):
        return FeedbackKind.HARD_BOUNCE
    return FeedbackKind.SOFT_BOUNCE


def is_passed_on(address: str, failed: str) -> bool:
    """Whether an address was reported to fail that is at another domain than the one we wrote to.

    The reader's own server took the message and forwarded it, perhaps besides delivering it.
    """
    if "@" not in address or "@" not in failed:
        return False
    ours, theirs = (f".{normalise_email(a).rpartition('@')[2]}" for a in (address, failed))
    return not (ours.endswith(theirs) or theirs.endswith(ours))


def is_doubtful(code: int, status: str, text: str) -> bool:
    """Whether a refusal for good doesn't say why, such as a bare 550.

    It may be about us, whatever `judge` has to call it, so it never counts against an address.
    """
    text = text[:_MAX_TEXT]
    vague = (status or find_status(text)) in {"", "5.0.0", *_MAYBE_HARD}
    words = _NAMES.sub(" ", text)
    return code >= _PERMANENT and vague and not (_NO_SUCH_USER.search(words) or _FULL.search(words))


def judge_deferral(code: int, reply: str) -> FeedbackKind | None:
    """Judge a message that a server put off until it expired, by the last reply.

    `reply` is what followed the code. Return None where it says nothing about this recipient:
    no server replied, or it spoke of itself, as a relay does whose disk is full, of all mail.
    """
    match = _STATUS.match(reply)
    is_bare = code == _MAILBOX_BUSY and not _BY_RELAY.match(reply)
    if code // 100 != _TRANSIENT or not (match or is_bare):
        return None
    status = match[0] if match else ""
    if status and not _ABOUT_RECIPIENT.fullmatch(status):
        return FeedbackKind.BLOCKED if status.startswith("4.7.") else None
    return judge(code, status, reply)


def _is_hard(code: int, status: str, words: str) -> bool:
    if status in _MAYBE_HARD:
        return bool(_NO_SUCH_USER.search(words))
    return status in _HARD or (code == _NOT_LOCAL and status in {"", "5.0.0"})
