"""The store: the one door to SQL. Rows become frozen values here, and nothing else leaves.

store = Store.open("sqlite:///syndicate.db")
with store.read() as tx:
    tx.articles.by_slug("harbour-tram")
with store.write() as tx:
    tx.subscribers.leave(7, "breaking", at=now, cause=cause)
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Generic, Self, TypeVar

from sqlalchemy import Connection, Engine

from syndicate.config import Config
from syndicate.errors import StoreUnreachable
from syndicate.store.articles.lookup import ArticleLookup
from syndicate.store.articles.media import MediaCatalogue
from syndicate.store.articles.published import PublishedArticles
from syndicate.store.articles.writes import ArticleWriter, NewArticle
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.bulk_import import BulkImport
from syndicate.store.audience.confirmations import (
    ConfirmationKind,
    Confirmations,
    PendingConfirmation,
)
from syndicate.store.audience.data_export import DataExport, MailedItem, PersonalRecord
from syndicate.store.audience.import_staging import StagedReader
from syndicate.store.audience.merges import Merges
from syndicate.store.audience.newsletters import NewsletterRename, Newsletters
from syndicate.store.audience.private_feeds import PrivateFeedGrant, PrivateFeedTokens
from syndicate.store.audience.retention import RetentionStore
from syndicate.store.audience.search import (
    Growth,
    NewsletterCounts,
    SearchCriteria,
    SubscriberSearch,
)
from syndicate.store.audience.segments import Segments
from syndicate.store.audience.subscribers import Subscribers
from syndicate.store.database.attempt_limits import AttemptLimits
from syndicate.store.database.keys import Keys, fresh_secret
from syndicate.store.database.migrate import migrate
from syndicate.store.database.sql_engine import (
    LOCK_NUMBERS,
    lock,
    mapped_errors,
    open_engine,
    sqlite_file,
    sqlite_url,
)
from syndicate.store.editions.archive import ArchivedEdition, EditionArchive
from syndicate.store.editions.clicks import Clicks, LinkClick, LinkClicks
from syndicate.store.editions.control import EditionControl
from syndicate.store.editions.editions import Editions
from syndicate.store.editions.fires import Fires, Schedules
from syndicate.store.editions.metrics_snapshot import MetricsFigures, MetricsSnapshot
from syndicate.store.editions.successors import Successors
from syndicate.store.ledger.claims import Claims
from syndicate.store.ledger.deliveries import Deliveries, RecoveredClaims
from syndicate.store.ledger.heartbeats import Heartbeat, Heartbeats
from syndicate.store.ledger.holds import Holds
from syndicate.store.ledger.progress import SenderProgress
from syndicate.store.ledger.quotas import SendQuotas
from syndicate.store.push.endpoint_backoff import EndpointBackoff
from syndicate.store.push.hub import HubCounts, HubRequest, HubSubscription, HubSubscriptions
from syndicate.store.push.pings import Ping, Pings
from syndicate.store.push.submissions import Submission, Submissions, WaitingPages

__all__ = [
    "ArchivedEdition",
    "ArticleLookup",
    "ArticleWriter",
    "ConfirmationKind",
    "Growth",
    "Heartbeat",
    "HubCounts",
    "HubRequest",
    "HubSubscription",
    "LinkClick",
    "LinkClicks",
    "MailedItem",
    "MetricsFigures",
    "NewArticle",
    "NewsletterCounts",
    "NewsletterRename",
    "PendingConfirmation",
    "PersonalRecord",
    "Ping",
    "PrivateFeedGrant",
    "RecoveredClaims",
    "SearchCriteria",
    "StagedReader",
    "Store",
    "Submission",
    "Transaction",
    "WaitingPages",
]


_Kind = TypeVar("_Kind")


class _Door(Generic[_Kind]):
    """The way to the rows of one noun; made when a transaction first goes through it."""

    def __init__(self, kind: Callable[[Connection], _Kind]) -> None:
        self._kind = kind
        self._name = ""

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, transaction: "Transaction", _: type) -> _Kind:
        # stands before this descriptor from now on
        made = self._kind(transaction._connection)  # noqa: SLF001 - a part of it
        transaction.__dict__[self._name] = made
        return made


class Transaction:
    """One transaction, with a door per noun. Only valid inside its `with`."""

    articles = _Door(ArticleWriter)
    published = _Door(PublishedArticles)
    media = _Door(MediaCatalogue)
    subscribers = _Door(Subscribers)
    newsletters = _Door(Newsletters)
    bulk_import = _Door(BulkImport)
    schedules = _Door(Schedules)
    fires = _Door(Fires)
    editions = _Door(Editions)
    archive = _Door(EditionArchive)
    clicks = _Door(Clicks)
    deliveries = _Door(Deliveries)
    claims = _Door(Claims)
    holds = _Door(Holds)
    quotas = _Door(SendQuotas)
    sender_progress = _Door(SenderProgress)
    heartbeats = _Door(Heartbeats)
    control = _Door(EditionControl)
    successors = _Door(Successors)
    confirmations = _Door(Confirmations)
    audit_log = _Door(AuditLog)
    search = _Door(SubscriberSearch)
    segments = _Door(Segments)
    retention = _Door(RetentionStore)
    merges = _Door(Merges)
    data_export = _Door(DataExport)
    metrics_snapshot = _Door(MetricsSnapshot)
    private_feeds = _Door(PrivateFeedTokens)
    pings = _Door(Pings)
    submissions = _Door(Submissions)
    endpoint_backoff = _Door(EndpointBackoff)
    attempt_limits = _Door(AttemptLimits)
    hub = _Door(HubSubscriptions)
    keys = _Door(Keys)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.kept = True

    def lock_numbers(self) -> None:
        """Wait for, and keep out, whoever files articles, gives numbers or freezes editions."""
        lock(self._connection, LOCK_NUMBERS)

    def rollback(self) -> None:
        """Undo everything when the transaction ends."""
        self.kept = False


class Store:
    """A publication's database."""

    def __init__(self, engine: Engine, url: str) -> None:
        self._engine = engine
        self._writing = engine.execution_options(writes=True)
        self._url = url
        self.migrations: list[str] = []
        """The migrations that ran when it was opened."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Open a store and bring its schema up to date.

        Raise ConfigError for a URL that is none, StoreUnreachable, StoreLocked
        or StoreTooNew.
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
        file = sqlite_file(config.store.url)
        if file is None:
            return cls.open(config.store.url)
        path = config.path(file)
        if not path.parent.is_dir():
            raise StoreUnreachable(f"store.url: there is no folder {path.parent}; make it first")
        return cls.open(sqlite_url(path))

    @classmethod
    def exists(cls, config: Config) -> bool:
        """Whether opening the store would find one; a server's is taken to be there."""
        file = sqlite_file(config.store.url)
        return file is None or config.path(file).is_file()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Read from one snapshot."""
        with (
            mapped_errors(self._engine, self._url),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            yield Transaction(connection)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Write in one transaction; it is undone when an exception leaves the block."""
        with (
            mapped_errors(self._engine, self._url),
            self._writing.connect() as connection,
            connection.begin() as begun,
        ):
            transaction = Transaction(connection)
            yield transaction
            if not transaction.kept:
                begun.rollback()

    def require_writable(self, at: datetime) -> None:
        """Raise StoreUnreachable where nothing can be written, as on a read-only disk."""
        with self.write() as tx:
            tx.heartbeats.beat(Heartbeat.PROBE, at)
            tx.rollback()

    def secret(self, name: str) -> bytes:
        """Return a secret of the publication, made at first use.

        Where none can be kept, as on a read-only disk, it is good for this process alone:
        nothing that it signs can be stored either.
        """
        with self.read() as tx:
            found = tx.keys.find(name)
        if found is not None:
            return found
        try:
            with self.write() as tx:
                return tx.keys.secret(name)
        except StoreUnreachable:
            return fresh_secret()

    def sweep(self, at: datetime) -> None:
        """Let deliveries follow what was decided about their editions.

        In steps: whoever sends gets in between.
        """
        swept = 1
        while swept:
            with self.write() as tx:
                swept = tx.control.sweep(at)

    def close(self) -> None:
        """Give up every connection."""
        self._engine.dispose()
