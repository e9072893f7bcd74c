"""What a running process makes of signals."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

pytestmark = pytest.mark.neighbours

# one that ends only when it is told so twice, or when its terminal is gone
LISTENING = """
from syndicate.cli.operation.signals import SignalHandlers
signals = SignalHandlers()
print("listening", flush=True)
for _ in signals.wait_for_reloads():
    print("reload", flush=True)
print("stop", flush=True)
try:
    open(0).read()
except OSError:
    pass
raise SystemExit(7)
"""

HELD_BACK = """
import os
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
os.kill(os.getpid(), signal.SIGHUP)
"""


ECHO = """
import signal
import threading

class Echoed(threading.Condition):
    def __enter__(self):
        super().__enter__()
        signal.raise_signal(signal.SIGTERM)

init = threading.Event.__init__
def echoed(event):
    init(event)
    event._cond = Echoed(threading.Lock())
threading.Event.__init__ = echoed
"""
"""Has a second signal come at the worst moment: while the first is being noted down."""

TO_ANOTHER_THREAD = """
import signal
import threading
import time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
"""
"""Has the system deliver it to a thread that is not the one that waits."""


@contextmanager
def listening(*, before: str = "", **how: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", before + LISTENING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **how,  # type: ignore[call-overload]
    )
    try:
        assert said(process) == "listening"
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_hang_up_means_to_read_the_config_anew_as_often_as_it_is_said():
    with listening() as process:
        for _ in range(2):
            process.send_signal(signal.SIGHUP)
            assert said(process) == "reload"
        process.send_signal(signal.SIGTERM)
        assert said(process) == "stop"


def test_another_signal_is_no_hang_up():
    with listening(
        before="import signal; signal.signal(signal.SIGUSR1, lambda *_: print(0, flush=True))"
    ) as process:
        process.send_signal(signal.SIGHUP)
        assert said(process) == "reload"
        process.send_signal(signal.SIGUSR1)
        assert said(process)  # our handler ran, so the wait was interrupted
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert said(process) == "stop"


def test_a_hang_up_that_came_before_anybody_listened_is_not_forgotten():
    with listening(before=HELD_BACK) as process:
        assert said(process) == "reload"


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_it_at_once_unless_it_is_the_echo_of_the_first(name):
    with listening() as process:
        os.kill(process.pid, signal.SIGSTOP)  # so that it hears two in one moment
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
            process.send_signal(each)
        assert said(process) == "stop"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.1)
        process.send_signal(name)
        assert process.wait(60) == -name


def test_a_signal_that_interrupts_no_wait_ends_the_wait_all_the_same():
    with listening(before=TO_ANOTHER_THREAD) as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout
        assert select.select([process.stdout], [], [], 60)[0], "it hangs"
        assert said(process) == "stop"


def test_an_echo_in_the_middle_of_the_first_signal_hangs_nothing():
    with listening(before=ECHO) as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout
        assert select.select([process.stdout], [], [], 60)[0], "it hangs"
        assert said(process) == "stop"


def test_who_is_told_to_stop_reads_no_config_any_more():
    with listening() as process:
        os.kill(process.pid, signal.SIGSTOP)
        for name in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
            process.send_signal(name)
        assert said(process) == "stop"


@contextmanager
def in_terminal(script: str) -> Iterator[tuple[int, int]]:
    """Run it from the first shell in a terminal of its own; give the terminal and the pid."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("sh", ["sh", "-c", script, "sh", sys.executable, "-c", LISTENING])
    try:
        yield terminal, pid
    finally:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(pid, 0)


def shown(terminal: int, word: bytes) -> bool:
    """Wait until a terminal shows a word."""
    seen = b""
    while word not in seen:
        seen += os.read(terminal, 100)
    return True


def test_in_a_terminal_it_reloads_while_that_is_there_and_stops_when_it_is_gone():
    with in_terminal('exec "$@"') as (terminal, pid):
        assert shown(terminal, b"listening")
        os.kill(pid, signal.SIGHUP)
        assert shown(terminal, b"reload")
        os.close(terminal)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_under_nohup_it_outlives_its_terminal(tmp_path):
    out = tmp_path / "nohup.out"
    with in_terminal(f'exec nohup "$@" >"{out}" 2>&1') as (terminal, pid):
        while not out.exists() or "listening" not in out.read_text():
            time.sleep(0.02)
        os.close(terminal)
        os.kill(pid, signal.SIGHUP)
        while "reload" not in out.read_text():
            time.sleep(0.02)
        assert "stop" not in out.read_text()
