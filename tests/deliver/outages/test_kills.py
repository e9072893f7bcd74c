"""Processes that are killed while they deliver, and two that deliver at once.

The short form of `make bench-kill`: 8 runs, 400 messages.
"""

from contextlib import suppress
from socket import create_connection

import pytest

from bench import kill
from bench.fork_server import ForkServer
from bench.kill import CUTTING, PATIENT, POSTGRESQL, SQLITE, STEPS, Case, empty_database
from bench.kill_runs import PER_RUN, kill_repeatedly
from bench.plain import AFTER, AT_FETCH
from bench.sender import CONNECTIONS, RESEND, SKIP, Sender
from bench.sink import MESSAGE, OPENING, Manner, running
from syndicate.config import Config
from syndicate.deliver.outbox import Outbox
from syndicate.model.deliveries import DeliveryState

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("forks_for_pythons")]
RUNS = 8
READERS = RUNS * PER_RUN
SEEDS = range(RUNS, RUNS + 20)
"""One will do, as a rule: a killer may have to wait for the processor."""
SHORTLY = (5, 60)
"""Milliseconds that the server waits: a third of what it does in the long form."""


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def killed(request):
    """Kills a sender in the middle of its work, again and again; returns the report."""
    address = None if request.param == SQLITE else request.getfixturevalue("postgresql")

    def kill_it(way="ours", server=PATIENT, policy=SKIP, runs=RUNS, seed=RUNS, **case):
        report = kill.measured(
            Case(way, server, request.param, policy, **case),
            address,
            runs=runs,
            seed=seed,
            wait=SHORTLY,
        )
        assert report.audience == runs * PER_RUN
        return report

    return kill_it


def first(reports, suffices):
    """Return the first report that suffices, or None."""
    return next(filter(suffices, reports), None)


on_sqlite = pytest.mark.parametrize("killed", [SQLITE], indirect=True)


# each policy with each database, once with a patient server and once with one that cuts
@pytest.mark.parametrize(
    ("killed", "policy"), [(SQLITE, SKIP), (POSTGRESQL, RESEND)], indirect=["killed"]
)
def test_nobody_is_mailed_twice_and_nobody_lost_in_silence(killed, policy):
    def suffices(report):
        assert report.broken(policy) == []
        in_flight = report.unknown if policy == SKIP else report.repeated
        return report.kills >= RUNS / 4 and in_flight

    assert first((killed(policy=policy, seed=seed) for seed in SEEDS), suffices)


@pytest.mark.parametrize(
    ("killed", "policy"), [(SQLITE, RESEND), (POSTGRESQL, SKIP)], indirect=["killed"]
)
def test_it_holds_with_a_server_that_breaks_off_at_any_step(killed, policy):
    def suffices(report):
        assert report.broken(policy) == []
        in_flight = report.unknown if policy == SKIP else report.repeated
        return set(MESSAGE) <= set(report.cuts) and in_flight

    reports = (killed(server=CUTTING, policy=policy, seed=seed) for seed in SEEDS)
    assert first(reports, suffices)


def test_such_a_server_breaks_off_as_it_is_connected_to_as_well(tmp_path):
    with running(tmp_path / "sink.log", Manner(cuts=True)) as sink:
        for _ in range(2000):  # about thirty will do
            if set(OPENING) & set(sink.cuts()):
                break
            with suppress(OSError), create_connection(("127.0.0.1", sink.port)) as client:
                client.sendall(b"EHLO x\r\nQUIT\r\n")
                while client.recv(4096):
                    pass

    assert set(OPENING) & set(sink.cuts())


@on_sqlite
def test_it_holds_with_a_server_that_takes_one_command_at_a_time(killed):
    def suffices(report):
        assert report.broken(SKIP) == []
        return set(MESSAGE) <= set(report.cuts)

    assert first((killed(server=STEPS, seed=seed) for seed in SEEDS), suffices)


@on_sqlite
def test_a_body_that_leaves_before_its_intent_is_recorded_is_found_out(killed):
    """The control: were it so with us, the tests above would tell."""
    runs = (killed("control", control=True, runs=12, seed=seed) for seed in SEEDS)
    report = first(runs, lambda report: report.repeated)  # by chance one may miss it

    assert report is not None
    assert "nothing is repeated" in report.broken(SKIP)


@on_sqlite
def test_the_plain_ways_are_seen_to_lose_and_to_repeat(killed):
    def reports(way):
        return (killed(way, policy="", runs=6, seed=seed) for seed in SEEDS)

    at_fetch = first(reports(AT_FETCH), lambda report: report.lost)
    after = first(reports(AFTER), lambda report: report.repeated)

    assert at_fetch is not None
    assert after is not None
    assert (at_fetch.repeated, after.lost) == (0, 0)
    assert kill.row(Case(AFTER, PATIENT, SQLITE), after).startswith("| marked when taken | patient")


@pytest.mark.parametrize("database", [SQLITE, POSTGRESQL])
def test_the_outbox_loses_and_repeats_nothing(database, request, tmp_path):
    def kill_one(seed):
        folder = tmp_path / str(seed)
        folder.mkdir()
        url = f"sqlite:///{folder}/syndicate.db"
        if database == POSTGRESQL:
            url = empty_database(request.getfixturevalue("postgresql"))
        sender = Sender.make(url, folder, None, readers=READERS)
        outbox = Outbox.of(Config.model_validate(sender.tables))
        kills = kill_repeatedly(
            sender, lambda: len(outbox.messages()), runs=RUNS, seed=seed, pause=0.005
        )
        outcomes = sender.outcomes()
        assert outcomes == dict.fromkeys(range(1, READERS + 1), DeliveryState.ACCEPTED)
        assert sorted(int(kept.name[7:13]) for kept in outbox.messages()) == sorted(outcomes)
        return kills

    assert first(map(kill_one, SEEDS), lambda kills: kills >= RUNS / 4)


@pytest.mark.sql
def test_two_processes_at_once_serve_each_reader_once(store_url, tmp_path):
    with (
        running(tmp_path / "sink.log", Manner(wait=SHORTLY)) as sink,
        ForkServer("bench.sender") as one,
        ForkServer("bench.sender") as other,
    ):
        sender = Sender.make(store_url, tmp_path, sink.port, readers=READERS)
        for fork_server in (one, other):  # a call of nothing: by then it has read everything
            fork_server.start("Path", ".")
            fork_server.wait()
        for fork_server in (one, other):
            fork_server.start(*sender.call(0))
        for fork_server in (one, other):
            fork_server.wait()

    assert sorted(each.number for each in sink.arrivals()) == list(range(1, READERS + 1))
    assert set(sender.outcomes().values()) == {DeliveryState.ACCEPTED}
    assert sink.connections() > CONNECTIONS
