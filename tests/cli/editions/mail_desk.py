"""A publication whose mail goes to servers that misbehave, and what its ledger says."""

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.cli.conftest import Operator
from tests.cli.fork_server import StartedCommand, command_server
from tests.deliver.faulty_server import FaultyServer, repeated

READERS = 24
MARGIN = 40
"""Seconds beyond `stop_timeout` that a slow machine may take to end."""


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
def ticking(operator: Operator, module: str = "syndicate") -> Iterator[StartedCommand]:
    """Run `tick` beside the test, until the end of the block at the latest."""
    process = command_server().popen(operator.folder, "tick", module=module)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def terminated(process: StartedCommand, within: float = MARGIN) -> str:
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
