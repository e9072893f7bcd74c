"""Servers of the same files, each a process with one worker.

`bare` is a callable that answers with the least headers, `alike` with all of ours.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.ours import Publication

_HERE = Path(__file__).parents[1]
_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_UP_WITHIN = 30
"""Seconds that a server may take to come up."""
NGINX, BARE, ALIKE, OURS = NAMES = ("nginx", "bare", "alike", "ours")
_NGINX = """\
{user}
worker_processes 1;
daemon off;
pid {work}/pid;
error_log {work}/error.log;
events {{ worker_connections 512; }}
http {{
  types {{ application/rss+xml xml; text/html html; }}
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  gzip_static on;
  gzip_vary on;
  etag on;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder};
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    name: str
    port: int
    pid: int
    """The process that answers: of nginx the worker."""

    def computed(self) -> float:
        """Return the seconds of processor that it has had, all its threads together."""
        fields = (_PROC / f"{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident(self) -> int:
        """Return its resident memory in bytes."""
        lines = (_PROC / f"{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


@contextmanager
def serving(publication: Publication, paths: Sequence[str], core: int) -> Iterator[list[Served]]:
    """Start all servers on one core, and stop them at the end."""
    ports = {name: free_port() for name in NAMES}
    ours = publication.command("serve", "--host", "127.0.0.1", "--port", str(ports[OURS]))
    bare = (sys.executable, "-m", "bench.bare")
    commands: dict[str, Sequence[str]] = {
        OURS: ours,  # it comes first: the bare ones ask it
        NGINX: _nginx(publication, ports[NGINX]),
        BARE: (*bare, str(ports[BARE]), str(ports[OURS]), "least", *paths),
        ALIKE: (*bare, str(ports[ALIKE]), str(ports[OURS]), "all", *paths),
    }
    with ExitStack() as running:
        served = {}
        with pinned(core):
            for name, command in commands.items():
                pid = running.enter_context(_up(command, ports[name]))
                served[name] = Served(name, ports[name], _worker(pid) if name == NGINX else pid)
        yield [served[name] for name in NAMES]


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Stay on one core, and with us whom we start."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _up(command: Sequence[str], port: int) -> Iterator[int]:
    """Hold a server up; give its process."""
    with subprocess.Popen(
        command,
        cwd=_HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait(process, command, port)
            yield process.pid
        finally:
            process.terminate()


def _nginx(publication: Publication, port: int) -> Sequence[str]:
    """Return the command of an nginx whose configuration was written."""
    work = publication.root / "nginx"
    work.mkdir()
    user = "" if os.geteuid() else "user root;"  # a folder of root's own is to be read
    written = work / "nginx.conf"
    written.write_text(_NGINX.format(user=user, work=work, port=port, folder=publication.output))
    return ("nginx", "-e", str(work / "error.log"), "-c", str(written))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], command: Sequence[str], port: int) -> None:
    latest = time.monotonic() + _UP_WITHIN
    while process.poll() is None and time.monotonic() < latest:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"did not come up; see why with: {' '.join(command)}")


def _worker(master: int) -> int:
    return int((_PROC / f"{master}/task/{master}/children").read_text().split()[0])
