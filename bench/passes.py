"""One sender at work, once: what a sending process prints about itself at its end."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import memory

_HERE = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender did, from its first connection to its last verdict."""

    count: int
    seconds: float
    cpu: float
    """Seconds of processor that it had itself, all its threads together."""
    resident: int = 0
    """The most resident memory that it had, in bytes."""

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cost(self) -> float:
        """Seconds of processor per message."""
        return self.cpu / self.count


def tell(send: Callable[[], int]) -> None:
    """Send and print what it took: the last line that such a process writes."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    count = send()
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps(asdict(Sent(count, seconds, cpu, memory.most()))), flush=True)


def run(command: Sequence[str]) -> Sent:
    """Let a process of its own send; end the measurement where it fails."""
    os.sync()  # what was laid out for it is no part of its flushes
    done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return Sent(**json.loads(done.stdout.splitlines()[-1]))


def watched(command: Sequence[str]) -> Sent:
    """Let a program send that prints nothing; the caller counts."""
    os.sync()
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        words = said.decode(errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{words}")
    return Sent(0, time.perf_counter() - began, used.ru_utime + used.ru_stime)


def python(module: str, *words: object) -> tuple[str, ...]:
    """Return the command line of a module of ours."""
    return (sys.executable, "-m", module, *map(str, words))
