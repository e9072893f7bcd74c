"""What is being sent, watched from another process: on a terminal, and through a pipe."""

import contextlib
import itertools
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import PATIENCE, Operator
from tests.cli.fork_server import Ran
from tests.deliver.mail_servers import ScriptedServer
from tests.ports import free_port
from tests.until import away_from_midnight, until

pytestmark = pytest.mark.slow
OK = b"250 2.0.0 ok\r\n"
CTRL_C = b"\x03"


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, operator: Operator, *words: str) -> None:
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "syndicate", *words],
            cwd=operator.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
            preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - Ctrl-C is for who has the terminal
        )
        os.close(theirs)

    def until(self, pattern: str, patience: float = PATIENCE) -> None:
        """Wait until it has shown something; or, for nothing, until it has ended."""
        end = time.monotonic() + patience
        while not (pattern and re.search(pattern, self.shown)):
            left = end - time.monotonic()
            assert left > 0, f"{pattern!r} never came:\n{self.shown}"
            if not select.select([self._ours], [], [], left)[0]:
                continue
            said = b""
            with contextlib.suppress(OSError):  # nobody has it open any more
                said = os.read(self._ours, 65536)
            if not said:
                assert not pattern, f"it ended without {pattern!r}:\n{self.shown}"
                return
            self.shown += said.decode()

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def end(self) -> int:
        """Wait for its end; its exit code."""
        self.until("")
        os.close(self._ours)
        return self.process.wait(PATIENCE)


class Busy(threading.Thread):
    """Somebody who sends to 120 readers: half of them fast, the last of them when that was seen.

    The others at four a second, so that it is seen on a loaded machine, too.
    """

    def __init__(self, operator: Operator) -> None:
        super().__init__()
        self._operator = operator
        self._count = itertools.count(1)
        self.seen = threading.Event()
        self.ran = Ran(-1, "", "")

    def run(self) -> None:
        self.ran = self._operator.run("tick")

    def body(self, _: str) -> bytes:
        number = next(self._count)
        self.seen.wait(0.04 if number < 60 else 0.5 if number < 115 else PATIENCE)
        return OK


@pytest.fixture
def busy(operator):
    busy = Busy(operator)
    with ScriptedServer(rcpt=refusing, body=busy.body) as server:
        by_smtp(operator, server.port, "connections = 2")
        operator.subscribe(*(f"reader{number}@example.org," for number in range(120)))
        operator.file("ferry")
        operator.run("import", "articles")
        yield busy
        busy.seen.set()
        if busy.ident:
            busy.join()
            assert busy.ran.code == 0, busy.ran.err


def refusing(line):
    if "reader7@" in line:
        return b"550 5.7.1 not you\r\n"
    return b"452 4.2.2 mailbox full\r\n" if "reader8@" in line else OK


def by_smtp(operator, port, more=""):
    operator.catch_mail()
    operator.configure(
        "[mail]",
        f'[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        f'from = "Post <news@example.org>"\n{more}',
    )


def test_a_terminal_shows_it_growing_in_place_until_ctrl_c(busy, operator):
    terminal = Terminal(operator, "editions", "--watch")
    terminal.until("nothing is being sent")
    busy.start()
    terminal.until("edition 1: Breaking: Ferry")
    terminal.until(r"\d+ % +(\d+|\d\.\d)/s, done in \d+ s")
    terminal.until(r"127\.0\.0\.1 +2 +(\d+|\d\.\d)/s")
    busy.seen.set()
    terminal.until(r"118 of 120 .*accepted.*, 1 .*deferred.*, 1 .*failed")
    assert "\x1b[?25l" in terminal.shown, "no cursor runs about in it"
    assert len(re.findall(r"\x1b\[1A", terminal.shown)) > 3, "it is drawn over"
    terminal.type(CTRL_C)
    assert terminal.end() == 0
    assert terminal.shown.rstrip().endswith("\x1b[?25h"), "the cursor is back"
    assert "Traceback" not in terminal.shown


