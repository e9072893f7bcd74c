"""A hundred thousand requests that nobody sends in good faith: none is an error of ours.

The ordinary run draws 3,000; `SYNDICATE_FUZZ=100000` draws as many as that.
"""

import gzip
import os
import socket
import struct
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException, HTTPResponse
from pathlib import Path

import brotli
import httpx
import pytest

from syndicate.config import load
from syndicate.store import Store
from tests.cli.operation.test_run import until
from tests.end_to_end.fuzz_requests import Fuzz
from tests.ports import free_port
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

pytestmark = pytest.mark.slow

COUNT = int(os.environ.get("SYNDICATE_FUZZ", "3000"))
SEED = int(os.environ.get("SYNDICATE_FUZZ_SEED", "1"))
SECRET = "what nobody may read"
FORBIDDEN = (SECRET.encode(), b"SQLite format 3", b"root:x:0")
GROWTH = 48 * 1024 * 1024
"""Bytes that the server may grow by: what it keeps of files, versions and clients is bounded."""
CONFIG = f"""\
# {SECRET}
[publication]
id = "0b0e8c1e-6c2f-4b37-9a1e-5b8f6a3d9e01"
title = "Real Post"
postal_address = "1 Real Street"

[mail]
transport = "outbox"
from = "Real Post <post@example.org>"

[websub]
own = true

[web]
proxies = ["127.0.0.0/8"]

[[newsletters]]
name = "breaking"
"""


@dataclass
class Told:
    """What a server answered, and what is wrong with that."""

    statuses: Counter[int] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    silent: list[bytes] = field(default_factory=list)
    """What was sent where no answer came, for no reason that shows."""


@dataclass
class Target:
    """A `syndicate serve` in a process of its own."""

    process: "subprocess.Popen[bytes]"
    port: int
    errors: Path
    tags: dict[str, str]
    """Of all that is published, by path; empty where there is none."""

    @property
    def memory(self) -> int:
        """How many bytes it has in memory."""
        return int(self._proc("statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def files(self) -> int:
        """How many files and connections it has open."""
        return len(list(self._proc("fd").iterdir()))

    def _proc(self, name: str) -> Path:
        return Path(f"/proc/{self.process.pid}/{name}")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A publication with a secret beside it, and links that lead there."""
    folder = tmp_path_factory.mktemp("fuzzed")
    port = free_port()
    (folder / "config.toml").write_text(CONFIG)
    (folder / "secret.txt").write_text(SECRET)
    config = load(folder / "config.toml")
    with closing(Store.of(config)) as store:
        newsroom = Newsroom(store, config)
        for slug in ("tram", "quay", "crane"):
            newsroom.file(slug, section="City", tags=("harbour",))
        newsroom.build()
        newsroom.retract("quay", at=NOON + timedelta(minutes=5))
        newsroom.file("crane", renamed="cranes", at=NOON + timedelta(minutes=5))
        newsroom.build()
    _lay_traps(config.output)
    files = sorted(file for file in config.output.rglob("[!.]*") if file.is_file())
    paths = [f"/{file.relative_to(config.output).as_posix()}" for file in files]
    paths += [path.removesuffix("index.html") for path in paths if path.endswith("/index.html")]
    errors = folder / "errors.txt"
    with errors.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "syndicate", "serve"],
            cwd=folder,
            env={**os.environ, "PORT": f"{port}"},
            stdout=subprocess.DEVNULL,
            stderr=stream,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: process.poll() is not None or httpx.get(f"{url}/healthz", trust_env=False))
        asked = {path: httpx.get(f"{url}{path}", trust_env=False) for path in paths}
        tags = {path: answer.headers.get("etag", "") for path, answer in asked.items()}
        yield Target(process, port, errors, tags)
    finally:
        process.terminate()
        process.wait(20)


def _lay_traps(output: Path) -> None:
    (output / ".hidden").mkdir()
    (output / ".hidden/secret.txt").write_text(SECRET)
    (output / ".hidden.txt").write_text(SECRET)
    (output / "out.txt").symlink_to("../secret.txt")
    (output / "articles/out.txt").symlink_to(output.parent / "secret.txt")
    (output / "outside").symlink_to("..")
    (output / "absolute").symlink_to("/etc")
    (output / "ring").symlink_to("ring")


def test_no_request_gets_an_error_of_ours_or_a_file_from_outside_and_the_server_lives(target):
    fuzz = Fuzz(SEED, target.tags)
    _send(fuzz, target, 1000)
    memory, files = target.memory, target.files
    told = _send(fuzz, target, COUNT - 1000)
    assert told.complaints == []
    assert told.silent == []
    assert set(told.statuses) >= {200, 301, 304, 400, 404, 405, 410, 501}
    assert target.process.poll() is None
    assert httpx.get(f"http://127.0.0.1:{target.port}/rss.xml", trust_env=False).status_code == 200
    assert target.memory - memory < GROWTH
    assert target.files <= files + 5
    errors = target.errors.read_text()
    assert "Traceback" not in errors
    assert "Exception" not in errors


def _send(fuzz: Fuzz, target: Target, count: int) -> Told:
    """Send requests, over connections that are kept where that can be."""
    told = Told()
    connection: socket.socket | None = None
    for _ in range(count):
        method, request = fuzz.request()
        connection = connection or _connected(target.port)
        if not _exchanged(connection, method, request, told):
            connection.close()
            connection = None
    if connection is not None:
        connection.close()
    return told


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    # a hundred thousand ports in TIME_WAIT are more than there are
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return connection


def _exchanged(connection: socket.socket, method: str, request: bytes, told: Told) -> bool:
    """Send one request and judge the answer; tell whether the connection can be used again."""
    head = request.partition(b"\r\n\r\n")[0].lower()
    unclear = any(
        name in head for name in (b"content-length", b"transfer-encoding", b"upgrade", b"expect")
    )
    connection.settimeout(0.5 if unclear else 30)
    answer = HTTPResponse(connection, method=method if method == "HEAD" else "GET")
    try:
        with suppress(ConnectionError):  # it may have answered before it had read it all
            connection.sendall(request)
        answer.begin()
        body = answer.read()
    except (OSError, HTTPException) as error:
        if not unclear and method not in {"CONNECT", "PRI"}:
            told.silent.append(repr(error).encode() + b" " + request[:500])
        return False
    told.statuses[answer.status] += 1
    told.complaints += (f"{said}: {request[:500]!r}" for said in _wrong(answer, body))
    return not unclear and not answer.will_close


def _wrong(answer: HTTPResponse, body: bytes) -> Iterator[str]:
    """What an answer should never be."""
    if answer.status >= 500 and answer.status not in {501, 505}:  # the client's mistakes
        yield f"{answer.status}"
    if any(secret in _plain(answer, body) for secret in FORBIDDEN):
        yield "a file from outside"
    where = answer.getheader("location", "/")
    ours = where.startswith(("/", "http://127.0.0.1:8000/"))
    if not ours or where.startswith(("//", "/\\")):
        yield f"leads to {where}"
    if answer.getheader("x") is not None:
        yield "a header of the client's making"


def _plain(answer: HTTPResponse, body: bytes) -> bytes:
    """Undo the coding of a body; a part of one can't be."""
    unpack: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "br": brotli.decompress}
    coding = answer.getheader("content-encoding", "")
    if coding not in unpack or answer.status == 206 or not body:
        return body
    try:
        return unpack[coding](body)
    except (OSError, EOFError, zlib.error, brotli.error):
        return body
