"""A publication's database: opened, migrated, read and written in transactions."""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cached_property
from typing import Self

from sqlalchemy import Connection, Engine

from syndicate.config import Config
from syndicate.errors import StoreUnreachable
from syndicate.store.articles.file_links import FileLinkTargets
from syndicate.store.articles.reading import MediaCatalogue, PublishedArticles
from syndicate.store.articles.refused_files import RefusedFiles
from syndicate.store.articles.section_numbers import SectionNumbers
from syndicate.store.articles.writes import ArticleWriter
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.bulk_import import BulkImport
from syndicate.store.audience.data_export import DataExport
from syndicate.store.audience.erasures import Erasures
from syndicate.store.audience.merges import Merges
from syndicate.store.audience.newsletters import Newsletters
from syndicate.store.audience.private_feeds import PrivateFeedTokens
from syndicate.store.audience.search import SubscriberSearch
from syndicate.store.audience.subscribers import Confirmations, Subscribers
from syndicate.store.database.attempt_limits import AttemptLimits
from syndicate.store.database.migrate import migrate
from syndicate.store.database.repository import LOCK_AUDIENCE, LOCK_NUMBERS, Repository, lock
from syndicate.store.database.schema import keys
from syndicate.store.database.sql_engine import mapped_errors, open_engine, sqlite_path, sqlite_url
from syndicate.store.editions.archive import EditionArchive
from syndicate.store.editions.clicks import Clicks
from syndicate.store.editions.control import EditionControl
from syndicate.store.editions.corrections import EditionCorrections
from syndicate.store.editions.edition_files import EditionFiles
from syndicate.store.editions.editions import Editions
from syndicate.store.editions.fires import Fires, Schedules
from syndicate.store.editions.mail_pause import MailPause
from syndicate.store.editions.metrics_snapshot import MetricsSnapshot
from syndicate.store.editions.review_codes import ReviewCodes
from syndicate.store.editions.successors import Successors
from syndicate.store.editions.waiting import WaitingEditions
from syndicate.store.ledger.bounces import Bounces
from syndicate.store.ledger.claims import Claims
from syndicate.store.ledger.deliveries import Deliveries
from syndicate.store.ledger.door_states import DoorStates
from syndicate.store.ledger.feedback import FeedbackLog, HeldReports
from syndicate.store.ledger.feedback_figures import FeedbackFigures
from syndicate.store.ledger.mail_flow import Heartbeat, Heartbeats, Holds, SendQuotas
from syndicate.store.ledger.sender_reputation import SenderReputation
from syndicate.store.push.alarms import Alarms, RelayCertificates
from syndicate.store.push.call_queue import CallQueue
from syndicate.store.push.engine_positions import EnginePositions
from syndicate.store.push.hub import HubSubscriptions

_SECRET_BYTES = 32


class Keys(Repository):
    """The publication's secrets, by name: kept here, so that a restored store knows every link."""

    def find(self, name: str) -> bytes | None:
        """Return a secret; None before its first use."""
        return self._scalar(keys.c.secret, keys.c.name == name)

    def secret(self, name: str) -> bytes:
        """Return a secret; make it at its first use, which needs a write transaction."""
        secret = self.find(name)
        if secret is None:
            self._insert_new(keys, {"name": name, "secret": secrets.token_bytes(_SECRET_BYTES)})
            secret = self.find(name)
            assert secret is not None
        return secret