def test_elsewhere_each_change_is_a_line_and_one_edition_has_an_end(busy, operator):
    busy.start()
    until(lambda: operator.run("editions", "show", "1").code == 0)
    with subprocess.Popen(
        [sys.executable, "-m", "syndicate", "editions", "show", "1", "--watch"],
        cwd=operator.folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout
        first = watching.stdout.readline()
        assert "\x1b" not in first
        assert re.search(r"edition 1: \d+ of 120 accepted", first), "at once, not at the end"
        busy.seen.set()
        busy.join()
        paused = operator.run("cancel", "1")
        assert paused.code == 0, paused.err
        lines = [first, *watching.stdout]
    assert watching.returncode == 0
    progress = [line for line in lines if "accepted" in line]
    seconds = [line[:19] for line in progress]
    assert len(set(seconds)) == len(seconds), "one a second at most"
    assert len({line.partition(" of ")[0].split()[-1] for line in progress}) > 1
    assert "118 of 120 accepted, 1 failed, 1 skipped; cancelled" in progress[-1]


def test_a_pipe_that_is_watched_ends_by_a_signal_without_a_complaint(operator):
    with subprocess.Popen(
        [sys.executable, "-m", "syndicate", "editions", "--watch"],
        cwd=operator.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout
        assert watching.stdout.readline().endswith("nothing is being sent\n")
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=PATIENCE)
    assert (watching.returncode, out, err) == (0, "", "")


def test_what_can_not_be_watched_is_refused(operator):
    none = operator.run("editions", "show", "7", "--watch")
    assert (none.code, none.out) == (1, "")
    assert "there is no edition 7; `syndicate editions` lists them" in none.err
    both = operator.run("editions", "--watch", "--json")
    assert both.code == 2
    assert "use one of them" in both.err


def test_a_command_that_delivers_shows_how_far_it_is_and_leaves_nothing_of_it(busy, operator):
    terminal = Terminal(operator, "tick")
    terminal.until(r"edition 1: \d+ of 120 accepted.*; (\d+|\d\.\d)/s, done in \d+ s")
    busy.seen.set()
    assert terminal.end() == 0
    last = terminal.shown.rpartition("\x1b[2K")[2]
    assert "of 120" not in last
    assert "delivered: 118 accepted, 1 failed, 1 deferred" in last
    assert re.search(
        r"edition accepted +.*recipients", re.sub(r"\x1b\[[0-9;]*m", "", terminal.shown)
    )


# what is waited for


def test_what_is_in_the_way_of_an_edition_is_said_with_the_reason(operator):
    port = free_port()
    by_smtp(operator, port)
    operator.subscribe("ada@example.org,", "bo@example.org,")
    operator.file("ferry")
    operator.run("import", "articles")
    assert operator.run("tick").code == 1
    for words in (("editions",), ("editions", "show", "1"), ("relays",)):
        said = operator.run(*words).out
        assert "relay 127.0.0.1: unavailable at 20" in said
        assert f"127.0.0.1:{port}: nothing listens there" in said
    operator.run("pause", "1")
    assert "unavailable" not in operator.run("editions").out, "that it is paused is all"


def test_who_is_held_is_said_until_when_and_for_scripts(operator):
    with ScriptedServer(rcpt=b"450 4.7.28 too fast\r\n") as server:
        by_smtp(
            operator,
            server.port,
            '[[mail.limits]]\ndomains = ["x.example", "y.example"]\nrate = "9/s"',
        )
        operator.subscribe("ada@y.example,", "bo@y.example,")
        operator.file("ferry")
        operator.run("import", "articles")
        operator.run("tick")
    said = operator.run("editions").out
    held = re.search(r"^x\.example, y\.example: on hold until (.* UTC): (.*)$", said, re.MULTILINE)
    assert held, said
    assert held[2] == "450 4.7.28 too fast"
    [edition] = json.loads(operator.run("editions", "--json").out)
    [obstacle] = edition["waits_for"]["obstacles"]
    assert (obstacle["kind"], obstacle["domains"]) == ("hold", ["x.example", "y.example"])
    left = datetime.fromisoformat(obstacle["until"]) - datetime.now(UTC)
    assert timedelta(0) < left < timedelta(minutes=1)


def test_the_relays_are_listed_with_what_they_may_and_what_they_had(operator):
    away_from_midnight()
    today = datetime.now(UTC).date()
    with ScriptedServer() as server:
        relays = (
            f'[[mail.relays]]\nname = "main"\nhost = "127.0.0.1"\nport = {server.port}\n'
            f'security = "none"\nrate = "50/s"\nwarm_up = [2]\nwarm_up_from = {today}\n'
            '[[mail.relays]]\nname = "spare"\nhost = "127.0.0.1"\nport = 9\nweight = 0\n'
            'security = "none"\n'
        )
        operator.catch_mail()
        operator.configure("[mail]", f'{relays}\n[mail]\ntransport = "smtp"\nfrom = "a@b.example"')
        operator.subscribe("ada@example.org,", "bo@example.org,")
        operator.file("ferry")
        operator.run("import", "articles")
        operator.run("tick")
    listed = operator.run("relays").out
    assert re.search(
        rf"^main +127\.0\.0\.1:{server.port} +1 +4 +50/s +2 of 2 ", listed, re.MULTILINE
    )
    assert "relay main: today's warm_up quota of 2 is used up; more from" in listed
    main, spare = json.loads(operator.run("relays", "--json").out)
    assert (main["used_today"], main["obstacle"]["kind"]) == (2, "warm_up")
    assert (spare["weight"], spare["warm_up_today"]) == (0, None)
