"""What can happen to a store while mail is handed over: a wire that is cut, a disk that is full."""

import contextlib
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from sqlalchemy import create_engine, text

from tests.until import until


class Wire:
    """The way to a database of a PostgreSQL server, which can be cut; the server goes on."""

    def __init__(self, address: str, database: str) -> None:
        [folder] = parse_qs(urlsplit(address).query)["host"]
        self._server = f"{folder}/.s.PGSQL.5432"
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=20)
        port = self._listener.getsockname()[1]
        self.database = database
        self.straight = address.replace("/postgres?", f"/{database}?")
        """The URL of the database, not by this wire."""
        self.url = f"postgresql://postgres:secret@127.0.0.1:{port}/{database}?sslmode=disable"
        self._ends: list[socket.socket] = []
        self._connected: set[socket.socket] = set()
        self._up = True
        self.journeys = 0
        """How often the server was asked, and answered."""
        self._catch: Callable[[socket.socket, bytes], None] | None = None

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut(self) -> None:
        """End every connection, and let none come about."""
        self._up = False
        ends, self._ends = self._ends, []
        for each in ends:
            _shut(each)

    def mend(self) -> None:
        """Let connections come about again."""
        self._up = True

    def wait_until_free(self) -> None:
        """Wait until no connection is left: a server takes its time to end one."""
        until(lambda: not self._connected)

    def cut_at_the_next_commit(self) -> None:
        """End every connection when a commit is asked for, which is not done then."""

        def end(_: socket.socket, __: bytes) -> None:
            self.cut()

        self._catch = end

    def lose_the_next_commit(self, *, done: bool, then: Callable[[], None] = lambda: None) -> None:
        """Cut the connection when a commit is asked for, before it is answered.

        It may be `done` all the same. What comes `then` is over before a connection comes
        about again.
        """

        def lose(far: socket.socket, asked: bytes) -> None:
            self._up = False
            if done:
                far.sendall(asked)
                assert far.recv(65536), "the server never answered"
            _shut(far)
            then()
            self._up = True

        self._catch = lose

    # how

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if not self._up:
                    near.close()
                    continue
                self._connected.add(near)
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        """Pass on what each side says; in this protocol the server answers, and no more."""
        try:
            self._pass_on(near)
        finally:
            self._connected.discard(near)

    def _pass_on(self, near: socket.socket) -> None:
        with near, socket.socket(socket.AF_UNIX) as far, contextlib.suppress(OSError):
            far.connect(self._server)
            self._ends += (near, far)
            asked = False
            while True:
                for end in select.select([near, far], [], [])[0]:
                    said = end.recv(65536)
                    if not said:
                        return
                    self.journeys += asked and end is far
                    asked = end is near
                    if end is near and self._catch is not None and b"COMMIT" in said:
                        catch, self._catch = self._catch, None
                        near.shutdown(socket.SHUT_RDWR)
                        catch(far, said)
                        return
                    (far if end is near else near).sendall(said)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def wired(address: str, template: str) -> Iterator[Wire]:
    """Make a database like another one, and a wire to it."""
    name = f"storm_{uuid4().hex}"
    server = create_engine(address, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    server.dispose()
    with Wire(address, name) as wire:
        yield wire


def run_sql(wire: Wire, statement: str) -> None:
    """Have the server do something with a database, as its administrator may."""
    server = create_engine(wire.straight, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(statement))
    server.dispose()


def end_sessions(wire: Wire) -> None:
    """Have the server end every session with a database."""
    run_sql(
        wire,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def fill_up(folder: Path) -> None:
    """Leave no room on the disk of a folder."""
    with (folder / "filler").open("wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


_DISK = """\
mkdir disk && mount -t tmpfs -o size=4m none disk && cp config.toml syndicate.db* disk && cd disk
"$@"; code=$?
rm -f filler; cp -a . ..; exit $code
"""
ON_A_SMALL_DISK = ("unshare", "--map-root-user", "--mount", "sh", "-c", _DISK, "sh")
"""Before a command: it works on a disk of its own, of which all is copied back at its end."""


def small_disks() -> bool:
    """Whether this machine lets us have disks of our own."""
    tried = [*ON_A_SMALL_DISK[:3], "mount", "-t", "tmpfs", "none", "/mnt"]
    return shutil.which("unshare") is not None and not subprocess.call(
        tried, stderr=subprocess.DEVNULL
    )


_HELD = """\
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)
os.execv(sys.argv[1], sys.argv[1:])
"""
HELD_TO_MODES = (sys.executable, "-c", _HELD)
"""Before a command: it may read and write what the modes of files allow, even where it is root."""
