"""The store fails in mid-send: what became of each message is known, or is said not to be."""

import contextlib
import itertools
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.config import Config
from syndicate.deliver.loop import reply_classifier
from syndicate.deliver.loop.ledger import ClaimRequest, Ledger, LedgerBatch
from syndicate.deliver.smtp.transport import SmtpReply
from syndicate.deliver.transports import configured_transports
from syndicate.errors import StoreError, StoreLocked, StoreUnreachable, TemporaryFailure
from syndicate.model.deliveries import Claim, DeliveryOutcome, DeliveryState
from syndicate.model.editions import Edition
from syndicate.store import Store
from tests.causes import TEST
from tests.deliver.editions import (
    NOON,
    draft,
    drain_ledger,
    freeze,
    readers,
    rows,
    states,
    subscribe,
)
from tests.deliver.faulty_server import FaultyServer, Record
from tests.deliver.loop.test_hostile_servers import agrees
from tests.deliver.store_failures import (
    HELD_TO_MODES,
    ON_A_SMALL_DISK,
    Wire,
    end_sessions,
    fill_up,
    run_sql,
    small_disks,
    wired,
)

AUDIENCE = 60
CONNECTIONS = 8
AT = 21
"""The body at which something happens to the store."""
YES = SmtpReply(250, "2.0.0 taken")
Publication = Callable[..., Config]


@pytest.fixture
def config(publication: Publication) -> Publication:
    def make(port: int, connections: int = CONNECTIONS) -> Config:
        way = {"transport": "smtp", "host": "127.0.0.1", "port": port, "security": "none"}
        return publication(mail=way | {"from": "news@example.org", "connections": connections})

    return make


@pytest.fixture
def wire(postgresql: str, empty_database: str) -> Iterator[Wire]:
    with wired(postgresql, empty_database) as made:
        yield made


@pytest.fixture
def far_store(wire: Wire) -> Iterator[Store]:
    """A store on PostgreSQL, at the end of a wire."""
    store = Store.open(wire.url)
    yield store
    store.close()


