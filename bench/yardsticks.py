"""Postfix's test programs: a sink that takes everything, and a sender of one constant message."""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench import passes
from bench.passes import Sent
from bench.servers import free_port

SLOW_FLUSH = 0.001
"""Seconds from which on a flush makes the bars mean nothing."""
_BACKLOG = 128
_UP_WITHIN = 10
"""Seconds that a sink may take to come up."""
_BLOCK = b"\0" * 4096


def tool(name: str) -> str | None:
    """Find a program of Debian's postfix, wherever the path of this user leads."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def missing() -> str:
    """Say why nothing can be measured; empty where it can."""
    absent = [name for name in ("smtp-sink", "smtp-source") if tool(name) is None]
    return f"{' and '.join(absent)} of Debian's postfix is not installed" if absent else ""


def end_in_order() -> None:
    """Let SIGTERM end the measurement as an error would, so that nothing runs on."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))


@contextmanager
def sink() -> Iterator[int]:
    """Hold a smtp-sink up; give its port."""
    port = free_port()
    other = () if os.geteuid() else ("-u", "nobody")  # it refuses to be root
    with subprocess.Popen(
        (tool("smtp-sink") or "smtp-sink", *other, f"127.0.0.1:{port}", str(_BACKLOG)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait(process, port)
            yield port
        finally:
            process.terminate()


def wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until a process answers on a port; end the measurement where it doesn't."""
    latest = time.monotonic() + _UP_WITHIN
    while process.poll() is None and time.monotonic() < latest:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"{process.args!r} did not come up")


def constant(port: int, message: Path, connections: int, count: int) -> Sent:
    """Send one message from a file so many times, as `smtp-source -d` does it."""
    sessions = min(connections, count)
    sent = passes.watched(
        (
            tool("smtp-source") or "smtp-source",
            *("-d", "-s", str(sessions), "-m", str(count), "-F", str(message)),
            *("-f", "news@example.org", "-t", "ada@example.net", f"127.0.0.1:{port}"),
        )
    )
    return replace(sent, count=count)


def describe_flushes(flushes: Sequence[float]) -> str:
    """Say what flushes took, before each round."""
    middle = statistics.median(flushes)
    says = "" if middle < SLOW_FLUSH else "; bars mean nothing from 1 ms on"
    return (
        f"a disk flush took {middle * 1e3:.2f} ms "
        f"({min(flushes) * 1e3:.2f} to {max(flushes) * 1e3:.2f}){says}"
    )


def flush(folder: Path, times: int = 200) -> float:
    """Return the seconds that a block takes to the disk; the median of many."""
    file = folder / "flush"
    taken = []
    with file.open("wb", buffering=0) as out:
        for _ in range(times):
            began = time.perf_counter()
            out.write(_BLOCK)
            os.fdatasync(out.fileno())
            taken.append(time.perf_counter() - began)
    file.unlink()
    return statistics.median(taken)
