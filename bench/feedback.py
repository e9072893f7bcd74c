"""How many reports of bounces a minute can be recorded, on SQLite and on PostgreSQL.

python -m bench.feedback [REPORTS] [--readers READERS] [--sqlite-only]

An edition was accepted for all readers. Each report is taken in a transaction of its own, as a
door does; events of a provider are recorded a hundred in a transaction, as a webhook does. Each
is about another reader, and changes what it has to. Reading the report is measured alone, too.
"""

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from bench.ledgers import database, servers
from syndicate.config import Config, load
from syndicate.deliver.message.links import SignedLinks
from syndicate.feedback.recorder import FeedbackRecorder
from syndicate.feedback.reports.parse import parse_report
from syndicate.model.deliveries import ClaimRequest, DeliveryOutcome, DeliveryState, Lease
from syndicate.model.editions import Content, Draft, EditionKind, Item
from syndicate.model.feedback import DeliveryReference, Feedback, FeedbackKind
from syndicate.store import StagedReader, Store
from syndicate.store.audience.bulk_import import IMPORTED
from tests.causes import by_test

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESS = "bounce@news.example.org"
_EDITIONS = 4
_CHUNK = 1000
_BATCH = 100
"""Events in a transaction of a webhook."""
_CONFIG = """\
[publication]
id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
title = "Morning Post"
postal_address = "1 Harbour Street, Exampleton"

[store]
url = "{url}"

[[newsletters]]
name = "news"

[bounces]
address = "{address}"
"""
_CONTENT = Content(subject="News", preheader="", html="<p>News</p>", text="News", nonce="n")
_HEADER = "".join(f"X-Header-{n}: {'x' * 70}\n" for n in range(30))
"""As long as headers of mail are that went through several servers."""


