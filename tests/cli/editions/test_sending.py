"""The mail servers as operators meet them: stops, reloads, certificates, servers that are down."""

import os
import pty
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.cli.editions.mail_desk import (
    MARGIN,
    READERS,
    assert_each_reader_has_it_once,
    bodies,
    by,
    fill,
    ledger,
    relay,
    slowly,
    taken,
    terminated,
    ticking,
)
from tests.cli.fork_server import StartedCommand
from tests.cli.operation.test_reload import running_command
from tests.cli.operation.test_run import until
from tests.deliver.faulty_server import FaultyServer, repeated

pytestmark = pytest.mark.slow


# told to stop


def test_a_tick_that_is_told_to_stop_finishes_what_left_and_the_next_sends_the_rest(
    desk, store_url
):
    desk.configure('# url = "sqlite:///syndicate.db"', f'url = "{store_url}"')
    fill(desk)
    with FaultyServer(say=slowly(0.5)) as server:
        by(desk, relay(server.port, connections=2))
        with ticking(desk) as process:
            until(lambda: taken(server) >= 3)
            terminated(process)
        has = taken(server)
        assert 3 <= has < READERS
        assert ledger(desk) == {"accepted": has, "queued": READERS - has}
        server.behave()
        assert desk.run("tick").code == 0
    assert_each_reader_has_it_once(server)
    assert ledger(desk) == {"accepted": READERS}


def test_the_tick_after_one_that_was_killed_says_how_many_messages_nobody_knows_of(desk):
    killed = threading.Event()

    def keep_in_flight(step: str, _: bytes) -> None:
        if step == "body":
            killed.wait(MARGIN)

    with FaultyServer(say=keep_in_flight) as server:
        by(desk, relay(server.port, connections=1))
        with ticking(desk) as process:
            until(lambda: bodies(server))
            process.kill()
            process.wait(MARGIN)
            killed.set()
        server.behave()
        next_one = desk.run("tick")

    assert ledger(desk) == {"accepted": READERS - 1, "unknown": 1}
    assert f"{READERS - 1} accepted, 1 unknown" in next_one.out
    assert "syndicate settle 1 --unknown resend|skip" in next_one.err


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_is_passed_on_as_well_tells_a_tick_no_more_than_the_first(desk, how, code):
    with FaultyServer(say=slowly(0.7)) as server:
        by(desk, relay(server.port, connections=2))
        with ticking(desk, "tests.cli.editions.patient_tick") as process:
            until(lambda: taken(server) >= 2)
            for _ in range(3):
                process.send_signal(how)
                time.sleep(0.05)
            _, err = process.communicate(timeout=MARGIN)
            assert process.returncode == code, err
            assert "Traceback" not in err
    has = taken(server)
    assert ledger(desk) == {"accepted": has, "queued": READERS - has}


def test_a_tick_whose_terminal_is_closed_finishes_what_left(desk):
    ours, theirs = pty.openpty()
    with FaultyServer(say=slowly(0.5)) as server:
        by(desk, relay(server.port, connections=2))
        process = subprocess.Popen(
            [sys.executable, "-m", "syndicate", "tick"],
            cwd=desk.folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - it is to have a terminal
        )
        os.close(theirs)
        try:
            until(lambda: taken(server) >= 2)
            os.close(ours)
            assert process.wait(MARGIN) == 129
        finally:
            process.kill()
            process.wait()
    has = taken(server)
    assert ledger(desk) == {"accepted": has, "queued": READERS - has}


def test_a_second_signal_ends_a_tick_at_once_and_the_ledger_stays_right(desk):
    manner = Silent()
    with FaultyServer(say=manner) as server:
        by(desk, relay(server.port, connections=1), more='stop_timeout = "5m"')
        with ticking(desk) as process:
            until(lambda: bodies(server) == 1)
            process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1.5)
            # on a loaded machine it heard the first so late that the next counts as its copy
            until(lambda: ends_by_another(process))
            assert process.returncode == 143
        manner.released.set()
        server.behave()
        assert desk.run("tick").code == 0
    assert ledger(desk) == {"accepted": READERS - 1, "unknown": 1}
    assert repeated(server.record) == {}


