"""The plain ways of sending to a list, for comparison: two rules about when a reader is done.

`at fetch` is listmonk's: a batch is fetched and the list's checkpoint moves behind it; then
its messages are sent. `after` is Keila's and Discourse's: each reader is marked when their
message was taken. Each is reduced to its core: smtplib in threads, a table in SQLite, three
attempts at each message. listmonk's batch is 1,000 by default; a smaller one, as here, flatters it.
"""

import queue
import smtplib
import sqlite3
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import ClassVar, Self

from bench.sender import CONNECTIONS
from syndicate.model.deliveries import DeliveryState

AT_FETCH, AFTER = RULES = ("at fetch", "after")
_BATCH = 100
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class PlainSender:
    """A mailing to a list, sent in as many runs as it takes."""

    file: Path
    port: int
    rule: str
    audience: int

    module: ClassVar[str] = "bench.plain"
    edition: ClassVar[int] = 1

    @classmethod
    def make(cls, file: Path, port: int, *, readers: int, rule: str) -> Self:
        """Write down so many readers."""
        with closing(_opened(file)) as table:
            table.execute("CREATE TABLE readers (number INTEGER PRIMARY KEY, done INTEGER)")
            numbers = ((number,) for number in range(1, readers + 1))
            table.executemany("INSERT INTO readers VALUES (?, 0)", numbers)
            table.commit()
        return cls(file, port, rule, readers)

    def call(self, number: int) -> tuple[str, *tuple[object, ...]]:  # noqa: ARG002 - all are alike
        """Return the function that a run calls, and its arguments."""
        return ("run", str(self.file), self.port, self.rule)

    def waiting(self) -> int:
        """Return how many readers are not marked."""
        return self.audience - len(self.outcomes())

    def outcomes(self) -> dict[int, DeliveryState]:
        """Return who is marked: all that there is to know."""
        with closing(_opened(self.file)) as table:
            marked = table.execute("SELECT number FROM readers WHERE done").fetchall()
        return {number: DeliveryState.ACCEPTED for (number,) in marked}


def run(file: str, port: int, rule: str) -> None:
    """Send to the readers that aren't marked."""
    todo: queue.Queue[int | None] = queue.Queue(maxsize=_BATCH)
    threads = [
        threading.Thread(target=_work, args=(Path(file), port, rule, todo))
        for _ in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    last = 0
    while batch := _fetch(Path(file), rule, last):
        for number in batch:
            todo.put(number)
        last = batch[-1]
    for _ in threads:
        todo.put(None)
    for thread in threads:
        thread.join()


def _fetch(file: Path, rule: str, last: int) -> list[int]:
    """Return the next readers; at fetch they are done with this."""
    with closing(_opened(file)) as table:
        query = "SELECT number FROM readers WHERE NOT done AND number > ? ORDER BY number LIMIT ?"
        batch = [number for (number,) in table.execute(query, (last, _BATCH))]
        if rule == AT_FETCH:
            _mark(table, batch)
        return batch


def _work(file: Path, port: int, rule: str, todo: "queue.Queue[int | None]") -> None:
    server: smtplib.SMTP | None = None
    with closing(_opened(file)) as table:
        while (number := todo.get()) is not None:
            for _ in range(_ATTEMPTS):
                try:
                    server = server or smtplib.SMTP("127.0.0.1", port, "bench.example")
                    server.send_message(_message(number))
                except (OSError, smtplib.SMTPException):
                    server = None
                else:
                    if rule == AFTER:
                        _mark(table, [number])
                    break
    if server is not None:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()


def _mark(table: sqlite3.Connection, numbers: list[int]) -> None:
    marks = ((number,) for number in numbers)
    table.executemany("UPDATE readers SET done = 1 WHERE number = ?", marks)
    table.commit()


def _message(number: int) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{PlainSender.edition}.{number}.plain@example.org>"
    message["From"] = "news@example.org"
    message["To"] = f"reader{number}@example.org"
    message["Subject"] = "Trams return to the harbour"
    message.set_content("Trams return.\n" * 50)
    return message


def _opened(file: Path) -> sqlite3.Connection:
    table = sqlite3.connect(file, timeout=60)
    table.execute("PRAGMA journal_mode = WAL")
    table.execute("PRAGMA synchronous = FULL")
    return table
