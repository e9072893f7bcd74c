"""The memory of a command while it runs, its children's included (Linux: /proc)."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Peak:
    """What a command took: seconds, and the most memory at one time, in bytes."""

    seconds: float
    resident: int
    """The resident memory of all its processes; what they share is counted once."""


def peak(command: Sequence[str], folder: Path, *, every: float = 0.1) -> Peak:
    """Run a command to its end, looking at its processes every so many seconds."""
    began, most = time.perf_counter(), 0
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, resident(process.pid))
            time.sleep(every)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}")
    return Peak(time.perf_counter() - began, most)


def resident(pid: int) -> int:
    """Return the memory that a process has now, with those it started, in bytes."""
    return sum(map(_share, _tree(pid)))


def most() -> int:
    """Return the most memory that this process has had resident so far, in bytes."""
    # not ru_maxrss, which begins with what the parent had
    lines = (_PROC / "self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _tree(pid: int) -> list[int]:
    """List a process and those it started; one that has just ended counts no more."""
    pids = [pid]
    for parent in pids:
        try:
            children = (_PROC / f"{parent}/task").glob("*/children")
            pids += [int(child) for file in children for child in file.read_text().split()]
        except OSError:
            continue
    return pids


def _share(pid: int) -> int:
    """Return a process's proportional set size: each page divided by those who share it."""
    try:
        lines = (_PROC / f"{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
