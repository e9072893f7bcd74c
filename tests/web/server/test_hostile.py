"""Requests of any shape, straight into the application: never an error, never a file from outside."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Scope

from syndicate.config import Config
from syndicate.store import Store
from syndicate.web.app import application
from tests.publish.newsroom import Newsroom
from tests.web.asgi_client import run

SECRET = b"what nobody may read"
STEPS = [
    "..",
    ".",
    "",
    "\\..",
    "articles",
    "tram",
    "media",
    "feeds",
    "private",
    "outside",
    ".hidden.txt",
    "out.txt",
    ".manifest.sqlite",
    "secret.txt",
    "config.toml",
    "rss.xml",
    "index.html",
]
PATHS = st.one_of(
    st.lists(st.sampled_from(STEPS) | st.text(max_size=8), max_size=8).map(
        lambda steps: "/" + "/".join(steps)
    ),
    st.text().map(lambda text: f"/{text}"),
    st.sampled_from(["/", "/rss.xml", "/articles/tram", "/articles/quay/", "/feed", "/healthz"]),
    st.sampled_from(["/out.txt", "/outside/secret.txt", "/.hidden.txt", "/.manifest.sqlite"]),
)
METHODS = st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "X"]) | st.text()
NAMES = st.sampled_from(
    [
        b"range",
        b"if-range",
        b"if-match",
        b"if-none-match",
        b"if-modified-since",
        b"if-unmodified-since",
        b"accept",
        b"accept-encoding",
        b"a-im",
        b"host",
        b"x-forwarded-for",
        b"forwarded",
        b"user-agent",
        b"cookie",
        b"content-type",
        b"content-length",
        b"origin",
    ]
)
GOOD = st.sampled_from(
    [
        b"bytes=0-9",
        b"bytes=-5",
        b"bytes=5-1",
        b"*",
        b'"x"',
        b'W/"x", "y"',
        b"Wed, 25 Nov 2026 01:00:00 GMT",
        b"Mon, 01 Jan 0001 00:00:00 +2359",
        b"Fri, 31 Dec 9999 23:59:59 -2359",
        b"gzip;q=0, br;q=0.5, *;q=0",
        b"identity;q=0",
        b"feed",
        b"application/feed+json",
        b"203.0.113.9",
        b"application/x-www-form-urlencoded",
    ]
)
HEADERS = st.lists(st.tuples(NAMES, GOOD | st.binary(max_size=40)), max_size=8)
QUERIES = st.sampled_from([b"", b"token=x"]) | st.binary(max_size=30).map(
    lambda query: bytes(byte for byte in query if byte > 32)  # no server lets others through
)


@dataclass
class Answer:
    """What an application sent."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ASGIApp]:
    root = tmp_path_factory.mktemp("hostile")
    config = Config.model_validate(
        {
            "publication": {
                "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                "title": "Morning Post",
                "postal_address": "1 Harbour Street",
            },
            "newsletters": [{"name": "breaking"}],
            "web": {"proxies": ["127.0.0.0/8"]},
            "root": root,
        }
    )
    store = Store.open(f"sqlite:///{root}/syndicate.db")
    newsroom = Newsroom(store, config)
    newsroom.file("tram")
    newsroom.file("quay")
    newsroom.build()
    newsroom.retract("quay")
    newsroom.build()
    lay_traps(config.output)
    yield application(store, config)
    store.close()


def lay_traps(output: Path) -> None:
    """Put secrets where a way out of the folder would find them."""
    for place in (output.parent / "secret.txt", output / ".hidden.txt"):
        place.write_bytes(SECRET)
    (output / "out.txt").symlink_to(output.parent / "secret.txt")
    (output / "outside").symlink_to(output.parent)


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(method=METHODS, path=PATHS, query=QUERIES, headers=HEADERS)
def test_whatever_is_asked_the_answer_is_one_of_ours(app, method, path, query, headers):
    answer = run(ask(app, method, path, query, headers))
    assert 200 <= answer.status < 500
    assert SECRET not in answer.body
    assert not answer.body.startswith(b"SQLite format 3")
    assert not any(set(b"\r\n\0") & set(value) for value in answer.headers.values())
    where = answer.headers.get(b"location", b"/")
    assert where.startswith((b"/", b"http://127.0.0.1:8000/"))
    assert not where.startswith((b"//", b"/\\"))
    if answer.status in {204, 304}:
        assert answer.body == b""
    elif (
        b"content-length" in answer.headers and method != "HEAD"
    ):  # its body is the server's to drop
        assert int(answer.headers[b"content-length"]) == len(answer.body)


async def ask(
    app: ASGIApp, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]]
) -> Answer:
    """Ask as a server does that lets everything through."""
    answer = Answer()
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "root_path": "",
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], dict(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer
