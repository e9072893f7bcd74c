"""A fork server: starts processes at once, by forking one that has imported everything.

python -m bench.fork_server MODULE

For each line `[function, argument, …]` on its standard input it starts a process that calls a
function of MODULE, writes `started`, and writes the exit status once the process has ended. Any
line meanwhile kills the process with SIGKILL, and so does the end of the input. Starting a new
Python takes half a second each.
"""

import gc
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
    gc.freeze()  # processes share the memory that nothing writes to
    orders = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 - until the end
    while line := orders.readline():
        if line == _KILL:  # it came too late
            continue
        function, *arguments = json.loads(line)
        child = os.fork()
        if not child:
            _run(module, function, arguments)
        watch = os.pidfd_open(child)
        os.write(1, b"started\n")
        ready, _, _ = select.select([0, watch], [], [])
        if 0 in ready:
            orders.readline()
            signal.pidfd_send_signal(watch, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(watch)
        os.write(1, f"{status}\n".encode())


def _run(module: ModuleType, function: str, arguments: list[object]) -> None:
    """Call the function and exit, without the fork server's own clean-up."""
    status = 1
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        getattr(module, function)(*arguments)
        status = 0
    except BaseException as error:  # noqa: BLE001 - printed, and the process ends
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stderr.flush()
        os._exit(status)


class ForkServer:
    """Runs the fork server, which has one process at a time."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(  # ended by __exit__
            [sys.executable, "-m", "bench.fork_server", module],
            cwd=_HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # what select() doesn't see is not there
        )

    def start(self, function: str, *arguments: object) -> None:
        """Start a process that calls a function of the module."""
        self._write(json.dumps([function, *arguments]).encode() + b"\n")
        self._read_line()

    def has_exited(self, within: float) -> bool:
        """Whether the process has ended, waiting `within` seconds for it."""
        assert self._process.stdout
        return bool(select.select([self._process.stdout], [], [], within)[0])

    def wait(self) -> None:
        """Wait until the process ends; raise AssertionError unless its status is 0."""
        assert self.has_exited(_PATIENCE), f"a process hasn't ended within {_PATIENCE:.0f} s"
        status = int(self._read_line())
        assert status == 0, f"a process failed with status {status}; see above"

    def wait_killed(self) -> bool:
        """Wait until the process ends; return whether it killed itself with SIGKILL."""
        assert self.has_exited(_PATIENCE), f"a process hasn't ended within {_PATIENCE:.0f} s"
        status = int(self._read_line())
        assert status in {0, -signal.SIGKILL}, f"a process failed with status {status}; see above"
        return status != 0

    def kill(self) -> bool:
        """Kill the process with SIGKILL; return False where it had ended before."""
        if self.has_exited(0):
            self.wait()
            return False
        self._write(_KILL)
        return int(self._read_line()) == -signal.SIGKILL

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def _write(self, line: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(line)

    def _read_line(self) -> bytes:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the fork server has ended; see above"
        return line


if __name__ == "__main__":
    main(sys.argv[1])
