"""Killed again and again: who is mailed twice, who is lost, and of whom nobody can know.

python -m bench.kill [--runs N] [--sqlite-only] [--only WAY] [--seed N]

A sender with ten connections is killed with SIGKILL in the middle of its work, N times, once
in about 50 messages, and then let finish; the server's log says what truly arrived. Servers:
one that answers 20 to 200 ms after it wrote a message down; one that breaks connections off
as well, at any step; one of these without pipelining. Beside us the two plain rules, and the
control: bodies leave before their intent is recorded, on a disk that takes 4 ms longer. That
has to be found, or the measurement is blind. It ends with 1 where a promise was broken.
"""

import argparse
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from bench.audience import postgresql
from bench.kill_runs import PER_RUN, KillableSender, KillReport, run_and_kill
from bench.plain import AFTER, AT_FETCH, PlainSender
from bench.sender import POLICIES, SKIP, Sender
from bench.sink import Manner, Sink, running

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
PATIENT, CUTTING, STEPS = "patient", "cutting", "cutting, step by step"
QUICK = (5, 20)
"""Milliseconds that the control's server waits: the less, the more it sees of what is wrong."""
_PLAIN = {AT_FETCH: "marked when fetched", AFTER: "marked when taken"}


@dataclass(frozen=True, slots=True)
class Case:
    """One way of sending, to one kind of server, with one database."""

    way: str
    server: str
    database: str
    policy: str = ""
    """Of ours; the plain ways have none."""
    control: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--sqlite-only", action="store_true", help="Without PostgreSQL.")
    parser.add_argument("--only", default="", help='Such as "ours", "control" or "after".')
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    broken = []
    with ExitStack() as stack:
        address = None if asked.sqlite_only else stack.enter_context(postgresql())
        print(HEADINGS, flush=True)
        for case in cases(with_postgresql=address is not None):
            if asked.only not in case.way:
                continue
            runs = max(12, asked.runs // 10) if case.control else asked.runs
            report = measured(case, address, runs=runs, seed=asked.seed)
            print(row(case, report), flush=True)
            broken += [f"{case}: not so that {promise}" for promise in judged(case, report)]
    if broken:
        sys.exit("\n".join(broken))


def cases(*, with_postgresql: bool) -> Iterator[Case]:
    databases = (SQLITE, POSTGRESQL) if with_postgresql else (SQLITE,)
    for rule in _PLAIN:
        for server in (PATIENT, CUTTING):
            yield Case(rule, server, SQLITE)
    for database in databases:
        yield Case("control", PATIENT, database, SKIP, control=True)
    for policy in POLICIES:
        for database in databases:
            for server in (PATIENT, CUTTING):
                yield Case("ours", server, database, policy)
        yield Case("ours", STEPS, SQLITE, policy)


def measured(
    case: Case, address: str | None, *, runs: int, seed: int, wait: tuple[int, int] = (20, 200)
) -> KillReport:
    """Kill a case's sender so many times.

    `address` is that of a PostgreSQL, for a case with one. The server waits so many
    milliseconds, from and to, between a message's line in its log and the answer.
    """
    manner = Manner(
        cuts=case.server != PATIENT,
        pipelining=case.server != STEPS,
        wait=QUICK if case.control else wait,
        seed=seed,
    )
    with (
        tempfile.TemporaryDirectory(prefix="bench-kill-") as name,
        running(Path(name, "sink.log"), manner) as sink,
    ):
        sender = made(case, Path(name), address, sink, runs * PER_RUN)
        return run_and_kill(sender, sink, runs=runs, seed=seed)


def made(case: Case, folder: Path, address: str | None, sink: Sink, readers: int) -> KillableSender:
    if not case.policy:
        return PlainSender.make(folder / "plain.db", sink.port, readers=readers, rule=case.way)
    url = f"sqlite:///{folder}/syndicate.db"
    if case.database == POSTGRESQL:
        assert address
        url = empty_database(address)
    return Sender.make(
        url, folder, sink.port, readers=readers, policy=case.policy, control=case.control
    )


def judged(case: Case, report: KillReport) -> list[str]:
    """Return which promises a case did not keep; the plain ways make none."""
    if case.control:
        return [] if report.repeated else ["the control is found out"]
    return report.broken(case.policy) if case.policy else []


HEADINGS = """\
| rule | server | database | kills | cuts | readers | repeated | lost | unknown | of these arrived |
|---|---|---|---|---|---|---|---|---|---|"""


def row(case: Case, report: KillReport) -> str:
    """Return a case's line of the table in docs/reliability.md."""
    blind = not case.policy
    cells = (
        _PLAIN[case.way] if blind else f"{case.way}, {case.policy}",
        case.server,
        case.database,
        report.kills,
        report.cuts.total(),
        report.audience,
        report.repeated,
        report.lost,
        "blind" if blind else len(report.unknown),
        "" if blind else report.arrived_among_unknown,
    )
    words = (f"{cell:,}" if isinstance(cell, int) else cell for cell in cells)
    return f"| {' | '.join(words)} |"


def empty_database(address: str) -> str:
    """Make a database of its own at a server; return its URL."""
    name = f"bench_{uuid.uuid4().hex}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.replace("/postgres?", f"/{name}?")


if __name__ == "__main__":
    main()