def patient(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("syndicate.deliver.loop.ledger._STORE_TIMEOUT", seconds)


def at_body(
    number: int, act: Callable[[], object], answer: bytes | None = None, *, at: str = "body"
) -> Callable[[str, bytes], bytes | None]:
    """What a server says: what is polite, but that something happens before an answer."""
    count = itertools.count(1)

    def say(step: str, _: bytes) -> bytes | None:
        if step != at:
            return None
        if next(count) == number:  # once, whatever sessions there are
            act()
        return answer

    return say


def bring_out(store: Store) -> Edition:
    subscribe(store, *readers(AUDIENCE))
    return freeze(store)


def passed(store: Store, config: Config, *, minutes: float = 0) -> StoreError | int:
    """Hand over once; what the pass failed of, or how many it says were accepted."""
    try:
        return drain_ledger(store, config, configured_transports(config), minutes=minutes).accepted
    except StoreError as error:
        return error


def every_body_is_recorded(store: Store, edition: Edition, record: Record) -> None:
    """See that of nobody who may have a copy the ledger says that nothing left."""
    ledger = rows(store, edition.key)
    left = {DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.UNKNOWN}
    for body in record.bodies:
        assert not body.whole or ledger[body.reader].state in left, body


def accepted_of(store: Store, edition: Edition) -> set[str]:
    return {
        to for to, row in rows(store, edition.key).items() if row.state is DeliveryState.ACCEPTED
    }


def all_is_settled(store: Store, edition: Edition, record: Record) -> Counter[DeliveryState]:
    """See that everybody was dealt with, once, and the ledger knows how; return the states."""
    found = agrees(store, edition.key, record)
    assert set(found) <= {DeliveryState.ACCEPTED, DeliveryState.UNKNOWN}
    assert found.total() == AUDIENCE
    return found


def lamented(logs: Sequence[Mapping[str, Any]]) -> set[str]:
    """Whose verdicts are in the log since they could not be recorded."""
    told = [entry for entry in logs if entry["event"] == "outcome not recorded"]
    assert all(one["outcome"] == "accepted" and one["code"] == 250 for one in told)
    return {f"reader{one['reader'] - 1}@example.org" for one in told}


# a server that goes away


@pytest.mark.parametrize("at", [1, AT])
def test_sessions_that_a_server_ends_in_mid_send_cost_no_verdict(far_store, wire, config, at):
    edition = bring_out(far_store)
    with FaultyServer(say=at_body(at, lambda: end_sessions(wire))) as server:
        one = config(server.port)
        first = passed(far_store, one)
        every_body_is_recorded(far_store, edition, server.record)
        taken = {body.reader for body in server.record.bodies if body.taken}
        assert accepted_of(far_store, edition) == taken
        assert isinstance(first, StoreUnreachable) or first == len(taken) == AUDIENCE

        passed(far_store, one, minutes=10)
        all_is_settled(far_store, edition, server.record)


@pytest.mark.parametrize("moment", [("body", AT), ("data", 1)])
def test_a_server_that_stays_away_ends_the_pass_and_the_next_one_does_the_rest(
    far_store, wire, config, monkeypatch, moment
):
    patient(monkeypatch, 1)
    step, number = moment
    # not in the middle of a commit: it might be done, and nobody hear of it
    cut = wire.cut_at_the_next_commit if step == "body" else wire.cut
    edition = bring_out(far_store)
    with FaultyServer(say=at_body(number, cut, at=step)) as server, capture_logs() as logs:
        # so few that nothing else is asked of the store when the first body is to leave
        one = config(server.port, connections=4)
        failed = passed(far_store, one)
        wire.mend()
        assert isinstance(failed, StoreUnreachable)
        assert str(failed).endswith("check store.url")
        assert "\n" not in str(failed)
        assert "secret" not in str(failed)
        every_body_is_recorded(far_store, edition, server.record)
        assert DeliveryState.UNKNOWN not in states(far_store, edition.key)
        before = accepted_of(far_store, edition)

        done = passed(far_store, one, minutes=10)
        found = all_is_settled(far_store, edition, server.record)
        unknown = {
            to
            for to, row in rows(far_store, edition.key).items()
            if row.state is DeliveryState.UNKNOWN
        }
        assert lamented(logs) or step == "data"
        assert lamented(logs) <= unknown
        assert found[DeliveryState.UNKNOWN] <= 4
        assert done == AUDIENCE - len(before) - len(unknown)


def test_a_connection_that_was_cut_between_two_passes_is_not_noticed(far_store, wire, config):
    edition = bring_out(far_store)
    with FaultyServer() as server:
        one = config(server.port)
        assert passed(far_store, one) == AUDIENCE
        other = freeze(far_store)
        end_sessions(wire)
        wire.wait_until_free()
        assert passed(far_store, one) == AUDIENCE
    assert states(far_store, edition.key) == states(far_store, other.key)


def test_a_server_is_asked_for_a_sign_of_life_after_a_rest_alone(far_store, wire, monkeypatch):
    def journeys():
        before = wire.journeys
        with far_store.write():
            pass
        return wire.journeys - before

    assert journeys() == 0
    monkeypatch.setattr("syndicate.store.database.sql_engine._PING_AFTER", -1)
    assert journeys() > 0


def test_a_connection_that_was_just_made_is_not_asked(far_store, monkeypatch):
    """A second that is no good either is no reason to try a third."""
    far_store._engine.dispose()
    monkeypatch.setattr("syndicate.store.database.sql_engine._PING_AFTER", -1)
    monkeypatch.setattr(
        "syndicate.store.database.sql_engine._has_input", lambda _: pytest.fail("it was asked")
    )
    with far_store.read() as tx:
        assert tx.editions.all() == []


def test_a_server_that_breaks_off_what_takes_too_long_is_waited_for(far_store, wire, config):
    edition = bring_out(far_store)
    run_sql(wire, f"ALTER DATABASE {wire.database} SET statement_timeout = '1s'")
    far_store._engine.dispose()  # new sessions go by it
    engine = create_engine(wire.straight)
    holder = engine.connect()
    holder.execute(text("SET statement_timeout = 0"))

    released = threading.Event()

    def release() -> None:
        holder.rollback()
        released.set()

    def hold() -> None:
        holder.execute(text("LOCK TABLE deliveries"))
        threading.Timer(1.5, release).start()

    with FaultyServer(say=at_body(AT, hold)) as server:
        one = config(server.port)
        first = passed(far_store, one)
        assert released.wait(60)
        every_body_is_recorded(far_store, edition, server.record)
        taken = {body.reader for body in server.record.bodies if body.taken}
        assert accepted_of(far_store, edition) == taken
        assert isinstance(first, StoreLocked) or first == AUDIENCE

        run_sql(wire, f"ALTER DATABASE {wire.database} RESET statement_timeout")
        far_store._engine.dispose()
        passed(far_store, one, minutes=10)
        assert all_is_settled(far_store, edition, server.record) == {
            DeliveryState.ACCEPTED: AUDIENCE
        }
    holder.close()
    engine.dispose()


@pytest.mark.parametrize(
    ("code", "kind", "remedy"),
    [
        ("53100", StoreError, "free some"),
        ("58030", StoreUnreachable, "check its disk"),
        ("57014", StoreLocked, "try again"),
        ("55P03", StoreLocked, "try again"),
        ("40001", StoreLocked, "try again"),
        ("25006", StoreUnreachable, "who may write there"),
        ("42501", StoreUnreachable, "who may write there"),
        ("53200", StoreUnreachable, "check store.url"),
        ("XX001", StoreUnreachable, "restore a backup"),
    ],
)
def test_what_a_server_says_in_its_own_language_is_understood(far_store, code, kind, remedy):
    raising = f"DO $$ BEGIN RAISE 'Nichts geht mehr' USING ERRCODE = '{code}'; END $$"
    with (
        pytest.raises(kind, match=f"(Nichts geht mehr|process).*{remedy}"),
        far_store.write() as tx,
    ):
        tx.keys._connection.exec_driver_sql(raising)


@pytest.mark.parametrize(("said", "timeout"), [("", 30_000), ("&tcp_user_timeout=7000", 7_000)])
def test_a_server_whose_machine_is_gone_is_not_waited_for_as_long_as_the_system_would(
    wire, said, timeout
):
    store = Store.open(wire.url + said)
    with store.read() as tx:
        connection = tx.keys._connection.connection.dbapi_connection
        assert connection is not None
        with socket.socket(fileno=os.dup(connection.fileno())) as ours:
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == timeout
            assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
    store.close()


# a commit of which nobody hears


@pytest.fixture
def ledger(far_store: Store) -> Ledger:
    return Ledger(far_store, name="here:1:1:x", at=NOON, sending_lease=timedelta(minutes=5))


def claimed(ledger: Ledger, edition: Edition, count: int) -> list[Claim]:
    wanted = ClaimRequest(edition=edition.key, limit=count, after=0, excluded_domains=frozenset())
    return ledger.record(LedgerBatch(claim_request=wanted)).claims


@pytest.mark.parametrize("done", [True, False])
def test_a_round_counts_once_whether_or_not_it_was_heard_to_be_committed(
    far_store, wire, ledger, done
):
    edition = bring_out(far_store)
    first, second, *_ = claimed(ledger, edition, 5)
    ledger.record(LedgerBatch(intents=[first]))
    wire.lose_the_next_commit(done=done)
    wanted = ClaimRequest(edition=edition.key, limit=5, after=0, excluded_domains=frozenset())

    recorded = ledger.record(
        LedgerBatch(
            outcomes=[DeliveryOutcome(claim=first, state=DeliveryState.ACCEPTED, code=250)],
            intents=[second],
            claim_request=wanted,
        )
    )

    assert recorded.may_send == {(edition.key, second.subscriber)}
    assert [claim.subscriber for claim in recorded.claims] == [6, 7, 8, 9, 10]
    assert ledger.counts[edition.key] == {DeliveryState.ACCEPTED: 1}
    expected = {
        DeliveryState.ACCEPTED: 1,
        DeliveryState.SENDING: 1,
        DeliveryState.CLAIMED: 8,
        DeliveryState.QUEUED: 50,
    }
    assert states(far_store, edition.key) == expected


def test_a_round_that_was_lost_lets_nothing_leave_of_an_edition_that_was_cancelled_since(
    far_store, wire, ledger
):
    edition = bring_out(far_store)
    first, second = claimed(ledger, edition, 2)

    def cancel() -> None:
        store = Store.open(wire.straight)
        with store.write() as tx:
            tx.control.cancel(edition.key, cause=TEST, at=NOON)
            tx.control.sweep(NOON)
        store.close()

    wire.lose_the_next_commit(done=False, then=cancel)
    put_off = reply_classifier.classify(TemporaryFailure("450 not now", 450), first, edition, NOON)

    assert not ledger.record(LedgerBatch(outcomes=[put_off], intents=[second])).may_send
    assert states(far_store, edition.key) == {DeliveryState.SKIPPED: AUDIENCE}


@pytest.mark.parametrize("at", [10, 13, 17, 29])
def test_a_commit_that_is_not_heard_of_in_mid_send_leaves_nobody_in_doubt(
    far_store, wire, config, at
):
    edition = bring_out(far_store)
    lose = at_body(at, lambda: wire.lose_the_next_commit(done=True))
    with FaultyServer(say=lose) as server:
        one = config(server.port)
        first = passed(far_store, one)
        every_body_is_recorded(far_store, edition, server.record)
        second = passed(far_store, one, minutes=10)
        found = all_is_settled(far_store, edition, server.record)
    if isinstance(first, int):  # else it was a commit that no verdict waited for
        assert (first, second) == (AUDIENCE, 0)
        assert found == {DeliveryState.ACCEPTED: AUDIENCE}


# a file


def confined(store: Store) -> Callable[[bool], None]:
    """Return what gives a SQLite file a few more pages than it has, or all it may want."""
    most = [2**30]

    def prepare(connection, _) -> None:
        connection.execute(f"PRAGMA max_page_count = {most[0]}")

    def confine(tight: bool) -> None:
        with store.read() as tx:
            pages = tx.keys._connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        most[0] = pages + 1 if tight else 2**30
        store._engine.dispose()

    event.listen(store._engine, "connect", prepare)
    return confine


def test_a_full_disk_ends_the_pass_and_the_next_one_does_the_rest(
    sqlite_store, config, monkeypatch
):
    patient(monkeypatch, 0.1)
    edition = bring_out(sqlite_store)
    confine = confined(sqlite_store)
    answer = b"250 2.0.0 taken " + b"and welcome " * 30 + b"\r\n"
    wordy = at_body(1, lambda: confine(True), answer)
    with FaultyServer(say=wordy) as server, capture_logs() as logs:
        one = config(server.port)
        failed = passed(sqlite_store, one)
        assert "disk is full; free some and try again" in str(failed)
        assert 0 < len(server.record.bodies) < AUDIENCE
        every_body_is_recorded(sqlite_store, edition, server.record)

        confine(False)
        passed(sqlite_store, one, minutes=10)
        found = all_is_settled(sqlite_store, edition, server.record)
        # none, where the commit that failed had no verdict in it
        assert len(lamented(logs)) <= found[DeliveryState.UNKNOWN] <= CONNECTIONS


def put_away(file: Path) -> None:
    file.rename(file.with_suffix(".away"))


def put_another(file: Path) -> None:
    shutil.copy(file, file.with_suffix(".copy"))
    put_away(file)
    file.with_suffix(".copy").rename(file)


@pytest.mark.parametrize("happens", [put_away, put_another])
def test_a_file_that_is_deleted_or_replaced_ends_the_pass_and_nothing_more_leaves(
    sqlite_store, config, monkeypatch, tmp_path, happens
):
    patient(monkeypatch, 0.1)
    edition = bring_out(sqlite_store)
    file = tmp_path / "syndicate.db"
    with FaultyServer(say=at_body(AT, lambda: happens(file))) as server:
        one = config(server.port)
        failed = passed(sqlite_store, one)
        assert isinstance(failed, StoreUnreachable)
        assert f"{file} was moved, deleted or replaced" in str(failed)
        assert len(server.record.bodies) < AUDIENCE
        assert isinstance(passed(sqlite_store, one, minutes=1), StoreUnreachable)
        assert file.exists() == (happens is put_another)  # nobody made a new one

        file.with_suffix(".away").rename(file)
        every_body_is_recorded(sqlite_store, edition, server.record)
        passed(sqlite_store, one, minutes=10)
        assert (
            all_is_settled(sqlite_store, edition, server.record)[DeliveryState.UNKNOWN]
            <= CONNECTIONS
        )


def test_a_file_that_is_put_back_in_time_costs_no_verdict(sqlite_store, config, tmp_path):
    edition = bring_out(sqlite_store)
    file = tmp_path / "syndicate.db"

    def go_and_come_back() -> None:
        put_away(file)
        threading.Timer(0.3, file.with_suffix(".away").rename, [file]).start()

    with FaultyServer(say=at_body(AT, go_and_come_back)) as server:
        one = config(server.port)
        passed(sqlite_store, one)
        taken = {body.reader for body in server.record.bodies if body.taken}
        assert accepted_of(sqlite_store, edition) == taken
        passed(sqlite_store, one, minutes=10)
        assert all_is_settled(sqlite_store, edition, server.record) == {
            DeliveryState.ACCEPTED: AUDIENCE
        }


def test_nobody_makes_a_new_file_where_one_was_deleted(sqlite_store, tmp_path):
    file = tmp_path / "syndicate.db"
    with sqlite_store.read() as tx:  # so that another connection is wanted
        put_away(file)
        with pytest.raises(StoreUnreachable, match="deleted"), sqlite_store.read():
            pass
        assert tx.articles.all() == []
    assert not file.exists()


# the command line

CONFIG = """\
[publication]
id = "0b0e8c1e-6c2f-4b37-9a1e-5b8f6a3d9e01"
title = "Storm Post"
url = "https://post.example"
postal_address = "1 Real Street"

[[newsletters]]
name = "breaking"

[mail]
transport = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
from = "news@example.org"
connections = {connections}
"""
TICK = """\
from syndicate.deliver.loop import ledger
ledger._STORE_TIMEOUT = 0.1
from syndicate.cli import main
main()
"""


class Operator:
    """Somebody who has an edition sent by `syndicate tick`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pid = 0
        """Of the command, while it runs."""

    @property
    def file(self) -> Path:
        return self.folder / "syndicate.db"

    def settle_in(self, port: int) -> Edition:
        config = CONFIG.format(port=port, connections=CONNECTIONS)
        (self.folder / "config.toml").write_text(config)
        with self.store() as store:
            subscribe(store, *readers(AUDIENCE))
            return freeze(store, replace(draft(), expires_at=clock.now() + timedelta(days=1)))

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        store = Store.open(f"sqlite:///{self.file}")
        yield store
        store.close()

    def tick(self, *before: str) -> tuple[int, str]:
        """Return its exit code and what it said to its operator."""
        command = [*before, sys.executable, "-c", TICK, "tick"]
        with subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            self.pid = process.pid
            said = process.communicate(timeout=120)[1]
        assert "Traceback" not in said, said
        return process.returncode, said


def last_line(said: str) -> str:
    """Return what a command that failed says at its end; all before it are verdicts."""
    *events, last = said.splitlines()
    assert all("outcome not recorded" in line for line in events), said
    return last


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def finished(operator: Operator, edition: Edition, record: Record) -> Counter[DeliveryState]:
    code, said = operator.tick()
    assert code == 0, said
    with operator.store() as store:
        return all_is_settled(store, edition, record)


def test_a_command_that_may_not_write_any_more_says_so_in_a_line(operator):
    def stop_growing() -> None:
        most = operator.file.with_name("syndicate.db-wal").stat().st_size
        resource.prlimit(operator.pid, resource.RLIMIT_FSIZE, (most, most))

    with FaultyServer(say=at_body(AT, stop_growing)) as server:
        edition = operator.settle_in(server.port)
        code, said = operator.tick()
        assert code == 1
        assert last_line(said).endswith("check its disk (is it full, over a quota, broken?)")
        with operator.store() as store:
            every_body_is_recorded(store, edition, server.record)
        server.settle()
        assert 0 < finished(operator, edition, server.record)[DeliveryState.UNKNOWN] <= CONNECTIONS


def test_a_command_whose_disk_is_full_says_so_in_a_line(operator):
    if not small_disks():
        pytest.skip("no disks of our own here")

    def fill_it_up() -> None:
        fill_up(Path(f"/proc/{operator.pid}/root", operator.folder.relative_to("/"), "disk"))

    with FaultyServer(say=at_body(AT, fill_it_up)) as server:
        edition = operator.settle_in(server.port)
        code, said = operator.tick(*ON_A_SMALL_DISK)
        assert code == 1
        assert "out of space: database or disk is full; free some and try again" in last_line(said)
        with operator.store() as store:
            every_body_is_recorded(store, edition, server.record)
        assert 0 < finished(operator, edition, server.record)[DeliveryState.UNKNOWN] <= CONNECTIONS


def test_a_command_whose_folder_can_only_be_read_says_so_in_a_line(operator):
    with FaultyServer() as server:
        edition = operator.settle_in(server.port)
        operator.file.chmod(0o400)
        operator.folder.chmod(0o500)
        try:
            code, said = operator.tick(*HELD_TO_MODES)
        finally:
            operator.folder.chmod(0o700)
            operator.file.chmod(0o600)
        assert code == 1
        assert "check store.url, and who may write there" in last_line(said)
        assert finished(operator, edition, server.record) == {DeliveryState.ACCEPTED: AUDIENCE}
