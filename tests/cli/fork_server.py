"""A fork server for commands: each is a fork of a process that has imported the whole program.

A new Python takes half a second to import it. Tests of how a process starts, or handles a signal
before it is up, start a Python of their own, and so do those that set variables which Python itself
reads. A fork ends as Python does, but for the modules, which it leaves to the system: to take them
apart would copy every page that it shares with its parent, which is most of the time of a command.

`python -m tests.cli.fork_server FD FD` receives requests from a socket, and from connections to
another: an environment, a folder, whether it is to lead a session of its own, a module and its
arguments, with file descriptors for input, output, errors and the status. A parent process waits
for each command, so that several can run at the same time.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import multiprocessing.spawn  # noqa: F401 - it keeps the name of the real Python
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

from tests import ROOT

_LONGEST = 1 << 16
"""Bytes of a request."""
_PYTHON = sys.executable
"""Kept, since tests replace it: see `write_python`."""


class Ran(NamedTuple):
    """The exit code and output of a command."""

    code: int
    out: str
    err: str


class StartedCommand:
    """A command that was started: like `subprocess.Popen`, of a process that is not our child."""

    def __init__(self, words: tuple[str, ...], status: IO[str], *streams: IO[Any]) -> None:
        self._words = words
        self._status = status
        self._streams = streams
        """Where its input is written, and its output and errors are read: if it has pipes."""
        self.pid = int(status.readline())
        self.returncode: int | None = None
        self._outputs: tuple[str, str] | None = None

    @property
    def stdin(self) -> IO[Any]:
        """Its input, of bytes."""
        return self._streams[0]

    @property
    def stdout(self) -> IO[Any]:
        """Its output, as it comes."""
        return self._streams[1]

    @property
    def stderr(self) -> IO[Any]:
        """Its errors, as they come."""
        return self._streams[2]

    def communicate(self, data: bytes = b"", timeout: float | None = None) -> tuple[str, str]:
        """Write its input, wait for its end, and return its output and errors.

        Raise TimeoutExpired where it doesn't end.
        """
        if self._outputs is None:
            stdin, *outputs = self._streams
            threads = [threading.Thread(target=_write, args=(stdin, data), daemon=True)]
            read: list[list[str]] = [[], []]
            threads += [
                threading.Thread(target=_read_to_end, args=each, daemon=True)
                for each in zip(outputs, read, strict=True)
            ]
            for thread in threads:
                thread.start()
            self.wait(timeout)
            for thread in threads:
                thread.join(timeout)
            self._outputs = "".join(read[0]), "".join(read[1])
        return self._outputs

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
            with contextlib.suppress(ProcessLookupError):  # it ended since
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
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind("")  # a name that the system chooses, of no file
        listener.listen()
        self._name: bytes = listener.getsockname()
        with theirs, listener:
            fds = [theirs.fileno(), listener.fileno()]
            self._process = subprocess.Popen(
                [_PYTHON, "-m", "tests.cli.fork_server", *map(str, fds)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=fds,
            )

    def write_python(self, file: Path) -> None:
        """Write a program that runs `-m MODULE …` as Python does, in a fork: `forked_python.py`.

        The Pythons that such a fork starts are forks, too.
        """
        source = Path(__file__).with_name("forked_python.py").read_text()
        source = source.replace('SERVER = b""', f"SERVER = {self._name!r}")
        file.write_text(f"#!{_PYTHON} -IS\n{source}")
        file.chmod(0o700)

    def start(
        self,
        folder: Path,
        *words: str,
        streams: tuple[int, int, int],
        new_session: bool = False,
        env: Mapping[str, str] | None = None,
        module: str = "syndicate",
    ) -> StartedCommand:
        """Start a module in a folder, with its streams in open files and more environment."""
        environment = {**os.environ, **(env or {})}
        request = json.dumps([environment, str(folder), new_session, module, *words]).encode()
        assert len(request) < _LONGEST
        status, theirs = os.pipe()
        try:
            socket.send_fds(self._requests, [request], [*streams, theirs])
        finally:
            os.close(theirs)
        return StartedCommand(words, os.fdopen(status, encoding="ascii"))

    def popen(
        self,
        folder: Path,
        *words: str,
        new_session: bool = False,
        env: Mapping[str, str] | None = None,
        module: str = "syndicate",
    ) -> StartedCommand:
        """Start a module in a folder, with a pipe for each of its streams."""
        pipes = [os.pipe() for _ in range(3)]
        ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
        theirs = (pipes[0][0], pipes[1][1], pipes[2][1])
        try:
            command = self.start(
                folder, *words, streams=theirs, new_session=new_session, env=env, module=module
            )
        finally:
            for fd in theirs:
                os.close(fd)
        stdin, *outputs = ours
        command._streams = (
            os.fdopen(stdin, "wb"),
            *(os.fdopen(fd, encoding="utf-8") for fd in outputs),
        )
        return command

    def run(
        self,
        folder: Path,
        *words: str,
        timeout: float,
        env: Mapping[str, str] | None = None,
        module: str = "syndicate",
    ) -> Ran:
        """Run a module in a folder; raise TimeoutExpired where it doesn't end."""
        nothing = Path(os.devnull)
        with (
            nothing.open("rb") as stdin,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            streams = (stdin.fileno(), out.fileno(), err.fileno())
            command = self.start(folder, *words, streams=streams, env=env, module=module)
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


def _write(stream: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), stream:  # nobody reads it any more
        stream.write(data)


def _read_to_end(stream: IO[str], into: list[str]) -> None:
    with stream:
        into.append(stream.read())


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def main(requests: socket.socket, listener: socket.socket) -> None:
    for module in pkgutil.walk_packages(syndicate.__path__, "syndicate."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    share_work()
    templates.Templates().check()
    render._code()
    # the tree of all commands is half of the processor time of a small one
    typer.main.get_command = functools.cache(typer.main.get_command)
    typer.main.get_command(app)
    with tempfile.TemporaryDirectory() as folder:
        _compile_statements(Path(folder))
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those parents
    while True:
        ready, _, _ = select.select([requests, listener], [], [])
        source = requests if requests in ready else listener.accept()[0]
        request, fds, _, _ = socket.recv_fds(source, _LONGEST, 4)
        if not request and source is requests:
            return
        if len(fds) == 4 and not os.fork():
            requests.close()
            listener.close()
            _report(request, fds, None if source is requests else source)
        for each in fds:
            os.close(each)
        if source is not requests:
            source.close()


def _compile_statements(folder: Path) -> None:
    """Do what many commands do, in a publication of its own: half of a pass is compiling SQL."""
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    config = Config.model_validate(
        {
            "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
            "newsletters": [{"name": "breaking"}],
            "schedules": [{"name": "often", "newsletter": "breaking", "every": "1h"}],
            "mail": {"transport": "outbox", "from": "news@example.org"},
            "root": folder,
        }
    )
    (folder / "ferry.md").write_text("---\ntitle: Ferry\nbreaking: true\n---\nText.\n")
    (folder / "readers.csv").write_text("email\nada@example.org\n")
    store = Store.of(config)
    import_subscribers(store, folder / "readers.csv", "breaking", at=noon)
    for _ in import_articles(store, config, [folder / "ferry.md"], at=noon):
        pass
    Services(store, config).tick(noon)
    store.close()


def _report(request: bytes, fds: list[int], caller: socket.socket | None) -> NoReturn:
    """Fork a command, wait for it, and report its process and its exit code.

    Kill it where a caller, a `forked_python.py`, ends before.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, status = fds
    command = os.fork()
    if not command:
        os.close(status)
        _execute(request, streams)
    for each in streams:
        os.close(each)
    os.write(status, f"{command}\n".encode())
    if caller:
        ends = [caller.fileno(), os.pidfd_open(command)]
        if ends[0] in select.select(ends, [], [])[0]:
            os.kill(command, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
    with contextlib.suppress(BrokenPipeError):
        os.write(status, f"{code}\n".encode())
    os._exit(0)


def _execute(request: bytes, streams: list[int]) -> NoReturn:
    """Be the command."""
    for given, own in zip(streams, (0, 1, 2), strict=True):
        os.dup2(given, own)
        os.close(given)
    for name, own in (("stdin", 0), ("stdout", 1), ("stderr", 2)):  # those were made for others
        old = getattr(sys, name)
        new = os.fdopen(own, old.mode, encoding=old.encoding, errors=old.errors, closefd=False)
        new.reconfigure(line_buffering=old.line_buffering)
        setattr(sys, name, new)
    environment, folder, new_session, module, *words = json.loads(request)
    if new_session:
        os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv[1:] = words
    sys.executable = environment.get("FORKED_PYTHON", sys.executable)
    os._exit(_run_to_the_end(module))


def _run_to_the_end(module: str) -> int:
    """Run as `python -m` does; return the exit code once its threads and streams are done."""
    code: object = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - whatever Python would print
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr, flush=True)  # noqa: T201 - as Python does
    return 1


if __name__ == "__main__":
    import typer.main

    import syndicate
    from syndicate import render
    from syndicate.cli.app import app
    from syndicate.config import Config
    from syndicate.intake.articles.article_import import import_articles
    from syndicate.render import templates
    from syndicate.schedule.wiring import Services
    from syndicate.store import Store
    from tests.csv_import import import_subscribers
    from tests.suite.shared_work import share_work

    main(*(socket.socket(fileno=int(fd)) for fd in sys.argv[1:]))
