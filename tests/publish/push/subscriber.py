"""A WebSub subscriber on loopback, written from the W3C text, and a hub for it to subscribe to."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx

from syndicate import clock
from syndicate.config import Config
from syndicate.publish.push.hub import Hub, HubReport
from syndicate.store import Store
from syndicate.store.push.call_queue import PendingCalls
from syndicate.store.push.hub import HubCounts
from tests.publish.newsroom import Newsroom
from tests.publish.serving import serving


@dataclass
class Received:
    """One distribution."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def is_signed_with(self, secret: str) -> bool:
        """Check the signature as the W3C text says (7.1.2)."""
        method, _, signature = self.headers.get("X-Hub-Signature", "").partition("=")
        if method not in {"sha1", "sha256", "sha384", "sha512"}:
            return False
        digest = hmac.new(secret.encode(), self.body, getattr(hashlib, method)).hexdigest()
        return hmac.compare_digest(digest, signature)


@dataclass
class Subscriber:
    """What it answers, and what it was asked and sent."""

    port: int = 0
    agrees: bool = True
    echo: Callable[[str], str] = lambda challenge: challenge
    """What it answers a challenge with."""
    asking: list[int] = field(default_factory=list)
    """Statuses of the next answers to questions; then 200."""
    receiving: list[int] = field(default_factory=list)
    """Statuses of the next answers to distributions; then 204."""
    questions: list[dict[str, str]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def callback(self, path: str = "/callback") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def subscriber() -> Iterator[Subscriber]:
    """A subscriber that runs."""
    ours = Subscriber()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = urlsplit(self.path).query
            question = dict(parse_qsl(query, keep_blank_values=True))
            ours.questions.append(question)
            ours.queries.append(query)
            status = ours.asking.pop(0) if ours.asking else 200
            self._answer(
                status if ours.agrees else 404, ours.echo(question.get("hub.challenge", ""))
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ours.received.append(Received(self.path, dict(self.headers), body))
            self._answer(ours.receiving.pop(0) if ours.receiving else 204, "")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ours.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield ours
        server.shutdown()
        thread.join()


@dataclass
class Station:
    """A publication on the web that has a hub, and a clock of its own."""

    newsroom: Newsroom
    hub: Hub
    url: str
    at: datetime

    def publish(self, slug: str, **values: Any) -> None:
        """File an article, and build."""
        self.newsroom.file(slug, **values)
        self.newsroom.build()

    def ask(self, callback: str, *, topic: str = "/rss.xml", **more: str) -> httpx.Response:
        """Post what a subscriber posts; `secret` and its kind are given without `hub.`."""
        given = {"mode": "subscribe", "topic": f"{self.url}{topic}", "callback": callback} | more
        form = {f"hub.{name}": value for name, value in given.items()}
        return httpx.post(f"{self.url}/hub", data=form, trust_env=False)

    def subscribe(self, callback: str, **more: str) -> HubReport:
        """Subscribe, and have the hub verify that."""
        assert self.ask(callback, **more).status_code == 202
        return self.run()

    def run(self, after: timedelta = timedelta(0)) -> HubReport:
        """Let time pass, somewhat more than that, and have the hub work."""
        self.at = max(self.at, clock.now()) + after + timedelta(seconds=5)
        return self.hub.run(self.at)

    def numbers(self) -> HubCounts:
        """How the hub stands."""
        with self.newsroom.store.read() as tx:
            return tx.hub.counts()

    def open_counts(self) -> tuple[int, int]:
        """How many subscriptions it has, and requests that are not verified."""
        counts = self.numbers()
        return counts.subscriptions, counts.requests

    def pending(self) -> list[PendingCalls]:
        """What the hub is still to send."""
        with self.newsroom.store.read() as tx:
            return tx.calls.pending()

    def fetch(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", trust_env=False)


@contextmanager
def station(
    store: Store, publication: Callable[..., Config], *, mirror: str | None = None, **websub: Any
) -> Iterator[Station]:
    """A publication with an article, whose hub calls loopback unless it is told otherwise."""
    table = {"own": True, "private_callbacks": ["127.0.0.0/8"]} | websub
    with serving(store, publication, websub=table, publish={"mirror": mirror}) as served:
        newsroom = served.newsroom
        opened = Station(newsroom, Hub.of(store, newsroom.config), served.url, clock.now())
        opened.publish("first")
        yield opened


def query_of(text: str) -> dict[str, list[str]]:
    return parse_qs(text, keep_blank_values=True)
