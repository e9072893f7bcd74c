"""Who holds a claim: `host:pid:starttick:random`, and whether that still lives.

A pid alone comes back; the start tick (`/proc`, proc_pid_stat(5) field 22) tells
two lives of it apart, and the random part two that began at the same tick, as
containers do. The pid namespace belongs to the host: the same pid elsewhere is
somebody else.
"""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

_at_work: set[str] = set()
"""What is at work in this process."""


def identity() -> str:
    """Return what this process is called, as long as it lives."""
    return _identity(os.getpid())


@contextmanager
def life() -> Iterator[str]:
    """Give a name to one piece of work, and count it as dead when it ends, however it does."""
    name = f"{_prefix(os.getpid())}{secrets.token_hex(4)}"
    _at_work.add(name)
    try:
        yield name
    finally:
        _at_work.discard(name)


def dead(owner: str) -> bool:
    """Whether its owner is known to be gone; one of another host never is, its lease decides."""
    if owner == identity() or owner in _at_work:
        return False
    host, _, rest = owner.partition(":")
    pid, _, rest = rest.partition(":")
    tick = rest.partition(":")[0]
    if host != _host() or not pid.isdigit():
        return False
    return int(pid) == os.getpid() or not _lives(int(pid), tick)


# fork gives a new pid, and so a new identity
@lru_cache(maxsize=1)
def _identity(pid: int) -> str:
    return f"{_prefix(pid)}{secrets.token_hex(4)}"


def _prefix(pid: int) -> str:
    return f"{_host()}:{pid}:{_start_tick(pid) or 0}:"


def _host() -> str:
    try:
        namespace = os.readlink("/proc/self/ns/pid").strip("pid:[]")  # noqa: PTH115 - no path: `pid:[4026531836]`
    except OSError:
        namespace = "0"
    return f"{socket.gethostname()}/{namespace}".replace(":", ".")


def _lives(pid: int, tick: str) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's process, or no pid at all: nothing is known
        return True
    now = _start_tick(pid)
    return now is None or now == tick


def _start_tick(pid: int) -> str | None:
    """When a process started, in ticks since boot; "gone" for a zombie, None where unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # the second field is the command in parentheses, which may hold anything
    fields = stat[stat.rindex(b")") + 2 :].split()
    return "gone" if fields[0] in (b"Z", b"X") else fields[19].decode()
