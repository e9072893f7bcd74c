"""Size-limited request bodies: forms, in both encodings of HTML and RFC 8058, and JSON."""

import json
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import EmailPolicy
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request

Form = ImmutableMultiDict[str, str]
"""The fields of a form by name; of several with one name, the last. `getlist` has all."""

MAX_BODY_SIZE = 16 * 1024
"""Bytes."""
_MAX_FIELDS = 20
MAX_CHECKBOX_FIELDS = 200
"""Fields of a form with a checkbox for each newsletter."""
_MAX_HEADER_LENGTH = 1000
"""Characters of a header in a multipart form; the parser takes seconds for one of 16,000."""


class _ShortHeaders(EmailPolicy):
    """Refuses long headers in a multipart form."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """Parse a header; raise ValueError when it is too long."""
        if len(value) > _MAX_HEADER_LENGTH:
            raise ValueError(f"{name} has {len(value)} characters")
        return super().header_fetch_parse(name, value)


async def read_form(request: Request, *, max_fields: int = _MAX_FIELDS) -> Form | None:
    """Return the fields of a form; None for a body that is too long or isn't a form."""
    body = await _read_body(request)
    if body is None:
        return None
    return parse_form(request.headers.get("content-type", ""), body, max_fields=max_fields)


async def read_json(request: Request) -> dict[str, Any] | None:
    """Return a JSON object; None for a body that is too long or isn't one."""
    body = await _read_body(request)
    if body is None or _media_type(request.headers.get("content-type", "")) != "application/json":
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def parse_form(content_type: str, body: bytes, *, max_fields: int = _MAX_FIELDS) -> Form | None:
    """Return the fields of a form, urlencoded or multipart; None for anything else."""
    try:
        if _media_type(content_type) == "application/x-www-form-urlencoded":
            text = body.decode("utf-8", "replace")
            return Form(parse_qsl(text, keep_blank_values=True, max_num_fields=max_fields))
        if _media_type(content_type) == "multipart/form-data":
            return _parse_multipart(content_type, body)
    except (ValueError, LookupError, RecursionError):  # too many fields, a header full of "(((("
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
    """Parse multipart/form-data (RFC 7578), a MIME message without its header."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=_ShortHeaders()).parsebytes(head + body)
    assert isinstance(message, EmailMessage)  # the policy's message factory
    return Form(
        [
            (_field_name(part), _text(part))
            for part in (message.iter_parts() if message.is_multipart() else ())
            if part.get_content_maintype() == "text" and part.get_filename() is None
        ]
    )


def _field_name(part: Message) -> str:
    """Return a name without lone surrogates, which RFC 2231 can encode and UTF-8 can't."""
    name = str(part.get_param("name", header="content-disposition"))
    return name.encode("utf-8", "ignore").decode()


def _text(part: Message) -> str:
    """Return a value, decoded as UTF-8 whatever charset it declares, since our pages are UTF-8."""
    raw = part.get_payload(decode=True)
    return raw.decode("utf-8", "replace").strip() if isinstance(raw, bytes) else ""
