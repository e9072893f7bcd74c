"""The mail servers as operators meet them: stops, reloads, certificates, servers that are down."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import Operator
from tests.cli.operation.test_reload import told
from tests.cli.operation.test_run import until
from tests.deliver.faulty_server import Fault, FaultyServer, repeated
from tests.deliver.mail_servers import certificate, real_server
from tests.ports import free_port
from tests.until import away_from_midnight

pytestmark = pytest.mark.slow
READERS = 24
MARGIN = 40
"""Seconds beyond `stop_timeout` that a slow machine may take to end."""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication with a breaking story for so many readers."""
    folder = tmp_path_factory.mktemp("shelf")
    assert Operator(folder).run("init", "post").code == 0
    operator = Operator(folder / "post")
    fill(operator)
    return operator.folder


@pytest.fixture
def desk(shelf: Path, tmp_path: Path) -> Operator:
    """An operator whose publication is on the shelf."""
    return Operator(shutil.copytree(shelf, tmp_path / "post"))


def fill(operator: Operator) -> None:
    """Have readers, and a breaking story."""
    operator.subscribe(*(f"r{number}@example.org," for number in range(READERS)))
    operator.file("ferry")
    assert operator.run("import", "articles").code == 0


def relay(port: int, name: str = "", **more: object) -> str:
    """Write the keys of a mail server, with a name those of one of several."""
    keys = {"host": "127.0.0.1", "port": port, "security": "none", **more}
    if name:
        keys = {"name": name, **keys}
    lines = (f"{key} = {_toml(value)}\n" for key, value in keys.items())
    return f"{'[[mail.relays]]' if name else ''}\n{''.join(lines)}"


def _toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower()


def by(operator: Operator, *relays: str, more: str = "") -> None:
    """Configure how mail leaves, whatever was configured before."""
    operator.catch_mail()
    own = f'[mail]\ntransport = "smtp"\nfrom = "Post <news@example.org>"\n{more}\n'
    config = operator.folder / "config.toml"
    before = re.compile(r'^\[mail\]\n.*?(?=^# "outbox" writes)', re.MULTILINE | re.DOTALL)
    text, found = before.subn(own + "".join(relays), config.read_text())
    assert found == 1
    config.write_text(text)


def slowly(seconds: float) -> Callable[[str, bytes], None]:
    """Have a server think about each message."""

    def say(step: str, _: bytes) -> None:
        if step == "body":
            time.sleep(seconds)

    return say


