"""nginx and Caddy, as docs/serving.md has them, answer as Syndicate does but where it says so."""

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from unittest.mock import ANY
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from syndicate.web.app import application
from syndicate.web.server.server import WebServer, listen
from tests.requirements import require
from tests.web import reverse_proxies
from tests.web.publication import MONITOR, ServedPublication, answering
from tests.web.request_matrix import CASES, RequestCase, ResponseFields, case, client, send_request
from tests.web.server.proxy_differences import DIFFERENCES, FEEDS, FRONTS, NGINX, TESTED_APART
from tests.web.test_serving_doc import PROMISES

pytestmark = pytest.mark.neighbours

NAMED = {asked.name: asked for asked in CASES}
CLIMBING = {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/x%00/rss.xml"}
ODD = {
    "/media/..%2f.manifest.sqlite": False,
    "/media/%2e%2e/.manifest.sqlite": False,
    "//.manifest.sqlite": False,
    "//rss.xml": True,
    "/media/../rss.xml": True,
}
"""Whether a file is where a browser would take it to be."""


# the publication and what is in front of it


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPublication]:
    """A publication that keeps connections open, however long a request of the other takes."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("syndicate.web.server.server._KEEP_ALIVE", 3600)
        patched.setattr("syndicate.web.server.connection.RECEIVE_TIMEOUT", 10_000)
        with answering(tmp_path_factory.mktemp("fronts")) as place:
            yield place


@pytest.fixture(scope="module", params=FRONTS)
def front(
    request: pytest.FixtureRequest, place: ServedPublication
) -> Iterator[reverse_proxies.Running]:
    program, run = FRONTS[request.param]
    require(reverse_proxies.is_there(program), f"needs {program} (Debian: {program})")
    work = place.root / request.param.replace(" ", "-")
    with run(request.param, place.config.output, upstream=place.server.port, work=work) as running:
        yield running
    shutil.rmtree(work)


@pytest.fixture(scope="module")
def straight(place: ServedPublication) -> Callable[[str, RequestCase], ResponseFields]:
    """What Syndicate itself answers, asked once and not for each front again."""

    @cache
    def answer(path: str, name: str) -> ResponseFields:
        with client(place.server.url) as http:
            return send_request(http, path, NAMED[name])

    return lambda path, asked: answer(path, asked.name)


class Counting:
    """An application that remembers from which port it was asked, each time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.asked: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["client"][1])
        await self.app(scope, receive, send)


def as_written(front: reverse_proxies.Running, line: str) -> int:
    """Send a request that no client would leave as it is; return the status."""
    url = httpx.URL(front.url)
    asked = f"{line} HTTP/1.1\r\nHost: {reverse_proxies.HOST}\r\nConnection: close\r\n\r\n"
    with ExitStack() as stack:
        sent = stack.enter_context(socket.create_connection((url.host, url.port or 443)))
        if url.scheme == "https":
            sent = stack.enter_context(reverse_proxies.trusting().wrap_socket(sent))
        sent.sendall(asked.encode())
        return int(sent.makefile("rb").readline().split()[1])


def ask_front(http: httpx.Client, path: str, asked: RequestCase) -> ResponseFields:
    """Send a request once more where the front closed the connection before it came.

    A server may do so between two requests (RFC 9112, section 9.3.1); nginx did, once in a while.
    """
    try:
        return send_request(http, path, asked)
    except httpx.RemoteProtocolError:
        return send_request(http, path, asked)


# the tests


@pytest.mark.parametrize("asked", CASES, ids=lambda asked: asked.name)
def test_a_front_says_what_we_say_but_where_the_document_says_so(front, place, straight, asked):
    wrong = {}
    with client(front.url) as through:
        for path in place.paths():
            own, other = straight(path, asked), ask_front(through, path, asked)
            differs = {
                name: other.get(name)
                for name in sorted(own.keys() | other.keys())
                if own.get(name) != other.get(name)
            }
            allowed: ResponseFields = {}
            for one in DIFFERENCES[front.heading]:
                allowed |= one.says if one.where(path, asked, own) else {}
            loose = {name: value for name, value in allowed.items() if value is ANY}
            strict = {name: value for name, value in allowed.items() if value is not ANY}
            strict = {name: value for name, value in strict.items() if own.get(name) != value}
            differs = {name: value for name, value in differs.items() if name not in loose}
            if differs != strict:
                wrong[path] = (own["status"], differs, strict)
    assert not wrong


