"""Where nginx and Caddy on the files answer otherwise than Syndicate: the table of docs/serving.md."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from unittest.mock import ANY
from urllib.parse import unquote

from tests.publish.newsroom import PICTURE
from tests.web import reverse_proxies
from tests.web.request_matrix import CONTRACT_HEADERS, RequestCase, ResponseFields

FRONTS: dict[str, tuple[str, Callable[..., reverse_proxies.Front]]] = {
    "nginx in front": ("nginx", reverse_proxies.nginx),
    "nginx on the files": ("nginx", reverse_proxies.nginx),
    "Caddy in front": ("caddy", reverse_proxies.caddy),
    "Caddy on the files": ("caddy", reverse_proxies.caddy),
}
FEEDS = {
    *("/rss.xml", "/atom.xml", "/feed.json", "/opml.xml"),
    *("/sections/city/rss.xml", "/archive/1/rss.xml"),
}
# where it differs

Where = Callable[[str, RequestCase, ResponseFields], bool]
"""By path, request, and what Syndicate says."""


@dataclass(frozen=True)
class Difference:
    """What a front says otherwise; `promise` is the row of the table that has it."""

    promise: str
    where: Where
    says: ResponseFields


def feed(path: str, asked: RequestCase, *_: object) -> bool:
    """Whether a front answers with a feed by itself."""
    there = unquote(path.partition("?")[0]) in FEEDS
    weighs = {";", "*"} & set(asked.headers.get("accept-encoding", ""))
    return there and asked.method in {"GET", "HEAD"} and "a-im" not in asked.headers and not weighs


def file(path: str, asked: RequestCase, *_: object) -> bool:
    """Whether a front answers with a feed, picture or recording by itself."""
    plain = replace(asked, name="")
    there = path in {f"/{PICTURE.src}", "/media/talk.mp3"}
    return feed("/rss.xml", plain) if there else feed(path, asked)


def linked(path: str, asked: RequestCase, own: ResponseFields) -> bool:
    """Whether Caddy does, which follows links."""
    return file(f"/{PICTURE.src}" if path == "/media/in.png" else path, asked, own)


def status(wanted: int, there: Where = file) -> Where:
    return lambda path, asked, own: there(path, asked, own) and own["status"] == wanted


def named(request: str) -> Where:
    return lambda path, asked, own: feed(path, asked, own) and asked.name == request


def immutable(path: str, asked: RequestCase, own: ResponseFields) -> bool:
    """Whether it is of a full archive."""
    said = own.get("cache-control")
    return feed(path, asked) and "/archive/" in path and said == "public, max-age=86400, immutable"


POLLED: ResponseFields = {
    "cache-control": "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"
}
ERROR: ResponseFields = dict.fromkeys((*CONTRACT_HEADERS, "body"), ANY)
"""An error of the front's own: its status counts, and what it says of parts."""
del ERROR["content-range"]
WHOLE: ResponseFields = dict.fromkeys((*CONTRACT_HEADERS, "body"), ANY) | {"status": 200}
TAGS = Difference("ETag", linked, {"etag": ANY})
ARCHIVES = Difference("Archives", immutable, POLLED)
OTHER_CODING = Difference("If-None-Match", named("tag of another coding"), WHOLE)
NGINX = (
    TAGS,
    ARCHIVES,
    Difference("Codings", named("br"), {"content-encoding": "gzip"}),
    OTHER_CODING,
    Difference("If-Match", status(412), ERROR),
    Difference("Parts", status(206), {"accept-ranges": None}),
    Difference("Parts", status(416), ERROR),
)
CADDY = (
    TAGS,
    Difference("Archives", lambda *given: immutable(*given) and given[1].name != "parts", POLLED),
    Difference("304", status(304, linked), {"last-modified": None}),
    OTHER_CODING,
    Difference("HEAD", named("head of gzip"), {"length": None}),
    Difference("If-Match", status(412, linked), ERROR),
    Difference("Parts", status(416, linked), ERROR),
    Difference(
        "Folder",
        lambda path, *_: path == "/media/out.png",
        ERROR | dict.fromkeys(("status", "content-range", "length"), ANY),
    ),
)
DIFFERENCES: dict[str, tuple[Difference, ...]] = {
    "nginx in front": (),
    "nginx on the files": NGINX,
    "Caddy in front": (),
    "Caddy on the files": CADDY,
}
TESTED_APART = {"Changes", "Figures", "Folder", "Limit"}
"""Rows whose difference is one of time or number, or of paths that no client writes."""
