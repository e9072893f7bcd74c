"""`serve` and `run` go on through a new config, a restart and a stop, and drop no request."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import PATIENCE, Operator
from tests.cli.fork_server import StartedCommand, command_server
from tests.cli.operation.test_run import outbox, until
from tests.ports import free_port
from tests.web.steady_clients import SteadyClients

pytestmark = pytest.mark.slow


@dataclass
class RunningCommand:
    """A `serve` or `run` in a process of its own, with its log."""

    process: StartedCommand
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def clients(self) -> AbstractContextManager[SteadyClients]:
        """Have clients ask for a page all the time."""
        return SteadyClients(self.port, "/articles/welcome/").asking()

    def reload(self, word: str = "] reloaded") -> str:
        """Have it read its config; return what it says once it has."""
        before = len(self.log.read_text())
        self.process.send_signal(signal.SIGHUP)
        until(lambda: word in self.log.read_text()[before:])
        return self.log.read_text()[before:]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0


@contextmanager
def running_command(operator: Operator, command: str) -> Iterator[RunningCommand]:
    """Run a command until the end of the block."""
    log = operator.folder / "log.txt"
    port = free_port()
    with log.open("w") as out, Path(os.devnull).open() as nothing:
        streams = (nothing.fileno(), out.fileno(), out.fileno())
        process = command_server().start(
            operator.folder, command, streams=streams, env={"PORT": str(port)}
        )
    running = RunningCommand(process, port, log)
    try:
        until(lambda: process.poll() is not None or httpx.get(f"{running.url}/healthz").is_success)
        yield running
        running.stop()
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication that was built."""
    folder = tmp_path_factory.mktemp("shelf")
    assert Operator(folder).run("init", "post").code == 0
    operator = Operator(folder / "post")
    for words in (("import", "articles"), ("build",)):
        assert operator.run(*words).code == 0
    return operator.folder


@pytest.fixture
def built(shelf: Path, tmp_path: Path) -> Operator:
    """An operator whose publication is on the shelf."""
    return Operator(shutil.copytree(shelf, tmp_path / "post"))


def test_a_new_config_is_in_force_and_no_client_has_noticed_the_change(built):
    with running_command(built, "serve") as command:
        with command.clients() as clients:
            for number in range(3):
                built.configure('title = "', f'title = "No. {number} of ')
                command.reload()
                assert f"No. {number} of " in httpx.get(f"{command.url}/newsletters/").text
        assert clients.dropped == []
        assert clients.refused == 0
        assert set(clients.answers) == {200}


def test_a_config_with_mistakes_is_reported_as_check_reports_it_and_the_old_one_goes_on(built):
    with running_command(built, "serve") as command:
        title = 'title = "Old'
        built.configure('title = "', title)
        command.reload()
        built.configure(title, 'titel = "New')
        said = command.reload("not reloaded")
        mistakes = built.run("check").err.splitlines()
        assert mistakes
        assert all(mistake in said for mistake in mistakes)
        assert "Old" in httpx.get(f"{command.url}/newsletters/").text
        built.configure('titel = "New', 'title = "Newer')
        command.reload()
        assert "Newer" in httpx.get(f"{command.url}/newsletters/").text


def test_a_change_on_disk_is_logged_once_until_it_is_reloaded(built):
    with running_command(built, "serve") as command:

        def logged(times: int) -> bool:
            return command.log.read_text().count("changed on disk and waits for a reload") == times

        built.configure('title = "', 'title = "A ')
        until(lambda: logged(1))
        assert f"kill -HUP {command.process.pid}" in command.log.read_text()
        config = built.folder / "config.toml"
        config.write_bytes(config.read_bytes())  # saved again, as it was
        command.reload()
        built.configure('title = "A ', 'titel = "')
        until(lambda: logged(2))
        command.reload("not reloaded")
        built.configure('titel = "', 'title = "C ')
        until(lambda: logged(3))
        command.reload()
        assert logged(3)


def test_a_template_with_a_mistake_is_reported_and_the_old_config_goes_on(built):
    with running_command(built, "serve") as command:
        template = built.folder / "templates" / "page" / "article.html"
        template.parent.mkdir(parents=True)
        template.write_text("{{ nowhere }}")
        assert "article.html:1" in command.reload("not reloaded")
        template.unlink()
        command.reload()


def test_what_has_to_wait_for_a_restart_is_reported_and_the_rest_is_in_force(built):
    with running_command(built, "serve") as command:
        built.configure("[web]", '[web]\nhost = "0.0.0.0"')
        built.configure('title = "', 'title = "New ')
        said = command.reload()
        assert "kept until a restart" in said
        assert "kept=127.0.0.1 key=web.host read=0.0.0.0" in said
        assert "web.port" not in said  # PORT goes before it, today as tomorrow
        assert "New " in httpx.get(f"{command.url}/newsletters/").text
        assert httpx.get(f"{command.url}/outbox").is_success


def test_a_reload_says_whom_a_renamed_newsletter_leaves_behind(built):
    built.subscribe("ada@example.org,Ada", "bo@example.org,Bo")
    with running_command(built, "run") as running:
        built.configure('name = "breaking"', 'name = "flash"')
        built.configure('newsletter = "breaking"', 'newsletter = "flash"')
        said = running.reload("left behind")
    assert "newsletters: 2 readers are subscribed to 'breaking'" in said
    assert "subscribers move --from breaking --to flash" in said


def test_another_store_takes_over(built):
    with running_command(built, "serve") as command:
        built.configure("[store]", '[store]\nurl = "sqlite:///other.db"')
        command.reload()
        assert (built.folder / "other.db").exists()
        assert httpx.get(f"{command.url}/healthz").is_success


