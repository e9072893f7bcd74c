"""What a server answered, taken apart: reply code, enhanced status and words.

Reports have it in the field Diagnostic-Code, or somewhere in their text.
"""

import re
from dataclasses import dataclass

from syndicate.feedback.reports.header_fields import decode_words
from syndicate.text import shorten

MAX_TEXT = 500
"""Characters of what a server said that are kept."""
_MAX_READ = 4000
_STATUS = re.compile(r"(?<![\d.])([245])\.([0-7])\.(\d{1,3})(?![\d.]\d)")
"""RFC 3463 has the subjects 0 to 7; other numbers with points are versions."""
_CODE_AND_STATUS = re.compile(
    r"(?<![\w.:\[/=-])([245]\d\d)[ :-]{1,3}[#(\['\"]{0,2}([245]\.[0-7]\.\d{1,3})\b(?!\.\d)[)\]]?"
    r"[:;,-]?"
)
_CODE_ALONE = re.compile(
    r"(?:^|[:<>(\"']|->|\b(?:said|says|code|error|reply|response|returned))[ \t:]{0,4}"
    r"([245]\d\d)(?=[ :;,)\"'-]|$)[ :;,)-]{0,3}",
    re.IGNORECASE,
)
"""Where a server's answer begins: "after 450 seconds" has none."""
_SMTP = re.compile(r"\s*(?:smtp|x-[\w-]+|unknown)\s*;", re.IGNORECASE)
"""The type of a Diagnostic-Code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """An answer as it is judged; 0 or empty is what it hasn't."""

    code: int = 0
    status: str = ""
    text: str = ""
    """Its words, without code and status where it begins with them."""


def read_diagnosis(answer: str, status: str = "") -> Diagnosis:
    """Read an answer; `status` is what the report has in its own field.

    The status that a server gave with its reply code is the most reliable. A reporter's own
    comes next, unless it is a general one (x.0.x, or Microsoft's with three digits): then any
    other in the text counts, the last of it, which was said by the last server.
    """
    answer = decode_words(_SMTP.sub("", answer[:_MAX_READ], count=1))
    begun = _CODE_AND_STATUS.search(answer)
    match = begun or _CODE_ALONE.search(answer)
    spoken = begun[2] if begun else ""
    in_text = [match[0] for match in _STATUS.finditer(answer)]
    candidates = list(filter(None, [spoken, find_status(status), *reversed(in_text)]))
    specific = [candidate for candidate in candidates if not _is_general(candidate)]
    return Diagnosis(
        code=int(match[1]) if match else 0,
        status=next(iter([*specific, *candidates]), ""),
        text=_words(answer, match),
    )


def find_status(text: str) -> str:
    """Return the first enhanced status code of `5.0.0 (unknown permanent failure)`."""
    match = _STATUS.search(text)
    return match[0] if match else ""


def _is_general(status: str) -> bool:
    _, subject, detail = status.split(".")
    return subject == "0" or len(detail) > 2  # noqa: PLR2004 - the registry has no such


def _words(answer: str, match: re.Match[str] | None) -> str:
    """Return what follows the code, without those that repeat it in each line of a reply."""
    if match is None:
        return shorten(answer, MAX_TEXT)
    text = answer[match.end() :]
    again = re.compile(rf"(?<![\w.]){match[1]}[ -](?:{_STATUS.pattern}[ ]*)?")
    return shorten(again.sub("", text), MAX_TEXT) or shorten(answer, MAX_TEXT)
