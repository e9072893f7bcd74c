"""A fork server for commands: each is a fork of a process that has imported the whole program.

A new Python takes half a second to import it. Tests of how a process starts, or handles a signal
before it is up, start a Python of their own, and so do those that set variables which Python itself
reads.

`python -m tests.cli.fork_server FD` receives requests from a socket: an environment, a folder and
arguments, with file descriptors for output, errors and the status. A parent process waits for each
command, so that several can run at the same time.
"""

import functools
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, NamedTuple

from tests import ROOT

_LONGEST = 1 << 16
"""Bytes of a request."""


class Ran(NamedTuple):
    """The exit code and output of a command."""

    code: int
    out: str
    err: str


class StartedCommand:
    """A command that was started: like `subprocess.Popen`, of a process that is not our child."""

    def __init__(self, words: tuple[str, ...], status: IO[str]) -> None:
        self._words = words
        self._status = status
        self.pid = int(status.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, or None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended; raise TimeoutExpired where it doesn't."""
        code = self._ended(timeout)
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired(["syndicate", *self._words], timeout)
        return code

    def send_signal(self, how: signal.Signals) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, how)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = int(self._status.readline())
            self._status.close()
        return self.returncode


class CommandServer:
    """Starts the fork server, and sends it requests."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.cli.fork_server", str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(self, folder: Path, *words: str, out: int, err: int, **env: str) -> StartedCommand:
        """Start `syndicate` in a folder, with its streams in open files and more environment."""
        request = json.dumps([{**os.environ, **env}, str(folder), *words]).encode()
        assert len(request) < _LONGEST
        status, theirs = os.pipe()
        try:
            socket.send_fds(self._requests, [request], [out, err, theirs])
        finally:
            os.close(theirs)
        return StartedCommand(words, os.fdopen(status, encoding="ascii"))

    def run(self, folder: Path, *words: str, timeout: float) -> Ran:
        """Run `syndicate` in a folder; raise TimeoutExpired where it doesn't end."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            command = self.start(folder, *words, out=out.fileno(), err=err.fileno())
            try:
                return Ran(command.wait(timeout), _read(out), _read(err))
            finally:
                command.kill()
                command.wait()

    def close(self) -> None:
        self._requests.close()
        self._process.wait(60)


@functools.cache
def command_server() -> CommandServer:
    """Return the fork server of this process, started at the first call."""
    return CommandServer()


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def main(requests: socket.socket) -> None:
    for module in pkgutil.walk_packages(syndicate.__path__, "syndicate."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    share_work()
    templates.Templates().check()
    render._code()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those parents
    while True:
        request, fds, _, _ = socket.recv_fds(requests, _LONGEST, 3)
        if not request:
            return
        if not os.fork():
            break
        for each in fds:
            os.close(each)
    requests.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out, err, status = fds
    command = os.fork()
    if command:
        os.write(status, f"{command}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
        os.write(status, f"{code}\n".encode())
        os._exit(0)
    os.close(status)
    for given, own in ((out, 1), (err, 2)):
        os.dup2(given, own)
        os.close(given)
    environment, folder, *words = json.loads(request)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv[1:] = words
    # as `python -m syndicate`, to the very end of this process
    runpy.run_module("syndicate", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    import syndicate
    from syndicate import render
    from syndicate.render import templates
    from tests.shared_work import share_work

    main(socket.socket(fileno=int(sys.argv[1])))