def test_a_newsroom_goes_on_with_the_new_config_misses_nothing_and_mails_nobody_twice(operator):
    operator.subscribe(*(f"r{number}@example.org," for number in range(40)))
    operator.configure('every = "10m"', 'every = "1h"')
    with running_command(operator, "run") as command, command.clients() as they:
        operator.file("ferry")
        until(lambda: httpx.get(f"{command.url}/articles/ferry/").is_success)
        operator.configure('every = "1h"', 'every = "10s"')
        command.process.send_signal(signal.SIGHUP)
        until(lambda: outbox(operator))  # so the new schedule is in force, and mail on its way
        operator.configure('every = "10s"', 'every = "12s"')
        operator.file("tram")
        for _ in range(3):
            command.process.send_signal(signal.SIGHUP)
            time.sleep(0.2)
        until(lambda: len(outbox(operator)) >= 80)
        time.sleep(3)
        assert they.dropped == []
        assert they.refused == 0
    assert len(outbox(operator)) == 80


@contextmanager
def started(operator: Operator, *words: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Start Python without waiting for anything; give its log too."""
    log = operator.folder / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=operator.folder, stdout=out, stderr=out, text=True
        )
    try:
        yield process, log
    finally:
        process.kill()
        process.wait()


def holds_back(process: subprocess.Popen[str]) -> bool:
    """Whether a process has SIGHUP wait."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    held = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk"))
    return bool(int(held, 16) >> (signal.SIGHUP - 1) & 1)


HALTS = """
import os
import signal

hold_back = signal.pthread_sigmask

def halt(how, signals):
    before = hold_back(how, signals)
    if how == signal.SIG_BLOCK and signal.SIGHUP in signals:
        signal.pthread_sigmask = hold_back
        os.kill(os.getpid(), signal.SIGSTOP)
    return before

signal.pthread_sigmask = halt
from syndicate.cli import main
main()
"""
"""The command, which halts as soon as it has SIGHUP wait, until SIGCONT."""


def until_it_holds_back(process: subprocess.Popen[str]) -> None:
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    assert holds_back(process)


@pytest.mark.parametrize("command", ["run", "serve"])
def test_a_reload_while_it_starts_is_done_once_it_has(built, command):
    port = free_port()
    with started(built, "-c", HALTS, command, "--port", str(port)) as (process, log):
        until_it_holds_back(process)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGCONT)
        while process.poll() is None and "] reloaded" not in log.read_text():
            process.send_signal(signal.SIGHUP)
            time.sleep(0.05)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").is_success
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_command_that_ends_by_itself_ends_when_it_is_hung_up(built):
    with started(built, "-c", HALTS, "build") as (process, _):
        until_it_holds_back(process)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGCONT)
        assert process.wait(PATIENCE) == 128 + signal.SIGHUP


BREAKS = """
import pathlib
from syndicate.cli import main
from syndicate.web.server import server

looks = server._Uvicorn.on_tick

async def breaks(self, counter):
    if pathlib.Path("broken").exists():
        raise RuntimeError("a bug of ours")
    return await looks(self, counter)

server._Uvicorn.on_tick = breaks
main()
"""


@pytest.mark.parametrize("command", ["run", "serve"])
def test_where_the_web_breaks_down_the_process_ends_and_says_so(built, command):
    port = free_port()
    with started(built, "-c", BREAKS, command, "--port", str(port)) as (process, log):
        until(lambda: httpx.get(f"http://127.0.0.1:{port}/healthz").is_success)
        (built.folder / "broken").touch()
        assert process.wait(PATIENCE) == 1
        said = log.read_text()
        assert "RuntimeError: a bug of ours" in said
        assert "the web server crashed" in said
        assert "stopped\n" not in said


def test_a_stop_in_the_middle_of_a_reload_is_a_stop(built):
    with running_command(built, "run") as command:
        command.process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
        command.stop()
        assert "stopped" in command.log.read_text()


@pytest.mark.parametrize("_", range(2))
def test_a_stop_drops_no_request(built, _):
    with running_command(built, "serve") as command:
        with command.clients() as clients:
            until(lambda: clients.answers[200] > 20)
            command.stop()
        assert clients.dropped == []


def test_a_restart_under_a_service_manager_refuses_nobody(built):
    starts = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" -m syndicate serve --port 1 3<&%d'
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        port = listener.getsockname()[1]

        def start() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                ["bash", "-c", starts % listener.fileno(), sys.executable],
                cwd=built.folder,
                pass_fds=[listener.fileno()],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

        process = start()
        try:
            with SteadyClients(port, "/articles/welcome/").asking() as clients:
                until(lambda: clients.answers.total() > 20)
                for _ in range(2):
                    process.send_signal(signal.SIGTERM)
                    assert process.wait(PATIENCE) == 0
                    process, before = start(), clients.answers.total()
                    until(partial(lambda before: clients.answers.total() > before + 20, before))
        finally:
            process.kill()
            process.wait()
    assert clients.dropped == []
    assert clients.refused == 0
    assert set(clients.answers) == {200}


def test_what_a_service_manager_hands_over_has_to_be_a_listening_socket(built):
    starts = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" -m syndicate serve 3</dev/null'
    ran = subprocess.run(
        ["bash", "-c", starts, sys.executable],
        cwd=built.folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 1
    assert "LISTEN_FDS: expected one listening TCP socket" in ran.stderr
    assert "Traceback" not in ran.stderr
