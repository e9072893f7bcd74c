"""Servers that listen to push: a hub and a search engine on loopback, which answer as they are told."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Listener:
    """What was posted, and what is answered: a status with headers, until another is set."""

    port: int
    posts: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0
    """Seconds before an answer."""
    on_post: Callable[[], None] = lambda: None
    """What is done before one."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def topics(self) -> list[str]:
        """The feeds that were pinged, by their paths, in order."""
        forms = [parse_qs(body.decode()) for _, body, _ in self.posts]
        assert all(form["hub.mode"] == ["publish"] for form in forms)
        return [form["hub.url"][0].partition("://")[2].partition("/")[2] for form in forms]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages of IndexNow that were posted."""
        return [json.loads(body) for _, body, _ in self.posts]

    def forget(self) -> None:
        self.posts.clear()


@contextmanager
def listening(port: int = 0) -> Iterator[Listener]:
    """Listen on a port of loopback; 0: any that is free."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            listener.on_post()
            listener.posts.append((self.path, body, headers))
            time.sleep(listener.slow)
            self.send_response(listener.status)
            for name, value in listener.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    listener = Listener(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
