"""Processes that are killed while they deliver, and two that deliver at once."""

import contextlib
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from syndicate.config import Config
from syndicate.deliver.outbox import Outbox
from syndicate.deliver.transport import transport
from syndicate.model.deliveries import State
from tests.deliver.papers import freeze, hand_over, readers, states, subscribe
from tests.deliver.servers import Scripted

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
READERS = 150
LIVES = 6
CONNECTIONS = 4


@pytest.fixture
def tables(tmp_path):
    """What a child's config says; `port` None is the outbox."""

    def make(port: int | None):
        mail = {"from": "news@example.org", "connections": CONNECTIONS}
        if port:
            mail |= {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        return {
            "publication": {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Post"},
            "newsletters": [{"name": "breaking"}],
            "mail": mail,
            "root": str(tmp_path),
        }

    return make


@contextlib.contextmanager
def sender(url: str, tables: dict[str, object], *rule: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.deliver.child", url, json.dumps(tables), *rule], cwd=ROOT
    ) as process:
        yield process


def kill_again_and_again(
    start: Callable[[], AbstractContextManager[subprocess.Popen[bytes]]],
    count: Callable[[], int],
    *,
    within: float,
) -> int:
    """Start senders and kill each soon after it began to hand messages over; return how many."""
    kills = 0
    for _ in range(LIVES):
        before = count()
        with start() as process:
            while count() <= before and process.poll() is None:
                time.sleep(0.001)
            time.sleep(random.uniform(0, within))
            kills += process.poll() is None
            process.kill()
    return kills


def slow(_: str) -> bytes:
    """Answer a body after a while: the message is logged by then, its verdict on the way."""
    time.sleep(random.uniform(0.01, 0.08))
    return b"250 taken\r\n"


def arrivals(sink: Scripted) -> Counter[bytes]:
    """Count the messages that each reader got."""
    to = re.compile(rb"^To: (\S+)\r$", re.MULTILINE)
    return Counter(match[1] for body in sink.bodies if (match := to.search(body)))


def test_nobody_is_mailed_twice_and_nobody_lost_in_silence(store, store_url, tables):
    subscribe(store, *readers(READERS))
    edition = freeze(store)
    with Scripted("PIPELINING", body=slow) as sink:
        there = tables(sink.port)
        kills = kill_again_and_again(
            lambda: sender(store_url, there), lambda: len(sink.bodies), within=0.2
        )
        config = Config.model_validate(there)
        hand_over(store, config, transport(config))
    got, stand = arrivals(sink), states(store, edition.key)

    assert kills >= LIVES / 2
    assert max(got.values()) == 1
    assert READERS - len(got) <= stand[State.UNKNOWN] <= kills * CONNECTIONS
    assert stand[State.ACCEPTED] + stand[State.UNKNOWN] == READERS


def test_marking_a_message_after_it_was_sent_is_seen_to_repeat(sqlite_store, tmp_path, tables):
    """The control: were the intent not recorded first, the test above would find it."""
    subscribe(sqlite_store, *readers(READERS))
    freeze(sqlite_store)
    url = f"sqlite:///{tmp_path}/syndicate.db"
    with Scripted("PIPELINING", body=slow) as sink:
        there = tables(sink.port)
        kill_again_and_again(
            lambda: sender(url, there, "mark-after"), lambda: len(sink.bodies), within=0.2
        )
        config = Config.model_validate(there)
        hand_over(sqlite_store, config, transport(config))

    assert max(arrivals(sink).values()) > 1


def test_the_outbox_loses_and_repeats_nothing(store, store_url, tables):
    subscribe(store, *readers(READERS * 3))
    edition = freeze(store)
    there = tables(None)
    outbox = Outbox.of(Config.model_validate(there))
    kills = kill_again_and_again(
        lambda: sender(store_url, there), lambda: len(outbox.messages()), within=0.05
    )
    drained = hand_over(store, Config.model_validate(there), outbox)

    assert kills >= LIVES / 2
    assert drained.accepted > 0
    assert states(store, edition.key) == {State.ACCEPTED: READERS * 3}
    assert sorted(kept.to for kept in outbox.messages()) == sorted(readers(READERS * 3))


def test_two_processes_at_once_serve_each_reader_once(store, store_url, tables):
    subscribe(store, *readers(READERS))
    edition = freeze(store)
    with Scripted("PIPELINING", body=slow) as sink:
        there = tables(sink.port)
        with sender(store_url, there) as one, sender(store_url, there) as other:
            assert (one.wait(), other.wait()) == (0, 0)

    assert arrivals(sink) == Counter({address.encode(): 1 for address in readers(READERS)})
    assert states(store, edition.key) == {State.ACCEPTED: READERS}
    assert sink.connections > CONNECTIONS
