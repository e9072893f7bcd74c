"""Splits a message into its MIME parts, in bounded time and memory, whatever it is.

The parser of the standard library calls itself for each part in a part, and takes a message
apart that was returned in a report, which says nothing that its header doesn't. This one
reads the first `MAX_SIZE` bytes, the first `MAX_PARTS` parts, and `MAX_DEPTH` levels.
"""

import html
import re
from binascii import a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from syndicate.feedback.reports.header_fields import (
    HeaderFields,
    decode_base64,
    decode_text,
    decode_words,
    parse_fields,
)

MAX_SIZE = 256 * 1024
"""Bytes of a report that are read: what it says comes before the message that it returns."""
MAX_PARTS = 50
MAX_DEPTH = 8
_MAX_SUBJECT = 200
_MAX_TEXT = 64 * 1024
"""Bytes of one part's text."""
_PARAMETER = r"""(?:^|[;\s]){}\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))"""
_BOUNDARY, _CHARSET, _REPORT_TYPE = (
    re.compile(_PARAMETER.format(name), re.IGNORECASE)
    for name in ("boundary", "charset", "report-type")
)
_FIRST_DELIMITER = re.compile(rb"^--(\S.{0,200}?)[ \t]*$", re.MULTILINE)
_INVISIBLE_HTML = re.compile(r"<(?:style|script|title)\b", re.IGNORECASE)
_HTML_LINE = re.compile(r"<(?:br|/p|/div|/tr|/h\d|/li)\b[^<>]*>", re.IGNORECASE)
_HTML_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class MimePart:
    """One part: its header, and its body as it was transferred."""

    fields: HeaderFields
    body: bytes
    depth: int = 0

    @cached_property
    def content_type(self) -> str:
        """The media type in lower case, such as `text/plain`.

        That is the default, also for a multipart that has no parts.
        """
        words = self.fields.get("content-type").partition(";")[0].lower().split()
        if not words or "/" not in words[0]:
            return "text/plain"
        return words[0] if not words[0].startswith("multipart/") or self.boundary else "text/plain"

    @cached_property
    def report_type(self) -> str:
        """The parameter of `multipart/report`, in lower case."""
        return self._parameter(_REPORT_TYPE).lower()

    @cached_property
    def content(self) -> bytes:
        """The body without its transfer encoding."""
        encoding = self.fields.get("content-transfer-encoding").lower()
        if encoding.startswith("base64"):
            return decode_base64(self.body)
        if encoding.startswith("quoted-printable"):
            return a2b_qp(self.body)
        return self.body

    @cached_property
    def text(self) -> str:
        """The content as text with line feeds; of HTML, what it shows."""
        data = self.content.replace(b"\r\n", b"\n")[:_MAX_TEXT]
        text = decode_text(data, self._parameter(_CHARSET))
        return _html_to_text(text) if self.content_type == "text/html" else text

    @cached_property
    def boundary(self) -> bytes:
        """What separates the parts of a multipart; empty where nothing does."""
        named = self._parameter(_BOUNDARY)[:200].encode("utf-8", "replace")
        if named and b"--" + named in self.body:
            return named
        first = _FIRST_DELIMITER.search(self.body)
        return first[1] if first else b""

    def _parameter(self, pattern: re.Pattern[str]) -> str:
        match = pattern.search(self.fields.get("content-type"))
        return (match[1] or match[2] or "") if match else ""


@dataclass(frozen=True)
class ReceivedMail:
    """A message that arrived: its own header, and its parts, without those of a returned one."""

    fields: HeaderFields
    parts: tuple[MimePart, ...]
    """In their order, each before what is in it; the first is the whole message."""

    @cached_property
    def subject(self) -> str:
        """The beginning of the subject, decoded."""
        return decode_words(self.fields.get("subject"))[:_MAX_SUBJECT]

    def of_type(self, *content_types: str) -> Iterator[MimePart]:
        """Yield the parts of one of these media types."""
        return (part for part in self.parts if part.content_type in content_types)

    @cached_property
    def text(self) -> str:
        """What it says to a person: the plain parts, else the HTML ones."""
        for content_type in ("text/plain", "text/html"):
            if texts := [part.text for part in self.of_type(content_type) if part.body.strip()]:
                return "\n".join(texts)[:_MAX_TEXT]
        return ""


def split_mail(raw: bytes) -> ReceivedMail:
    """Split a message; it never raises."""
    data = raw[:MAX_SIZE].replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"")
    whole = split_header(data.lstrip(b"\n"))
    parts = list[MimePart]()
    waiting = [whole]
    while waiting and len(parts) < MAX_PARTS:
        part = waiting.pop()
        parts.append(part)
        if part.content_type.startswith("multipart/") and part.depth < MAX_DEPTH:
            waiting.extend(reversed(list(islice(_children(part), MAX_PARTS))))
    return ReceivedMail(whole.fields, tuple(parts))


def split_header(data: bytes, depth: int = 0) -> MimePart:
    """Split a message or a part, with line feeds only, into its header and its body."""
    if data.startswith(b"\n"):
        return MimePart(parse_fields(b""), data[1:], depth)
    header, _, body = data.partition(b"\n\n")
    return MimePart(parse_fields(header), body, depth)


def _html_to_text(source: str) -> str:
    # no lazy quantifier: without an end to be found it would take quadratic time
    shown, *rest = _INVISIBLE_HTML.split(source)
    shown += " ".join(part.partition("</")[2].partition(">")[2] for part in rest)
    return html.unescape(_HTML_TAG.sub(" ", _HTML_LINE.sub("\n", shown)))


def _children(part: MimePart) -> Iterator[MimePart]:
    if not part.boundary:
        return
    delimiter = re.compile(rb"^--" + re.escape(part.boundary) + rb"(--)?[ \t]*$\n?", re.MULTILINE)
    start = None
    for match in delimiter.finditer(part.body):
        if start is not None:
            yield split_header(part.body[start : max(start, match.start() - 1)], part.depth + 1)
        start = match.end()
        if match[1]:
            return
    if start is not None:  # cut off
        yield split_header(part.body[start:], part.depth + 1)
