"""What a proxy may read otherwise than we do never becomes a request of its own."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from syndicate.web.server.server import WebServer
from tests.requirements import require
from tests.web import reverse_proxies
from tests.web.publication import ServedPublication, answering

pytestmark = pytest.mark.neighbours

HOST = b"Host: www.example.org\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: h2c\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


class Recording:
    """An application that remembers what it was asked, and answers with the path."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bytes]] = []
        self.headers: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.headers = dict(request.headers)
        self.asked.append((request.method, request.url.path, await request.body()))
        await PlainTextResponse(f"you asked for {request.url.path}")(scope, receive, send)

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]


@pytest.fixture
def app() -> Recording:
    return Recording()


@pytest.fixture
def port(app: Recording) -> Iterator[int]:
    with WebServer(app, "127.0.0.1", 0) as server:
        yield server.port


def converse(port: int, *pieces: bytes) -> bytes:
    """Send pieces, the next one after an answer to the last; read until nothing more comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        received = b""
        for piece in pieces[:-1]:
            client.sendall(piece)
            received += client.recv(65536)
        client.sendall(pieces[-1])
        with suppress(OSError):  # the server may have refused and closed by now
            client.shutdown(socket.SHUT_WR)
        return received + b"".join(iter(lambda: client.recv(65536), b""))


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]


def posted(headers: bytes, body: bytes = SMUGGLED, *, path: bytes = b"/signup") -> bytes:
    """Write a POST; where the headers say nothing of its length, its length is added."""
    if b"ransfer-" not in headers and b"ontent-" not in headers:
        headers += b"Content-Length: %d\r\n" % len(body)
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n" + body


# upgrades


@pytest.mark.parametrize(
    "headers",
    [
        UPGRADE,
        b"connection: keep-alive, upgrade\r\nupgrade: websocket\r\n",
        b"Upgrade: h2c, x\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n",
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 10, -1])
def test_a_body_belongs_to_its_request_whatever_that_wants_to_be_upgraded_to(
    app, port, headers, cut
):
    head, body = posted(headers)[: -len(SMUGGLED)], SMUGGLED
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(head + body[:cut])
        client.sendall(body[cut:] + posted(UPGRADE, b"again") + posted(b"", b"", path=b"/next"))
        client.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: client.recv(65536), b""))
    assert statuses(received) == [200, 200, 200]
    assert app.asked == [
        ("POST", "/signup", SMUGGLED),
        ("POST", "/signup", b"again"),
        ("POST", "/next", b""),
    ]


def test_a_chunked_body_does_too(app, port):
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
    received = converse(port, posted(UPGRADE + CHUNKED, body) + posted(b"", b""))
    assert statuses(received) == [200, 200]
    assert app.asked == [("POST", "/signup", SMUGGLED), ("POST", "/signup", b"")]


def test_a_request_without_a_body_is_answered_and_the_next_one_too(app, port):
    ask = b"GET /first HTTP/1.1\r\n" + HOST + UPGRADE + b"\r\n"
    assert statuses(converse(port, ask, ask + SMUGGLED)) == [200, 200, 200]
    assert app.paths == ["/first", "/first", "/smuggled"]
    assert "upgrade" not in app.headers


# what may be read in two ways


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (posted(CHUNKED + b"Content-Length: 5\r\n", b"0\r\n\r\n"), 400),
        (posted(b"Content-Length: 5\r\n" + CHUNKED, b"0\r\n\r\n"), 400),
        (posted(b"Content-Length: 5\r\nContent-Length: 5\r\n"), 400),
        (posted(b"Content-Length: 5, 5\r\n"), 400),
        (posted(b"Content-Length: +5\r\n"), 400),
        (posted(b"Content-Length: 0x5\r\n"), 400),
        (posted(b"Content-Length:\r\n"), 400),
        (posted(b"Content-Length : 5\r\n"), 400),
        (posted(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 501),
        (posted(b"Transfer-Encoding: identity\r\n" + CHUNKED, b"0\r\n\r\n"), 501),
        (posted(CHUNKED * 2, b"0\r\n\r\n"), 400),
        (posted(CHUNKED + b"Transfer-Encoding: identity\r\n", b"0\r\n\r\n"), 400),
        (posted(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), 501),
        (posted(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"), 400),
        (posted(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"), 400),
        (posted(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"), 400),
        (posted(CHUNKED, b"0\r\n\r\n").replace(b"/1.1", b"/1.0"), 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n c\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n a: b\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\n" + HOST + b"\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\rc: d\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"a: b\0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"a b: c\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 505),
        (b"GET / HTTP/0.9\r\nConnection: keep-alive\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
        (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 400),
        (b"CONNECT x:1 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"CONNECT x:1 HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", 501),
        (b"GET ftp://x/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET http://anna@x/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ],
)
def test_a_request_that_may_be_read_in_two_ways_is_refused_and_is_the_last(
    app, port, request_, status
):
    assert statuses(converse(port, request_ + SMUGGLED)) == [status]
    assert app.paths == []


@pytest.mark.parametrize(
    "body",
    [
        b"5\nhello\r\n0\r\n\r\n",
        b"5;a\nhello\r\n0\r\n\r\n",
        b"5;a\rb\r\nhello\r\n0\r\n\r\n",
        b'5;a="\n"\r\nhello\r\n0\r\n\r\n',
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhelloXX0\r\n\r\n",
        b"10000000000000005\r\nhello\r\n0\r\n\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"0\r\n\n",
    ],
)
def test_so_is_one_whose_chunks_may_be(app, port, body):
    converse(port, posted(CHUNKED, body) + SMUGGLED)
    assert "/smuggled" not in app.paths


def test_extensions_of_chunks_are_ignored_and_trailers_are_no_headers(app, port):
    trailers = b"X-Forwarded-For: 192.0.2.1\r\nHost: evil.example\r\n"
    body = b'5;a=b;c="d"\r\nhello\r\n0\r\n' + trailers + b"\r\n"
    received = converse(port, posted(CHUNKED, body) + posted(b"", b"", path=b"/next"))
    assert statuses(received) == [200, 200]
    assert app.asked == [("POST", "/signup", b"hello"), ("POST", "/next", b"")]
    converse(port, posted(CHUNKED, body))
    assert app.headers == {"host": "www.example.org", "transfer-encoding": "chunked"}


@pytest.mark.parametrize(
    "last",
    [
        b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
        b"GET /last HTTP/1.0\r\n" + HOST + b"\r\n",
        b"GET /last HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n\r\n",
        b"GET /last HTTP/1.0\r\n" + UPGRADE + b"\r\n",
    ],
)
def test_nothing_that_follows_the_last_request_is_looked_at(app, port, last):
    received = converse(port, last + SMUGGLED + b"NONSENSE\r\n\r\n")
    assert statuses(received) == [200]
    assert b"connection: close\r\n" in received
    assert app.paths == ["/last"]


def test_a_body_that_may_never_come_ends_the_connection(app, port):
    expecting = posted(b"Expect: 100-continue\r\n", SMUGGLED, path=b"/wait")
    received = converse(port, expecting + SMUGGLED)
    assert statuses(received) == [100, 200]
    assert b"connection: close\r\n" in received
    assert app.asked == [("POST", "/wait", SMUGGLED)]


def test_an_absolute_target_names_the_host_whatever_the_field_says(app, port):
    ask = b"GET http://news.example:8000/a?b=c HTTP/1.1\r\nHost: evil.example\r\n\r\n"
    assert statuses(converse(port, ask)) == [200]
    assert (app.paths, app.headers["host"]) == (["/a"], "news.example:8000")
    ask = b"OPTIONS http://news.example?x HTTP/1.1\r\n" + HOST + b"\r\n"
    converse(port, ask + b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n")
    assert app.paths == ["/a", "/", "/"]


# real neighbours

FRONTS = {
    "nginx as documented": (reverse_proxies.nginx, "nginx in front", {}),
    "nginx that passes upgrades on": (
        reverse_proxies.nginx,
        "nginx in front",
        {
            'proxy_set_header Connection "";': "proxy_set_header Connection $http_connection;"
            " proxy_set_header Upgrade $http_upgrade;"
        },
    ),
    "Caddy as documented": (reverse_proxies.caddy, "Caddy in front", {}),
    "Caddy on the files as documented": (reverse_proxies.caddy, "Caddy on the files", {}),
    "Caddy that passes upgrades on": (
        reverse_proxies.caddy,
        "Caddy in front",
        {"header_up -Upgrade\n": "", "header_up -Connection\n": ""},
    ),
}
SENT = b"hidden=1&next=" + SMUGGLED


@pytest.mark.parametrize("name", FRONTS)
def test_nobody_puts_a_request_before_that_of_another_reader(app, port, name, tmp_path):
    run, heading, changes = FRONTS[name]
    require(
        reverse_proxies.is_there(run.__name__), f"needs {run.__name__} (Debian: {run.__name__})"
    )
    work = tmp_path / "front"
    (tmp_path / "feeds").mkdir()
    with run(heading, tmp_path / "feeds", upstream=port, work=work, changes=changes) as front:
        url = httpx.URL(front.url)
        head = b"POST /signup HTTP/1.1\r\nHost: %b\r\n" % _host(url)
        for upgrade in (UPGRADE, b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"):
            _send(url, head + upgrade + b"Content-Length: %d\r\n\r\n" % len(SENT) + SENT)
            with httpx.Client(trust_env=False, verify=False) as reader:
                answer = reader.get(url.join("/mine"), headers={"host": _host(url).decode()})
            assert answer.text == "you asked for /mine"
    assert app.asked == [("POST", "/signup", SENT), ("GET", "/mine", b"")] * 2


@pytest.mark.parametrize("name", ["nginx as documented", "Caddy as documented"])
def test_a_front_as_documented_passes_no_upgrade_on(app, port, name, tmp_path):
    run, heading, _ = FRONTS[name]
    require(
        reverse_proxies.is_there(run.__name__), f"needs {run.__name__} (Debian: {run.__name__})"
    )
    with run(heading, tmp_path, upstream=port, work=tmp_path / "front") as front:
        url = httpx.URL(front.url)
        _send(url, b"GET / HTTP/1.1\r\nHost: %b\r\n" % _host(url) + UPGRADE + b"\r\n")
    assert app.paths == ["/"]
    assert "upgrade" not in app.headers
    assert app.headers.get("connection", "") in {"", "keep-alive"}


def _host(url: httpx.URL) -> bytes:
    name = reverse_proxies.HOST if url.scheme == "https" else f"{reverse_proxies.HOST}:{url.port}"
    return name.encode()


def _send(url: httpx.URL, request: bytes) -> None:
    """Send a request to a front, and wait for the beginning of its answer."""
    with ExitStack() as stack:
        sent = stack.enter_context(socket.create_connection((url.host, url.port or 443), 60))
        if url.scheme == "https":
            sent = stack.enter_context(reverse_proxies.trusting().wrap_socket(sent))
        sent.sendall(request)
        assert sent.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPublication]:
    with answering(tmp_path_factory.mktemp("smuggling")) as place:
        yield place


def curl(*arguments: str) -> str:
    """Run curl against loopback; return what it says of the answer, or its error."""
    require(shutil.which("curl"), "needs curl (Debian: curl)")
    said = ["--silent", "--output", "/dev/null", "--write-out", "%{http_code} "]
    command = ["curl", "--noproxy", "*", "--max-time", "60", *said, *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def test_curl_that_offers_http_2_signs_up_and_reads(place):
    url = place.server.url
    signup = '{"email": "berta@example.org", "newsletters": ["breaking"]}'
    json = ("--header", "content-type: application/json", "--data", signup)
    assert curl("--http2", *json, f"{url}/api/signup") == "202"
    assert (
        curl("--http2", f"{url}/rss.xml", "--output", "/dev/null", f"{url}/atom.xml") == "200 200"
    )


def test_curl_that_speaks_http_2_at_once_is_refused_and_others_are_answered(place):
    url = place.server.url
    assert curl("--http2-prior-knowledge", f"{url}/rss.xml") == "000"
    assert curl("--http1.1", f"{url}/rss.xml") == "200"


def test_curl_that_waits_before_a_long_body_is_answered(place, tmp_path: Path):
    long = tmp_path / "long"
    long.write_bytes(bytes(2_000_000))
    sent = ("--data-binary", f"@{long}", "--header", "Expect: 100-continue")
    assert curl(*sent, f"{place.server.url}/signup") == "400"