@pytest.mark.parametrize("path", [*sorted(CLIMBING), *ODD])
def test_no_path_leads_out_of_the_folder(front, path):
    by_itself = "on the files" in front.heading
    if path in CLIMBING:
        expected = 400 if "nginx" in front.heading else 404
    else:
        expected = 200 if ODD[path] and by_itself else 404
    assert as_written(front, f"GET {path}") == expected


def test_under_a_path_everything_is_there_and_leads_there(tmp_path):
    require(reverse_proxies.is_there("nginx"), "needs nginx (Debian: nginx)")
    moved = {}
    with ExitStack() as stack:
        place = stack.enter_context(answering(tmp_path, url=f"https://{reverse_proxies.HOST}/news"))
        front = stack.enter_context(
            reverse_proxies.nginx(
                "nginx in front",
                place.config.output,
                upstream=place.server.port,
                work=tmp_path / "nginx",
                under_a_path=True,
            )
        )
        straight = stack.enter_context(client(place.server.url))
        through = stack.enter_context(client(front.url))
        for path in [*place.paths(), "/newsletters", "/newsletters/breaking?a=b"]:
            for asked in (case("plain"), case("gzip", accept_encoding="gzip")):
                if path != "/metrics":
                    own = send_request(straight, path, asked)
                    assert send_request(through, f"/news{path}", asked) == own, path
            answer = through.get(f"/news{path}")
            if answer.is_redirect:
                led = urlsplit(urljoin(f"/news{path}", answer.headers["location"]))
                assert not led.netloc
                moved[path] = led.path
                assert through.get(led.geturl()).status_code == 200
        assert urlsplit(through.get("/news").headers["location"]).path == "/news/"
        assert through.get("/rss.xml").status_code == 404
    assert moved == {
        "/articles/day-0": "/news/articles/day-0/",
        "/articles/day-5/": "/news/articles/harbour/",
        "/feed": "/news/rss.xml",
        "/newsletters": "/news/newsletters/",
        "/newsletters/breaking?a=b": "/news/newsletters/breaking/",
        "/sections/city": "/news/sections/city/",
    }


def test_each_coding_has_a_strong_tag_of_its_own(front):
    with client(front.url) as through:
        for path in sorted(FEEDS):
            codings = ("identity", "gzip", "gzip;q=1")
            answers = [through.get(path, headers={"accept-encoding": said}) for said in codings]
            tags = {answer.headers["etag"] for answer in answers}
            assert all(tag.startswith('"') for tag in tags)
            assert len(tags) == (3 if "on the files" in front.heading else 2)


def test_every_difference_is_in_the_table():
    stated = {name for name, promise in PROMISES.items() if promise.nginx}
    assert stated == {one.promise for one in NGINX} | TESTED_APART


def test_readers_are_told_apart_and_nobody_is_whom_they_claim_to_be(front, place):
    agent = {"user-agent": f"one of many behind {front.heading}", "a-im": "feed"}
    with client(front.url, source="127.0.0.2") as impolite:
        answers = [
            impolite.get("/atom.xml", headers=agent | {"x-forwarded-for": f"192.0.2.{turn}"})
            for turn in range(12)
        ]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0
    with client(front.url, source="127.0.0.3") as polite:
        assert polite.get("/atom.xml", headers=agent).status_code == 200


def test_figures_are_not_for_who_comes_through_a_front(front, place):
    with client(front.url, source="127.0.0.2") as through:
        for claim in ({}, {"x-forwarded-for": "127.0.0.1"}):
            assert through.get("/metrics", headers=claim).status_code == 404
    with client(place.server.url, source=MONITOR) as straight:
        assert straight.get("/metrics").status_code == 200


@pytest.mark.parametrize("heading", FRONTS)
def test_a_front_keeps_its_connection_to_us(place, heading, tmp_path):
    program, run = FRONTS[heading]
    require(reverse_proxies.is_there(program), f"needs {program} (Debian: {program})")
    app = Counting(PlainTextResponse("hello"))
    with (
        WebServer(app, "127.0.0.1", 0) as ours,
        run(heading, place.config.output, upstream=ours.port, work=tmp_path / "kept") as running,
    ):
        for _ in range(3):
            with client(running.url) as through:
                assert through.get("/").text == "hello"
    assert len(app.asked) == 3
    assert len(set(app.asked)) == 1


