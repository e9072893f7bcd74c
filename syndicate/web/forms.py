"""The body of a POST, bounded: a form in either encoding that HTML and RFC 8058 know, or JSON."""

import json
from collections.abc import Iterable
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import EmailPolicy
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

MAX_BODY_SIZE = 16 * 1024
"""Bytes of a whole body; our forms are short."""
_MAX_FIELDS = 20
MAX_CHECKBOX_FIELDS = 200
"""Fields of a form with boxes to tick."""
_MAX_HEADER_LENGTH = 1000
"""Characters of a header in a multipart form: the parser takes seconds for one of 16,000."""


class _ShortHeaders(EmailPolicy):
    """How headers in a multipart form are read: long ones not at all."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Read a header; raise ValueError where it is too long."""
        if len(value) > _MAX_HEADER_LENGTH:
            raise ValueError(f"{name} has {len(value)} characters")
        return super().header_fetch_parse(name, value)


class Form(dict[str, str]):
    """The fields of a form, by name; the last one counts where a name comes twice."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple(pairs)
        super().__init__(self._pairs)

    def all(self, name: str) -> list[str]:
        """Return every value of a name, as boxes that share one send them."""
        return [value for key, value in self._pairs if key == name]


async def read_form(request: Request, *, most: int = _MAX_FIELDS) -> Form | None:
    """Return the fields of a form, at most so many; None where the body is too long or no form."""
    body = await _read_body(request)
    if body is None:
        return None
    return parse_form(request.headers.get("content-type", ""), body, most=most)


async def read_json(request: Request) -> dict[str, Any] | None:
    """Return a JSON object; None where the body is too long, or anything else."""
    body = await _read_body(request)
    if body is None or _media_type(request.headers.get("content-type", "")) != "application/json":
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def parse_form(content_type: str, body: bytes, *, most: int = _MAX_FIELDS) -> Form | None:
    """Return the fields of a form, urlencoded or multipart; None for anything else."""
    try:
        if _media_type(content_type) == "application/x-www-form-urlencoded":
            text = body.decode("utf-8", "replace")
            return Form(parse_qsl(text, keep_blank_values=True, max_num_fields=most))
        if _media_type(content_type) == "multipart/form-data":
            return _parse_multipart(content_type, body)
    except (ValueError, LookupError, RecursionError):  # too many fields, a head full of "(((("
        return None
    return None


async def _read_body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_SIZE:
            return None
    return bytes(body)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _parse_multipart(content_type: str, body: bytes) -> Form:
    """Read multipart/form-data (RFC 7578): a MIME message without its head."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=_ShortHeaders()).parsebytes(head + body)
    assert isinstance(message, EmailMessage)  # as the policy makes them
    return Form(
        (
            _without_surrogates(str(part.get_param("name", header="content-disposition"))),
            _text(part),
        )
        for part in (message.iter_parts() if message.is_multipart() else ())
        if part.get_content_maintype() == "text" and part.get_filename() is None
    )


def _text(part: Message) -> str:
    """Return the text of a field: UTF-8, as our pages are, whatever charset it names."""
    raw = part.get_payload(decode=True)
    return raw.decode("utf-8", "replace").strip() if isinstance(raw, bytes) else ""


def _without_surrogates(name: str) -> str:
    """Drop lone surrogates, which RFC 2231 can write in a name, and UTF-8 can't."""
    return name.encode("utf-8", "ignore").decode()
