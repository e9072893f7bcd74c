"""Processes that begin at once, to be killed at any moment: forks of one that has read everything.

python -m bench.nursery MODULE

For each line `[function, argument, …]` of its input it begins a process that calls a function
of MODULE, says `begun`, and says with which status the process ended. Any line meanwhile
kills it, as does the end of the input. A new Python for each would take half a second, of
which nothing is to be learnt.
"""

import importlib
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Self

_HERE = Path(__file__).parents[1]
_KILL = b"kill\n"
_PATIENCE = 300.0
"""Seconds that a process may take."""


def main(name: str) -> None:
    module = importlib.import_module(name)
    orders = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 - until the end
    while line := orders.readline():
        if line == _KILL:  # it came too late
            continue
        function, *arguments = json.loads(line)
        child = os.fork()
        if not child:
            _live(module, function, arguments)
        watch = os.pidfd_open(child)
        os.write(1, b"begun\n")
        ready, _, _ = select.select([0, watch], [], [])
        if 0 in ready:
            orders.readline()
            signal.pidfd_send_signal(watch, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(watch)
        os.write(1, f"{status}\n".encode())


def _live(module: ModuleType, function: str, arguments: list[object]) -> None:
    """Call the function and end; nothing of the nursery's is left to do."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        getattr(module, function)(*arguments)
        status = 0
    except BaseException as error:  # noqa: BLE001 - it is told, and the process is over
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stderr.flush()
        os._exit(status)


class Nursery:
    """A nursery that runs; one of its processes at a time."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(  # ended by __exit__
            [sys.executable, "-m", "bench.nursery", module],
            cwd=_HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # what select() doesn't see is not there
        )

    def begin(self, function: str, *arguments: object) -> None:
        """Begin a process that calls a function of the module."""
        self._say(json.dumps([function, *arguments]).encode() + b"\n")
        self._hear()

    def ended(self, within: float) -> bool:
        """Whether the process ends within so many seconds."""
        assert self._process.stdout
        return bool(select.select([self._process.stdout], [], [], within)[0])

    def wait(self) -> None:
        """Wait until it ends by itself; raise AssertionError where something went wrong in it."""
        assert self.ended(_PATIENCE), "a sender never comes to an end"
        status = int(self._hear())
        assert status == 0, f"a sender failed by itself with status {status}; see above"

    def ends_killed(self) -> bool:
        """Wait until it ends; whether it had itself killed."""
        assert self.ended(_PATIENCE), "a process never comes to an end"
        status = int(self._hear())
        assert status in {0, -signal.SIGKILL}, f"it failed with status {status}; see above"
        return status != 0

    def kill(self) -> bool:
        """Kill it, so that nothing in it is finished; False where it had ended by itself."""
        if self.ended(0):
            self.wait()
            return False
        self._say(_KILL)
        return int(self._hear()) == -signal.SIGKILL

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def _say(self, line: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(line)

    def _hear(self) -> bytes:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the nursery has ended; see above"
        return line


if __name__ == "__main__":
    main(sys.argv[1])
