"""What any path may be asked over HTTP, and what a server says to it as far as we promise it."""

import gzip
from dataclasses import dataclass, field
from itertools import count

import brotli
import httpx

from tests.web import reverse_proxies

TOLD = (
    "accept-ranges",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "allow",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-security-policy",
    "content-type",
    "etag",
    "im",
    "last-modified",
    "link",
    "location",
    "permissions-policy",
    "referrer-policy",
    "retry-after",
    "vary",
    "x-content-type-options",
    "x-robots-tag",
)
"""The headers of the contract. A Server of its own is nobody's concern."""
FIRST = {"accept-encoding", "a-im"}
"""What a client says each time, and not only once it has a version."""
Said = dict[str, object]
"""What a server says: a header of the contract, `status`, `body`, and `length` where a HEAD learns it."""
_turn = count()


@dataclass(frozen=True)
class Ask:
    """A request that any path may get; TAG, OTHER and DATE stand for what was told before."""

    name: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)


def ask(name: str, method: str = "GET", **headers: str) -> Ask:
    return Ask(name, method, {name.replace("_", "-"): value for name, value in headers.items()})


CORS_ASK = {"origin": "https://reader.example", "access_control_request_method": "GET"}
ASKS = [
    ask("plain"),
    ask("gzip", accept_encoding="gzip"),
    ask("br", accept_encoding="br, gzip"),
    ask("gzip alone", accept_encoding="gzip, br;q=0"),
    ask("rather as it is", accept_encoding="gzip;q=0.5, identity;q=1"),
    ask("not as it is", accept_encoding="identity;q=0"),
    ask("any coding", accept_encoding="*"),
    ask("no coding", accept_encoding="identity;q=0, *;q=0"),
    ask("tag", if_none_match="TAG"),
    ask("tag of gzip", if_none_match="TAG", accept_encoding="gzip"),
    ask("tag in a list", if_none_match='"x", W/TAG'),
    ask("tag of another coding", if_none_match="OTHER"),
    ask("any tag", if_none_match="*"),
    ask("wrong tag, right date", if_none_match='"x"', if_modified_since="DATE"),
    ask("date", if_modified_since="DATE"),
    ask("later date", if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT"),
    ask("earlier date", if_modified_since="Sat, 01 Jan 2000 00:00:00 GMT"),
    ask("right version", if_match="TAG"),
    ask("wrong version", if_match='"x"'),
    ask("weak version", if_match="W/TAG"),
    ask("unchanged since", if_unmodified_since="DATE"),
    ask("changed since", if_unmodified_since="Sat, 01 Jan 2000 00:00:00 GMT"),
    ask("head", "HEAD"),
    ask("head of gzip", "HEAD", accept_encoding="gzip"),
    ask("part", range="bytes=1-3"),
    ask("end", range="bytes=-3"),
    ask("part of gzip", range="bytes=1-30", accept_encoding="gzip"),
    ask("part that is not there", range="bytes=99999999-"),
    ask("parts", range="bytes=0-1,3-4"),
    ask("part of this version", range="bytes=1-3", if_range="TAG"),
    ask("part of another version", range="bytes=1-3", if_range='"x"'),
    ask("post", "POST"),
    ask("delete", "DELETE"),
    ask("options", "OPTIONS", **CORS_ASK),
    ask("increment", a_im="feed", if_none_match="TAG"),
    ask("increment of nothing", a_im="feed"),
]


def client(url: str, *, source: str | None = None) -> httpx.Client:
    """Return a client that sends as little as can be, perhaps from an address of its own."""
    transport = httpx.HTTPTransport(verify=False, local_address=source)
    asking = httpx.Client(base_url=url, transport=transport, headers={"host": reverse_proxies.HOST})
    del asking.headers["accept-encoding"]
    return asking


def told(asking: httpx.Client, path: str, asked: Ask) -> Said:
    """Return what a server says to a request, as far as it is in the contract."""
    agent = {"user-agent": f"test/{next(_turn)}"}  # each is another reader, who has no limit yet
    before = httpx.Headers()
    if any(word in " ".join(asked.headers.values()) for word in ("TAG", "OTHER", "DATE")):
        first = {name: asked.headers[name] for name in asked.headers if name in FIRST}
        if "OTHER" in asked.headers.values():
            first["accept-encoding"] = "gzip"
        before = asking.get(path, headers=first | agent).headers
    tag, date = before.get("etag", '"-"'), before.get("last-modified", "-")
    headers = {
        name: value.replace("TAG", tag).replace("OTHER", tag).replace("DATE", date)
        for name, value in asked.headers.items()
    }
    with asking.stream(asked.method, path, headers=headers | agent) as answer:
        body = b"".join(answer.iter_raw())
    length = answer.headers.get("content-length")
    assert length is None or int(length) == len(body) or asked.method == "HEAD" or not body
    said: Said = {
        name: ", ".join(answer.headers.get_list(name)) for name in TOLD if name in answer.headers
    }
    if asked.method == "HEAD":
        said["length"] = length
    return said | {"status": answer.status_code, "body": _decoded(body, answer)}


def _decoded(body: bytes, answer: httpx.Response) -> bytes:
    coding = answer.headers.get("content-encoding")
    if answer.status_code == 206 or not body:
        return body
    undo = {"gzip": gzip.decompress, "br": brotli.decompress}.get(coding or "")
    return undo(body) if undo else body
