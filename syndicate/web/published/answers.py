"""A request and an answer without a framework: what the path of the files needs of ASGI."""

from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.types import Scope, Send


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a request for a file says."""

    method: str
    path: str
    """Decoded, beginning with a slash."""
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """By lower-case name; repeated ones are joined to one list."""

    @classmethod
    def of(cls, scope: Scope) -> "Request":
        """Read the request out of an ASGI scope."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return cls(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
        )

    def header(self, name: str) -> str | None:
        """Return a header by its lower-case name."""
        return self.headers.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer; `body` is what a GET gets, and a HEAD learns the length of."""

    status: int
    headers: dict[str, str]
    body: bytes = b""

    async def send(self, send: Send, *, method: str) -> None:
        """Send it over ASGI."""
        fields = {"x-content-type-options": "nosniff", **self.headers}
        if self.status != HTTPStatus.NOT_MODIFIED:
            fields["content-length"] = str(len(self.body))
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        body = b"" if method == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})