class Transaction:
    """One transaction; only valid inside its `with`. Attributes are created when first used."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rolled_back = False
        self._audience_locked = False

    articles = cached_property(lambda self: ArticleWriter(self._connection))
    published = cached_property(lambda self: PublishedArticles(self._connection))
    section_numbers = cached_property(lambda self: SectionNumbers(self._connection))
    file_links = cached_property(lambda self: FileLinkTargets(self._connection))
    refused_files = cached_property(lambda self: RefusedFiles(self._connection))
    media = cached_property(lambda self: MediaCatalogue(self._connection))
    subscribers = cached_property(lambda self: Subscribers(self._connection))
    newsletters = cached_property(lambda self: Newsletters(self._connection))
    bulk_import = cached_property(lambda self: BulkImport(self._connection))
    schedules = cached_property(lambda self: Schedules(self._connection))
    fires = cached_property(lambda self: Fires(self._connection))
    editions = cached_property(lambda self: Editions(self._connection))
    archive = cached_property(lambda self: EditionArchive(self._connection))
    clicks = cached_property(lambda self: Clicks(self._connection))
    deliveries = cached_property(lambda self: Deliveries(self._connection))
    claims = cached_property(lambda self: Claims(self._connection))
    holds = cached_property(lambda self: Holds(self._connection))
    quotas = cached_property(lambda self: SendQuotas(self._connection))
    feedback = cached_property(lambda self: FeedbackLog(self._connection))
    feedback_figures = cached_property(lambda self: FeedbackFigures(self._connection))
    reputation = cached_property(lambda self: SenderReputation(self._connection))
    bounces = cached_property(lambda self: Bounces(self._connection))
    held_reports = cached_property(lambda self: HeldReports(self._connection))
    doors = cached_property(lambda self: DoorStates(self._connection))
    heartbeats = cached_property(lambda self: Heartbeats(self._connection))
    control = cached_property(lambda self: EditionControl(self._connection))
    edition_files = cached_property(lambda self: EditionFiles(self._connection))
    waiting = cached_property(lambda self: WaitingEditions(self._connection))
    review_codes = cached_property(lambda self: ReviewCodes(self._connection))
    mail_pause = cached_property(lambda self: MailPause(self._connection))
    corrections = cached_property(lambda self: EditionCorrections(self._connection))
    successors = cached_property(lambda self: Successors(self._connection))
    confirmations = cached_property(lambda self: Confirmations(self._connection))
    audit_log = cached_property(lambda self: AuditLog(self._connection))
    search = cached_property(lambda self: SubscriberSearch(self._connection))
    merges = cached_property(lambda self: Merges(self._connection))
    erasures = cached_property(lambda self: Erasures(self._connection))
    data_export = cached_property(lambda self: DataExport(self._connection))
    metrics_snapshot = cached_property(lambda self: MetricsSnapshot(self._connection))
    private_feeds = cached_property(lambda self: PrivateFeedTokens(self._connection))
    calls = cached_property(lambda self: CallQueue(self._connection))
    engines = cached_property(lambda self: EnginePositions(self._connection))
    attempt_limits = cached_property(lambda self: AttemptLimits(self._connection))
    hub = cached_property(lambda self: HubSubscriptions(self._connection))
    alarms = cached_property(lambda self: Alarms(self._connection))
    certificates = cached_property(lambda self: RelayCertificates(self._connection))
    keys = cached_property(lambda self: Keys(self._connection))

    def lock_numbers(self) -> None:
        """Lock out other processes that store articles, assign numbers or freeze editions."""
        lock(self._connection, LOCK_NUMBERS)

    def lock_audience(self) -> None:
        """Lock out others who add, merge or erase readers, or record feedback."""
        if not self._audience_locked:
            lock(self._connection, LOCK_AUDIENCE)
            self._audience_locked = True

    def rollback(self) -> None:
        """Undo everything when the transaction ends."""
        self.rolled_back = True


class Store:
    """A publication's database."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writes=True)
        self._url = url
        self.migrations: list[str] = []
        """The migrations that ran when the store was opened."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a store and migrate its schema.

        Raise ConfigError for an invalid URL, StoreUnreachable, StoreLocked or StoreTooNew.
        """
        store = cls(open_engine(url), url)
        try:
            with mapped_errors(store._engine, url):
                store.migrations = migrate(store._engine)
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def of(cls, config: Config) -> Self:
        """Open the store of a publication; a SQLite file is relative to its config."""
        file = sqlite_path(config.store.url)
        if file is None:
            return cls.open(config.store.url)
        path = config.path(file)
        if not path.parent.is_dir():
            raise StoreUnreachable(f"store.url: there is no folder {path.parent}; create it first")
        return cls.open(sqlite_url(path))

    @classmethod
    def exists(cls, config: Config) -> bool:
        """Whether the store exists; a server's is assumed to."""
        file = sqlite_path(config.store.url)
        return file is None or config.path(file).is_file()

    def read(self) -> AbstractContextManager[Transaction]:
        """Read from one snapshot."""
        return self._begin(self._engine)

    def write(self) -> AbstractContextManager[Transaction]:
        """Write in one transaction; an exception that leaves the block undoes it."""
        return self._begin(self._writing)

    @contextmanager
    def _begin(self, engine: Engine) -> Iterator[Transaction]:
        with (
            mapped_errors(self._engine, self._url),
            engine.connect() as connection,
            connection.begin() as begun,
        ):
            transaction = Transaction(connection)
            yield transaction
            if transaction.rolled_back:
                begun.rollback()

    def require_writable(self, at: datetime) -> None:
        """Raise StoreUnreachable where the store can't be written, as on a read-only disk."""
        with self.write() as tx:
            tx.heartbeats.record(Heartbeat.PROBE, at)
            tx.rollback()

    def secret(self, name: str) -> bytes:
        """Return a secret of the publication, made at its first use.

        Where none can be stored, as on a read-only disk, it is valid in this process alone:
        nothing that it signs can be stored either.
        """
        with self.read() as tx:
            secret = tx.keys.find(name)
        if secret is not None:
            return secret
        try:
            with self.write() as tx:
                return tx.keys.secret(name)
        except StoreUnreachable:
            return secrets.token_bytes(_SECRET_BYTES)

    def sweep(self, at: datetime) -> None:
        """Update the deliveries of stopped editions, in batches, so that senders get their turn."""
        swept = 1
        while swept:
            with self.write() as tx:
                swept = tx.control.sweep(at)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
