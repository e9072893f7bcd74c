"""The body of a POST: a few short fields, in either encoding that HTML and RFC 8058 know."""

from email import policy
from email.parser import BytesParser
from urllib.parse import parse_qsl

from starlette.requests import Request

LIMIT = 16 * 1024
"""Bytes; our forms have one field."""
_FIELDS = 20


async def read_form(request: Request) -> dict[str, str] | None:
    """Return the fields of a form; None where the body is too long or no form."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT:
            return None
    return parse_form(request.headers.get("content-type", ""), bytes(body))


def parse_form(content_type: str, body: bytes) -> dict[str, str] | None:
    """Return the fields of a form, urlencoded or multipart; None for anything else."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/x-www-form-urlencoded":
            return dict(parse_qsl(body.decode("latin-1"), max_num_fields=_FIELDS))
        if kind == "multipart/form-data":
            return _multipart(content_type, body)
    except (ValueError, LookupError):  # too many fields, a charset that nobody knows
        return None
    return None


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    """Read multipart/form-data (RFC 7578): a MIME message without its head."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_content().strip()
        for part in (message.iter_parts() if message.is_multipart() else ())
        if part.get_content_maintype() == "text" and part.get_filename() is None
    }
