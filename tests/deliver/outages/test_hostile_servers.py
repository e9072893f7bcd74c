"""Mail servers that go wrong anywhere: what the ledger says is what happened, whatever happened."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from syndicate.config import Config
from syndicate.deliver.smtp.smtp_transport import SmtpTransport
from syndicate.deliver.worker import DeliveryReport
from syndicate.model.deliveries import DeliveryState
from syndicate.store import Store
from tests.deliver.editions import NOON, drain_ledger, freeze, rows, subscribe
from tests.deliver.faulty_server import (
    HONEST,
    HOWS,
    STEPS,
    Body,
    Fault,
    FaultyServer,
    Record,
    repeated,
)

pytestmark = pytest.mark.neighbours

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "25"))
HURRY = 0.2
"""Seconds that an answer is waited for; the verdict on a body three times as long."""
OPEN = {DeliveryState.CLAIMED, DeliveryState.SENDING}
WAITING = {DeliveryState.QUEUED, DeliveryState.DEFERRED}
Publication = Callable[..., Config]


def relay(config: Config, *, timeout: float = HURRY) -> list[SmtpTransport]:
    """Return the way out of a config, in a hurry."""
    [server] = config.mail.servers
    return [SmtpTransport(server.model_copy(update={"timeout": timedelta(seconds=timeout)}))]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a verdict three times as long as for other answers, and look more often."""
    monkeypatch.setattr("syndicate.deliver.smtp.session.BODY_TIMEOUTS", 3)
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._POLL_INTERVAL", 0.02)
    monkeypatch.setattr("syndicate.deliver.loop.send_loop._REFRESH_INTERVAL", 0.1)


@pytest.fixture
def config(publication: Publication) -> Publication:
    def make(port: int, **mail: object) -> Config:
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        return publication(mail=way | {"from": "news@example.org"} | mail)

    return make


@pytest.fixture
def empty(tmp_path: Path, empty_file: Path) -> Callable[[], AbstractContextManager[Store]]:
    """A factory of stores that are quick to have: copies of an empty one."""

    @contextmanager
    def copy() -> Iterator[Store]:
        file = shutil.copy(empty_file, tmp_path / f"{uuid4().hex}.db")
        store = Store.open(f"sqlite:///{file}")
        try:
            yield store
        finally:
            store.close()

    return copy


def readers(count: int) -> list[str]:
    """Return addresses at several domains, so that a hold of one isn't one of all."""
    return [f"reader{n}@{'abc'[n % 3]}.example" for n in range(count)]


def forget_holds(store: Store) -> None:
    """Go on as if the holds were over; they go by the real clock."""
    with store.write() as tx:
        for hold in tx.holds.current(NOON.replace(year=2000)):
            tx.holds.lift(hold.what)


def agrees(
    store: Store, edition: int, record: Record, *, honest: bool = True
) -> Counter[DeliveryState]:
    """Hold the ledger against the server's record; return the states."""
    ledger = rows(store, edition)
    for email, row in ledger.items():
        bodies = record.of(email)
        last = bodies[-1] if bodies else Body(email)
        seen = f"{email} is {row.state}, and the server saw {bodies}"
        assert row.state not in OPEN, f"left in the air: {seen}"
        if row.state is DeliveryState.ACCEPTED and honest:
            assert last.taken, seen
        if row.state is DeliveryState.UNKNOWN:
            assert bodies, f"no body can have left: {seen}"
            in_time = last.took < HURRY  # else whoever waits may have given up before
            assert not (last.refused and in_time and honest), f"there was a verdict: {seen}"
        if last.whole and not last.refused and honest:
            assert row.state in {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN}, seen
        if last.whole and not last.said:
            assert row.state is DeliveryState.UNKNOWN, seen
    states = Counter(row.state for row in ledger.values())
    assert repeated(record) == {}
    return states


def counted(
    drained: DeliveryReport, before: Counter[DeliveryState], after: Counter[DeliveryState]
) -> None:
    """Hold what a pass says it did against what changed."""
    for state, said in (
        (DeliveryState.ACCEPTED, drained.accepted),
        (DeliveryState.FAILED, drained.failed),
        (DeliveryState.UNKNOWN, drained.unknown),
    ):
        assert after[state] - before[state] == said, (state, drained, before, after)


# anything at all

wrongs = st.builds(Fault, st.sampled_from(STEPS), st.integers(0, 12), st.sampled_from(HOWS))
honest_wrongs = st.builds(
    Fault, st.sampled_from(STEPS), st.integers(0, 12), st.sampled_from(HONEST)
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    plan=st.lists(wrongs, max_size=10),
    audience=st.integers(1, 12),
    connections=st.integers(1, 3),
    max_messages=st.sampled_from([100, 1, 2]),
    pipelining=st.booleans(),
)
def test_whatever_a_server_does_the_ledger_is_right(
    *, empty, config, plan, audience, connections, max_messages, pipelining
):
    honest = all(wrong.how in HONEST for wrong in plan)
    extensions = ["PIPELINING", "SIZE 1000000"] if pipelining else []
    with capture_logs(), empty() as store, FaultyServer(plan, extensions=extensions) as server:
        subscribe(store, *readers(audience))
        edition = freeze(store)
        mail = config(server.port, connections=connections, max_messages=max_messages)
        states = Counter({DeliveryState.QUEUED: audience})
        for minutes in (0, 10, 40, 100):
            drained = drain_ledger(store, mail, relay(mail), minutes=minutes)
            server.settle()
            note(f"after {minutes} minutes: {drained}")
            before, states = states, agrees(store, edition.key, server.record, honest=honest)
            note(f"{states} {server.record.bodies}")
            counted(drained, before, states)
            assert states.total() == audience
            forget_holds(store)
        server.behave()
        # with time: on a loaded machine a polite server may be slow as well
        drain_ledger(store, mail, relay(mail, timeout=60), minutes=600)
        server.settle()
        states = agrees(store, edition.key, server.record, honest=honest)
        assert not set(states) & WAITING, states
        assert states.total() == audience