def test_a_log_of_a_front_holds_no_token(front, place):
    with client(front.url) as through:
        assert through.get(f"/feeds/private/{place.token}/atom.xml").status_code == 200
        through.get(f"/unsubscribe/{place.token}")
    logs = [file for file in front.work.rglob("*") if file.is_file()]
    assert logs
    assert not [file for file in logs if place.token.encode() in file.read_bytes()]


@pytest.mark.parametrize("heading", FRONTS)
def test_nor_does_one_while_we_are_down(place, heading, tmp_path):
    program, run = FRONTS[heading]
    require(reverse_proxies.is_there(program), f"needs {program} (Debian: {program})")
    with listen("127.0.0.1", 0) as closed:
        port = closed.getsockname()[1]
    work = tmp_path / "down"
    with (
        run(heading, place.config.output, upstream=port, work=work) as running,
        client(running.url) as through,
    ):
        assert through.get(f"/feeds/private/{place.token}/atom.xml").status_code == 502
        feed = through.get("/atom.xml").status_code
    assert feed == (200 if "on the files" in heading else 502)
    written = [file for file in work.rglob("*") if file.is_file()]
    assert not [file for file in written if place.token.encode() in file.read_bytes()]


def test_a_cache_in_nginx_keeps_feeds_while_we_are_down_and_nothing_private(place, tmp_path):
    require(reverse_proxies.is_there("nginx"), "needs nginx (Debian: nginx)")
    private = f"/feeds/private/{place.token}/atom.xml"
    forms = {"gzip": {"accept-encoding": "gzip"}, "as it is": {}}
    heading, work, app = (
        "nginx in front",
        tmp_path / "cache",
        application(place.store, place.config),
    )
    with ExitStack() as stack:
        ours = stack.enter_context(WebServer(app, "127.0.0.1", 0))
        running = stack.enter_context(
            reverse_proxies.nginx(
                heading, place.config.output, upstream=ours.port, work=work, cached=True
            )
        )
        through = stack.enter_context(client(running.url))
        before = {form: through.get("/rss.xml", headers=said) for form, said in forms.items()}
        assert through.get("/").status_code == through.get(private).status_code == 200
        tag = before["gzip"].headers["etag"]
        news = through.get(
            "/rss.xml", headers=forms["gzip"] | {"a-im": "feed", "if-none-match": tag}
        )
        assert news.status_code == 304
        ours.stop()
        for form, said in forms.items():
            after = through.get("/rss.xml", headers=said)
            for name in ("etag", "vary", "cache-control", "link", "content-encoding"):
                assert after.headers.get(name) == before[form].headers.get(name)
            assert after.content == before[form].content
        again = through.get("/rss.xml", headers=forms["gzip"] | {"if-none-match": tag})
        assert (again.status_code, again.headers["etag"]) == (304, tag)
        assert through.get("/").status_code == through.get(private).status_code == 502
    kept = [file.read_bytes() for file in (work / "syndicate").rglob("*") if file.is_file()]
    assert len(kept) >= len(forms)
    assert not [one for one in kept if place.token.encode() in one]


def test_what_it_keeps_it_hands_out_after_its_time_when_we_are_down(place, tmp_path):
    require(reverse_proxies.is_there("nginx"), "needs nginx (Debian: nginx)")
    kept = {"cache-control": "public, max-age=1, stale-if-error=86400"}
    work = tmp_path / "cache"
    with ExitStack() as stack:
        app = Counting(PlainTextResponse("news", headers=kept))
        ours = stack.enter_context(WebServer(app, "127.0.0.1", 0))
        running = stack.enter_context(
            reverse_proxies.nginx(
                "nginx in front", place.config.output, upstream=ours.port, work=work, cached=True
            )
        )
        through = stack.enter_context(client(running.url))
        assert through.get("/rss.xml").text == "news"
        for only_ours in ({"a-im": "feed"}, {"range": "bytes=1-2"}, {"if-match": "*"}):
            through.get("/rss.xml", headers=only_ours)
        assert len(app.asked) == 4
        ours.stop()
        time.sleep(2)
        assert through.get("/rss.xml").text == "news"


@pytest.mark.parametrize("front", [name for name in FRONTS if "nginx" in name], indirect=True)
def test_nginx_speaks_http_2_and_leads_from_http_to_https(front):
    context = reverse_proxies.trusting()
    context.set_alpn_protocols(["h2", "http/1.1"])
    port = httpx.URL(front.url).port or 443
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain, server_hostname=reverse_proxies.HOST) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"
    with client(front.insecure) as asking:
        answer = asking.get("/a%20b?c=d")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://{reverse_proxies.HOST}/a%20b?c=d"
