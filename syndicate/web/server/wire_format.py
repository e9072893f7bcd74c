"""HTTP/1.1 responses as bytes on the wire."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from syndicate.web.server.responses import HttpResponse


def write_refusal(status: HTTPStatus, headers: bytes = b"") -> bytes:
    """Write a response without a body, after which the connection is closed."""
    end = b"content-length: 0\r\nconnection: close\r\n\r\n"
    return STATUS_LINE[status] + headers + end


def write_response(response: HttpResponse, cycle: RequestResponseCycle) -> list[bytes]:
    """Write head and body of a response, with the server's own headers.

    A `Connection: close` among these ends the cycle's keep-alive.
    """
    lines = [STATUS_LINE[response.status]]
    for name, value in cycle.default_headers:
        lines += (name, b": ", value, b"\r\n")
        if name == b"connection":  # the server is about to stop
            cycle.keep_alive = False
            break
    else:
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
    body = b"" if cycle.scope["method"] == "HEAD" else response.body
    assert isinstance(body, bytes)
    return [b"".join((*lines, response.head, b"\r\n")), body]
