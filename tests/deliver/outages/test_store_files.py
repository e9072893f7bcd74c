"""A store's file that is full, gone or replaced while mail is sent, also from the command line."""

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.deliver.loop.ledger import Ledger
from syndicate.errors import StoreUnreachable
from syndicate.model.deliveries import DeliveryState
from syndicate.model.editions import Edition
from syndicate.store import Store
from tests import ROOT
from tests.cli.fork_server import command_server
from tests.deliver.editions import NOON, draft, freeze, readers, subscribe
from tests.deliver.faulty_server import FaultyServer, Record
from tests.deliver.outages.store_failures import (
    HELD_TO_MODES,
    ON_A_SMALL_DISK,
    fill_up,
    small_disks,
)
from tests.deliver.outages.store_passes import (
    AT,
    AUDIENCE,
    CONNECTIONS,
    Publication,
    accepted_of,
    all_is_settled,
    at_body,
    bring_out,
    every_body_is_recorded,
    lamented,
    one_relay,
    passed,
    patient,
)
from tests.until import until

pytestmark = pytest.mark.neighbours


@pytest.fixture
def config(publication: Publication) -> Publication:
    return one_relay(publication)


@pytest.fixture
def ledger(far_store: Store) -> Ledger:
    return Ledger(far_store, name="here:1:1:x", at=NOON, sending_lease=timedelta(minutes=5))


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


TICK = "tests.deliver.outages.tick_process"


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
        """Return its exit code and what it said to its operator.

        It is a fork, unless a command comes before it.
        """
        if not before:
            tick = command_server().popen(self.folder, "tick", module=TICK)
            self.pid = tick.pid
            said = tick.communicate(timeout=120)[1]
            assert "Traceback" not in said, said
            return tick.wait(), said
        with subprocess.Popen(
            [*before, sys.executable, "-m", TICK, "tick"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
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
        until(lambda: operator.pid)
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
        until(lambda: operator.pid)
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
