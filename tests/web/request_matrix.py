"""Requests of every kind for any path, and the parts of a response that docs/serving.md promises."""

import gzip
from dataclasses import dataclass, field
from itertools import count

import brotli
import httpx

from tests.web import reverse_proxies

CONTRACT_HEADERS = (
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
"""The response headers that docs/serving.md promises."""
INITIAL_HEADERS = {"accept-encoding", "a-im"}
"""The headers that a client sends even before it has a version."""
ResponseFields = dict[str, object]
"""A response: the promised headers, `status`, `body`, and for HEAD `length`."""
_turn = count()


@dataclass(frozen=True)
class RequestCase:
    """A request for any path; TAG, OTHER and DATE stand for values of an earlier response."""

    name: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)


def case(name: str, method: str = "GET", **headers: str) -> RequestCase:
    return RequestCase(
        name, method, {name.replace("_", "-"): value for name, value in headers.items()}
    )


PREFLIGHT_HEADERS = {"origin": "https://reader.example", "access_control_request_method": "GET"}
CASES = [
    case("plain"),
    case("gzip", accept_encoding="gzip"),
    case("br", accept_encoding="br, gzip"),
    case("gzip alone", accept_encoding="gzip, br;q=0"),
    case("rather as it is", accept_encoding="gzip;q=0.5, identity;q=1"),
    case("not as it is", accept_encoding="identity;q=0"),
    case("any coding", accept_encoding="*"),
    case("no coding", accept_encoding="identity;q=0, *;q=0"),
    case("tag", if_none_match="TAG"),
    case("tag of gzip", if_none_match="TAG", accept_encoding="gzip"),
    case("tag in a list", if_none_match='"x", W/TAG'),
    case("tag of another coding", if_none_match="OTHER"),
    case("any tag", if_none_match="*"),
    case("wrong tag, right date", if_none_match='"x"', if_modified_since="DATE"),
    case("date", if_modified_since="DATE"),
    case("later date", if_modified_since="Fri, 01 Jan 2100 00:00:00 GMT"),
    case("earlier date", if_modified_since="Sat, 01 Jan 2000 00:00:00 GMT"),
    case("right version", if_match="TAG"),
    case("wrong version", if_match='"x"'),
    case("weak version", if_match="W/TAG"),
    case("unchanged since", if_unmodified_since="DATE"),
    case("changed since", if_unmodified_since="Sat, 01 Jan 2000 00:00:00 GMT"),
    case("head", "HEAD"),
    case("head of gzip", "HEAD", accept_encoding="gzip"),
    case("part", range="bytes=1-3"),
    case("end", range="bytes=-3"),
    case("part of gzip", range="bytes=1-30", accept_encoding="gzip"),
    case("part that is not there", range="bytes=99999999-"),
    case("parts", range="bytes=0-1,3-4"),
    case("part of this version", range="bytes=1-3", if_range="TAG"),
    case("part of another version", range="bytes=1-3", if_range='"x"'),
    case("post", "POST"),
    case("delete", "DELETE"),
    case("options", "OPTIONS", **PREFLIGHT_HEADERS),
    case("increment", a_im="feed", if_none_match="TAG"),
    case("increment of nothing", a_im="feed"),
]


def client(url: str, *, source: str | None = None) -> httpx.Client:
    """Return a client that sends as few headers as possible, perhaps from another address."""
    transport = httpx.HTTPTransport(verify=False, local_address=source)
    http = httpx.Client(base_url=url, transport=transport, headers={"host": reverse_proxies.HOST})
    del http.headers["accept-encoding"]
    return http


def send_request(http: httpx.Client, path: str, request: RequestCase) -> ResponseFields:
    """Return the promised parts of the response to a request."""
    agent = {
        "user-agent": f"test/{next(_turn)}"
    }  # another client each time, which has not reached a limit
    earlier = httpx.Headers()
    if any(word in " ".join(request.headers.values()) for word in ("TAG", "OTHER", "DATE")):
        first = {name: request.headers[name] for name in request.headers if name in INITIAL_HEADERS}
        if "OTHER" in request.headers.values():
            first["accept-encoding"] = "gzip"
        earlier = http.get(path, headers=first | agent).headers
    tag, date = earlier.get("etag", '"-"'), earlier.get("last-modified", "-")
    headers = {
        name: value.replace("TAG", tag).replace("OTHER", tag).replace("DATE", date)
        for name, value in request.headers.items()
    }
    with http.stream(request.method, path, headers=headers | agent) as response:
        body = b"".join(response.iter_raw())
    length = response.headers.get("content-length")
    assert length is None or int(length) == len(body) or request.method == "HEAD" or not body
    result: ResponseFields = {
        name: ", ".join(response.headers.get_list(name))
        for name in CONTRACT_HEADERS
        if name in response.headers
    }
    if request.method == "HEAD":
        result["length"] = length
    return result | {"status": response.status_code, "body": _decoded(body, response)}


def _decoded(body: bytes, response: httpx.Response) -> bytes:
    coding = response.headers.get("content-encoding")
    if response.status_code == 206 or not body:
        return body
    undo = {"gzip": gzip.decompress, "br": brotli.decompress}.get(coding or "")
    return undo(body) if undo else body