@contextmanager
def ticking(operator: Operator) -> Iterator[subprocess.Popen[str]]:
    """Run `tick` beside the test, until the end of the block at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "syndicate", "tick"],
        cwd=operator.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def terminated(process: subprocess.Popen[str], within: float = MARGIN) -> str:
    """Stop a `tick` by SIGTERM; return what it said on stderr."""
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=within)
    assert process.returncode == 143, err
    assert "Traceback" not in err
    return err


def ledger(operator: Operator) -> Counter[str]:
    """Count the states of the deliveries of the first edition."""
    ran = operator.run("deliveries", "1", "--json")
    assert ran.code == 0, ran.err
    return Counter(row["state"] for row in json.loads(ran.out))


def taken(*servers: FaultyServer) -> int:
    return sum(body.taken for server in servers for body in server.record.bodies)


def bodies(*servers: FaultyServer) -> int:
    return sum(body.whole for server in servers for body in server.record.bodies)


def assert_each_reader_has_it_once(*servers: FaultyServer) -> None:
    got = Counter(body.reader for server in servers for body in server.record.bodies if body.taken)
    assert got == {f"r{number}@example.org": 1 for number in range(READERS)}
    assert all(repeated(server.record) == {} for server in servers)


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
        with ticking(desk) as process:
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
            terminated(process)
        manner.released.set()
        server.behave()
        assert desk.run("tick").code == 0
    assert ledger(desk) == {"accepted": READERS - 1, "unknown": 1}
    assert repeated(server.record) == {}


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
        with told(desk, "run"):
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
        with told(desk, "run"):
            until(lambda: bodies(server) == 3)
        manner.released.set()
        assert ledger(desk) == {"accepted": 2, "unknown": 1, "queued": READERS - 3}


# other relays in mid-send


def test_a_reload_with_another_relay_in_mid_send_repeats_nothing_and_loses_nothing(desk):
    with FaultyServer(say=slowly(0.5)) as old, FaultyServer(say=slowly(0.05)) as new:
        by(desk, relay(old.port, "old", connections=1))
        with told(desk, "run") as one:
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
        with told(desk, "run") as one:
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
        with told(desk, "run") as one:
            until(lambda: bodies(old) == 1)
            by(desk, relay(new.port, "new"))
            one.reload()
            until(lambda: ledger(desk) == {"accepted": READERS - 1, "unknown": 1})
        manner.released.set()
    assert repeated(new.record) == {}
    [lost] = [body.reader for body in old.record.bodies]
    assert new.record.of(lost) == []


# certificates


@pytest.mark.parametrize(
    ("security", "name", "table"), [("tls", "", "mail"), ("starttls", "ses", "mail.relays.ses")]
)
def test_a_certificate_that_does_not_match_is_refused_until_the_config_says_otherwise(
    desk, tmp_path, security, name, table
):
    context, trusted = certificate(tmp_path, "localhost")
    env = {"SSL_CERT_FILE": str(trusted)}
    starttls, tls = (context, None) if security == "starttls" else (None, context)
    with real_server(starttls=starttls, tls=tls) as (port, boxes):
        by(desk, relay(port, name, security=security))
        refused = desk.run("tick", env=env)
        assert refused.code == 1
        assert boxes.envelopes == []
        assert ledger(desk) == {"queued": READERS}
        for said in (refused.err, desk.run("editions").out):
            assert f"127.0.0.1:{port}: its certificate is not accepted" in said
            assert f"in config.toml, {table}.host must be a name that the certificate" in said
            assert f"{table}.verify = false takes any certificate" in said

        by(desk, relay(port, name, host="localhost", security=security))
        assert desk.run("tick", env=env).code == 0
        assert len(boxes.envelopes) == READERS


@pytest.mark.parametrize("own", [True, False])
def test_a_relay_whose_certificate_need_not_match_is_used(desk, tmp_path, own):
    context, _ = certificate(tmp_path, "elsewhere.example")
    with real_server(tls=context) as (port, boxes):
        its = relay(port, "ses", security="tls", **({"verify": False} if own else {}))
        by(desk, its, more="" if own else "verify = false")
        assert desk.run("tick").code == 0
    assert len(boxes.envelopes) == READERS


def test_the_one_relay_whose_certificate_need_not_match_says_nothing_of_the_other(desk, tmp_path):
    context, _ = certificate(tmp_path, "elsewhere.example")
    with (
        real_server(tls=context) as (lax, took),
        real_server(tls=context, port=free_port()) as (strict, none),
    ):
        by(
            desk,
            relay(lax, "lax", security="tls", verify=False),
            relay(strict, "strict", security="tls"),
        )
        ticked = desk.run("tick")
    assert ticked.code == 0
    assert "mail.relays.strict.host" in ticked.err
    assert "mail.relays.lax" not in ticked.err
    assert (len(took.envelopes), len(none.envelopes)) == (READERS, 0)


# used up, and down


def warming(count: int) -> dict[str, object]:
    away_from_midnight()
    return {"warm_up": [count], "warm_up_from": datetime.now(UTC).date()}


def test_what_a_day_s_number_leaves_waits_while_the_spare_can_not_be_reached(desk):
    gone = free_port()
    with FaultyServer() as server:
        by(desk, relay(server.port, "main", **warming(5)), relay(gone, "spare", weight=0))
        first = desk.run("tick")
        second = desk.run("tick")
    assert taken(server) == 5
    for ticked in (first, second):
        assert ticked.code == 1
        assert "the rest waits: main has used up today's warm_up quota" in ticked.err
        assert f"the rest waits: 127.0.0.1:{gone}: nothing listens there" in ticked.err
    assert "delivered: 5 accepted" in first.out
    assert ledger(desk) == {"accepted": 5, "queued": READERS - 5}
    said = desk.run("editions").out
    assert "relay main: today's warm_up quota of 5 is used up; more from" in said
    assert re.search(rf"relay spare: unavailable at .*: 127\.0\.0\.1:{gone}: nothing", said)


def test_when_all_day_s_numbers_are_used_up_the_rest_waits_and_that_is_said(desk):
    with FaultyServer() as one, FaultyServer() as two:
        by(desk, relay(one.port, "one", **warming(3)), relay(two.port, "two", **warming(4)))
        ticked = desk.run("tick")
        assert ticked.code == 1
        assert (taken(one), taken(two)) == (3, 4)
        assert desk.run("tick").code == 1
    assert taken(one, two) == 7
    assert ledger(desk) == {"accepted": 7, "queued": READERS - 7}
    said = desk.run("editions").out
    for name, number in (("one", 3), ("two", 4)):
        assert f"{name} has used up today's warm_up quota" in ticked.err
        assert f"relay {name}: today's warm_up quota of {number} is used up; more from" in said


def test_relays_that_are_all_down_are_told_in_a_line_each_and_the_queue_stays(desk):
    ports = {"one": free_port(), "two": free_port(), "three": free_port()}
    by(desk, *(relay(port, name) for name, port in ports.items()))
    down = desk.run("tick")
    assert down.code == 1
    assert "delivered: nothing\n" in down.out
    waits = [line for line in down.err.splitlines() if line.startswith("the rest waits")]
    assert waits == [
        f"the rest waits: 127.0.0.1:{port}: nothing listens there; is the server running? look at "
        f"mail.relays.{name}.host and mail.relays.{name}.port in config.toml"
        for name, port in ports.items()
    ]
    assert ledger(desk) == {"queued": READERS}
    with real_server(port=ports["two"]) as (_, boxes):
        assert desk.run("tick").code == 0
    assert len(boxes.envelopes) == READERS


def test_a_relay_that_failed_once_while_it_was_opened_is_opened_again_when_it_took_another(desk):
    told_of_it = threading.Event()

    def say(step: str, _: bytes) -> None:
        if step == "greeting":
            told_of_it.wait(60)

    with FaultyServer([Fault("greeting", 0, "cut")], say=say) as server:
        by(desk, relay(server.port, connections=3, max_messages=3))
        with ticking(desk) as process:
            assert process.stderr
            assert any("relay unavailable" in line for line in process.stderr)
            told_of_it.set()
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
    assert_each_reader_has_it_once(server)