def ends_by_another(process: StartedCommand) -> bool:
    """Send a process another SIGTERM, and see whether it ends soon."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(1.5)
    except subprocess.TimeoutExpired:
        return False
    return True


class Silent:
    """Takes messages, and from some of them on says nothing until it is let go."""

    def __init__(self, after: int = 0) -> None:
        self._after = after
        self._seen = 0
        self.released = threading.Event()

    def __call__(self, step: str, _: bytes) -> str | None:
        if step != "body":
            return None
        self._seen += 1
        if self._seen <= self._after:
            return None
        self.released.wait(60)
        return "cut"


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_tick_does_not_wait_longer_than_it_may_for_a_verdict_that_never_comes(desk, pipelining):
    manner = Silent(after=2)
    with FaultyServer(say=manner, extensions=["PIPELINING"] if pipelining else []) as server:
        by(desk, relay(server.port, connections=1), more='stop_timeout = "1s"')
        with ticking(desk) as process:
            until(lambda: bodies(server) == 3)
            terminated(process, 1 + MARGIN)
        manner.released.set()
        assert ledger(desk) == {"accepted": 2, "unknown": 1, "queued": READERS - 3}
        server.behave()
        assert desk.run("tick").code == 0
        assert ledger(desk) == {"accepted": READERS - 1, "unknown": 1}
    assert repeated(server.record) == {}
    assert "1 unknown: they may have arrived" in desk.run("editions").out


def test_a_tick_that_waits_for_a_greeting_ends_as_soon_as_it_is_told_to(desk):
    released = threading.Event()

    def say(step: str, _: bytes) -> None:
        if step == "greeting":
            released.wait(60)

    with FaultyServer(say=say) as server:
        by(desk, relay(server.port), more='timeout = "50s"')
        with ticking(desk) as process:
            until(lambda: server.record.connections)
            terminated(process)
        released.set()
        assert ledger(desk) == {"queued": READERS}


def test_run_finishes_what_left_when_it_is_told_to_stop(desk):
    with FaultyServer(say=slowly(0.5)) as server:
        by(desk, relay(server.port, connections=2))
        with running_command(desk, "run"):
            until(lambda: taken(server) >= 3)
        has = taken(server)
        assert 3 <= has < READERS
        assert ledger(desk) == {"accepted": has, "queued": READERS - has}
        server.behave()
        assert desk.run("tick").code == 0
    assert_each_reader_has_it_once(server)


def test_run_does_not_wait_longer_than_it_may_for_a_verdict_that_never_comes(desk):
    manner = Silent(after=2)
    with FaultyServer(say=manner) as server:
        by(desk, relay(server.port, connections=1), more='stop_timeout = "1s"')
        with running_command(desk, "run"):
            until(lambda: bodies(server) == 3)
        manner.released.set()
        assert ledger(desk) == {"accepted": 2, "unknown": 1, "queued": READERS - 3}


# other relays in mid-send


def test_a_reload_with_another_relay_in_mid_send_repeats_nothing_and_loses_nothing(desk):
    with FaultyServer(say=slowly(0.5)) as old, FaultyServer(say=slowly(0.05)) as new:
        by(desk, relay(old.port, "old", connections=1))
        with running_command(desk, "run") as one:
            until(lambda: taken(old) >= 2)
            by(
                desk,
                relay(old.port, "old", connections=1, weight=1),
                relay(new.port, "new", connections=4, weight=3),
            )
            one.reload()
            until(lambda: taken(old, new) == READERS)
            until(lambda: ledger(desk) == {"accepted": READERS})
        assert taken(new) > 0
    assert_each_reader_has_it_once(old, new)


def test_after_a_reload_the_relay_that_is_gone_gets_nothing_more(desk):
    with FaultyServer(say=slowly(0.5)) as old, FaultyServer() as new:
        by(desk, relay(old.port, "old", connections=1))
        with running_command(desk, "run") as one:
            until(lambda: taken(old) >= 2)
            by(desk, relay(new.port, "new"))
            one.reload()
            asked = bodies(old), old.record.connections
            until(lambda: ledger(desk) == {"accepted": READERS})
            assert (bodies(old), old.record.connections) == asked
        assert taken(new) > 0
    assert_each_reader_has_it_once(old, new)


def test_a_reload_leaves_a_server_that_never_answers_and_goes_on_with_the_other(desk):
    manner = Silent()
    with FaultyServer(say=manner) as old, FaultyServer() as new:
        by(desk, relay(old.port, "old", connections=1), more='stop_timeout = "1s"')
        with running_command(desk, "run") as one:
            until(lambda: bodies(old) == 1)
            by(desk, relay(new.port, "new"))
            one.reload()
            until(lambda: ledger(desk) == {"accepted": READERS - 1, "unknown": 1})
        manner.released.set()
    assert repeated(new.record) == {}
    [lost] = [body.reader for body in old.record.bodies]
    assert new.record.of(lost) == []
