"""The owner of a claim, `host:pid:starttick:random`, and whether that process is still alive.

Pids are reused: the start tick (`/proc`, proc_pid_stat(5) field 22) tells two processes
with the same pid apart, and the random part two that began at the same tick, as in
containers. The host part includes the pid namespace.
"""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

_active: set[str] = set()
"""The owners at work in this process."""


def identity() -> str:
    """Return the name of this process, the same as long as it lives."""
    return _identity(os.getpid())


@contextmanager
def registered() -> Iterator[str]:
    """Yield a new owner; it counts as dead as soon as the block ends."""
    name = _new_owner(os.getpid())
    _active.add(name)
    try:
        yield name
    finally:
        _active.discard(name)


def is_dead(owner: str) -> bool:
    """Whether an owner is known to be dead; on another host it never is, so its lease decides."""
    if owner == identity() or owner in _active:
        return False
    host, _, rest = owner.partition(":")
    pid, _, rest = rest.partition(":")
    tick = rest.partition(":")[0]
    if host != _host() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:  # another user's process, or no valid pid: nothing is known
        return False
    return _start_tick(int(pid)) not in (None, tick)


def _new_owner(pid: int) -> str:
    return f"{_host()}:{pid}:{_start_tick(pid) or 0}:{secrets.token_hex(4)}"


_identity = lru_cache(maxsize=1)(_new_owner)
"""By pid: a fork has its own identity."""


def _host() -> str:
    try:
        namespace = os.readlink("/proc/self/ns/pid").strip("pid:[]")  # noqa: PTH115 - no path: `pid:[4026531836]`
    except OSError:
        namespace = "0"
    return f"{socket.gethostname()}/{namespace}".replace(":", ".")


def _start_tick(pid: int) -> str | None:
    """Return when a process started, in ticks since boot; "gone" for a zombie, None if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # the second field is the command in parentheses, which may contain spaces and parentheses
    fields = stat[stat.rindex(b")") + 2 :].split()
    return "gone" if fields[0] in (b"Z", b"X") else fields[19].decode()