def main() -> None:
    """Measure, and print a table for each database."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reports", type=int, nargs="?", default=3000)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--sqlite-only", action="store_true")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with servers(sqlite_only=wanted.sqlite_only) as found:
        for name, server in found.items():
            with database(server) as url, tempfile.TemporaryDirectory() as folder:
                measure(name, url, Path(folder), wanted.reports, wanted.readers)


def measure(name: str, url: str, folder: Path, reports: int, readers: int) -> None:
    """Fill a store, have everything come back in turn, and print how long that took."""
    file = folder / "config.toml"
    file.write_text(_CONFIG.format(url=url, address=ADDRESS))
    config = load(file)
    with closing(Store.of(config)) as store:
        newsroom = Newsroom(store, config, readers)
        print(f"{name}, {readers:,} readers", flush=True)
        print(f"{'':46}{'a minute':>10}{'ms':>8}{'CPU ms':>8}{'median':>8}{'p99':>8}")
        for what, act, each in newsroom.cases(reports):
            report(what, act, each)


def report(what: str, act: Iterator[Callable[[], object]], each: int) -> None:
    """Run what there is to do, and print how long one report or event took."""
    steps, times = list(act), list[float]()
    began, cpu = time.perf_counter(), time.process_time()
    for step in steps:
        before = time.perf_counter()
        step()
        times.append((time.perf_counter() - before) / each)
    count = len(steps) * each
    wall, cpu = (time.perf_counter() - began) / count, (time.process_time() - cpu) / count
    ordered = sorted(times)
    last = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    figures = (wall, cpu, statistics.median(times), last)
    cells = "".join(f"{1000 * figure:8.2f}" for figure in figures)
    print(f"{what:46}{60 / wall:10,.0f}{cells}", flush=True)


class Newsroom:
    """A publication with editions that were accepted for all readers."""

    def __init__(self, store: Store, config: Config, readers: int) -> None:
        self.store, self.config = store, config
        self.links = SignedLinks(config, b"secret")
        self.recorder = FeedbackRecorder(config, self.links)
        self.readers = readers
        self._next = 0
        for start in range(0, readers, 10 * _CHUNK):
            batch = [
                StagedReader(address(n), address(n), "news", NOW - timedelta(days=99), IMPORTED)
                for n in range(start + 1, min(start + 10 * _CHUNK, readers) + 1)
            ]
            with store.write() as tx:
                tx.bulk_import.add(batch, cause=by_test(NOW))
        self.editions = [self._send(NOW - timedelta(days=_EDITIONS - n)) for n in range(_EDITIONS)]

    def _send(self, at: datetime) -> int:
        draft = Draft(
            newsletter="news",
            schedule="news",
            kind=EditionKind.DIGEST,
            content=_CONTENT,
            items=(Item(article=1, revision=1),),
            upto=1,
            newest=1,
            created_at=at,
            expires_at=at + timedelta(days=1),
        )
        with self.store.write() as tx:
            edition = tx.editions.add(draft).key
        lease, after = Lease("bench", at, at + timedelta(hours=1)), 0
        while True:
            request = ClaimRequest(edition=edition, limit=_CHUNK, after=after)
            with self.store.write() as tx:
                claims = tx.claims.claim(request, lease)
                if not claims:
                    return edition
                tx.claims.settle_and_intend((), claims, lease)
                accepted = [
                    DeliveryOutcome(
                        claim=claim,
                        state=DeliveryState.ACCEPTED,
                        code=250,
                        reply=f"2.0.0 Ok: queued as {queue_id(edition, claim.subscriber)}",
                    )
                    for claim in claims
                ]
                tx.claims.settle(accepted, at=at)
            after = claims[-1].subscriber

    def cases(self, count: int) -> Iterator[tuple[str, Iterator[Callable[[], object]], int]]:
        """Yield what is measured: its name, its steps, and how many reports are in one."""
        yield "reading a report alone", self._parse(count), 1
        yield "hard bounce, by return path", self._take(count, self.dsn), 1
        yield "hard bounce, by Message-ID", self._take(count, self.by_message_id), 1
        yield "hard bounce once more, by another door", self._take_again(count), 1
        readers = self._readers(count)
        for number, edition in enumerate(self.editions[:3], 1):
            of_edition = (self.soft_bounce(reader, edition) for reader in readers)
            yield f"soft bounce, the reader's {number}.", self._take_each(of_edition), 1
        yield "complaint (ARF)", self._take(count, self.complaint), 1
        yield "nothing that anybody understands", self._take(count, self.spam), 1
        events = count // _BATCH * _BATCH or _BATCH
        yield (
            "events: delivered, by Message-ID",
            self._record(events, FeedbackKind.DELIVERED),
            _BATCH,
        )
        yield (
            "events: bounces, by Message-ID",
            self._record(events, FeedbackKind.HARD_BOUNCE),
            _BATCH,
        )
        by_id = self._record(events, FeedbackKind.HARD_BOUNCE, by_id=True)
        yield "events: bounces, by the provider's id", by_id, _BATCH

    def _readers(self, count: int) -> list[int]:
        """Return the numbers of readers about whom nothing was reported."""
        first, self._next = self._next, self._next + count
        assert self._next <= self.readers, "more --readers are needed for so many reports"
        return list(range(first + 1, first + count + 1))

    def _parse(self, count: int) -> Iterator[Callable[[], object]]:
        raw = self.dsn(1)
        return (lambda: parse_report(raw, address=ADDRESS) for _ in range(count))

    def _take(self, count: int, make: Callable[[int], bytes]) -> Iterator[Callable[[], object]]:
        return self._take_each(make(reader) for reader in self._readers(count))

    def _take_again(self, count: int) -> Iterator[Callable[[], object]]:
        first = self._next - 2 * count
        return self._take_each(self.dsn(first + n) + b"\n" for n in range(1, count + 1))

    def _take_each(self, reports: Iterator[bytes]) -> Iterator[Callable[[], object]]:
        take, store = self.recorder.take_report, self.store
        return (partial(take, store, raw, source="maildir", at=NOW) for raw in reports)

    def _record(
        self, count: int, kind: FeedbackKind, *, by_id: bool = False
    ) -> Iterator[Callable[[], object]]:
        readers = self._readers(count)
        for start in range(0, count, _BATCH):
            events = [self.event(reader, kind, by_id=by_id) for reader in readers[start:][:_BATCH]]
            yield partial(self._record_all, events)

    def _record_all(self, events: Sequence[Feedback]) -> None:
        with self.store.write() as tx:
            for event in events:
                self.recorder.record(tx, event, source="hook ses", at=NOW)

    def event(self, reader: int, kind: FeedbackKind, *, by_id: bool) -> Feedback:
        """Make a provider's event."""
        edition = self.editions[-1]
        named = {"provider_ids": (queue_id(edition, reader),)}
        if not by_id:
            named = {"message_ids": (self.links.message_id(edition, reader, "news.example.org"),)}
        return Feedback(
            kind=kind,
            reference=DeliveryReference(recipient=address(reader), **named),
            at=NOW,
            code=550,
            status="5.1.1",
            text="5.1.1 no such user",
            event_id=f"event-{kind}-{reader}",
        )

    def dsn(
        self,
        reader: int,
        *,
        edition: int | None = None,
        by_id: bool = False,
        status: str = "5.1.1",
        answer: str = "550 5.1.1 no such user",
    ) -> bytes:
        """Make a report as Postfix does, with the header of the message."""
        edition = edition or self.editions[-1]
        token = "" if by_id else f"+{self.links.bounce_token(edition, reader)}"
        id_ = self.links.message_id(edition, reader, "news.example.org")
        local, _, domain = ADDRESS.partition("@")
        return (
            f"Return-Path: <>\n{_HEADER}From: MAILER-DAEMON@mx.example.org\n"
            f"To: {local}{token}@{domain}\nSubject: Undelivered Mail Returned to Sender\n"
            "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
            "--b\nContent-Type: text/plain\n\nI'm sorry to have to inform you.\n\n"
            "--b\nContent-Type: message/delivery-status\n\n"
            "Reporting-MTA: dns; mx.example.org\nX-Postfix-Queue-ID: 4XyZ\n\n"
            f"Final-Recipient: rfc822; {address(reader)}\nAction: failed\nStatus: {status}\n"
            f"Remote-MTA: dns; mx.example.org\nDiagnostic-Code: smtp; {answer}\n\n"
            f"--b\nContent-Type: text/rfc822-headers\n\n{_HEADER}Message-ID: {id_}\n"
            f"Subject: News\nTo: {address(reader)}\n\n--b--\n"
        ).encode()

    def soft_bounce(self, reader: int, edition: int) -> bytes:
        """Make one that says that the mailbox is full."""
        return self.dsn(reader, edition=edition, status="4.2.2", answer="452 4.2.2 mailbox full")

    def by_message_id(self, reader: int) -> bytes:
        """Make one that was sent to the address without a token."""
        return self.dsn(reader, by_id=True)

    def complaint(self, reader: int) -> bytes:
        """Make a complaint in the Abuse Reporting Format (RFC 5965)."""
        id_ = self.links.message_id(self.editions[-1], reader, "news.example.org")
        return (
            f"{_HEADER}From: staff@mail.example\nTo: {ADDRESS}\nSubject: complaint\n"
            "MIME-Version: 1.0\n"
            'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
            "--b\nContent-Type: text/plain\n\nThis is spam.\n\n"
            "--b\nContent-Type: message/feedback-report\n\n"
            "Feedback-Type: abuse\nUser-Agent: Yahoo/1\nVersion: 1\n\n"
            f"--b\nContent-Type: message/rfc822\n\n{_HEADER}Message-ID: {id_}\nSubject: News\n\n"
            f"{'The harbour gets its tram lines back. ' * 500}\n--b--\n"
        ).encode()

    def spam(self, reader: int) -> bytes:
        """Make mail that reports nothing."""
        return f"{_HEADER}Subject: Offer {reader}\n\n{'Buy now! ' * 500}\n".encode()


def address(number: int) -> str:
    """Return the address of a reader."""
    return f"reader{number}@example{number % 997}.org"


def queue_id(edition: int, reader: int) -> str:
    """Return the id that the provider gave a message."""
    return f"{edition:04d}x{reader:08d}"


if __name__ == "__main__":
    main()
