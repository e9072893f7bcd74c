"""A transaction, with an attribute for each kind of data."""

from functools import cached_property

from sqlalchemy import Connection

from syndicate.store.articles.media import MediaCatalogue
from syndicate.store.articles.published import PublishedArticles
from syndicate.store.articles.writes import ArticleWriter
from syndicate.store.audience.audit_log import AuditLog
from syndicate.store.audience.bulk_import import BulkImport
from syndicate.store.audience.confirmations import Confirmations
from syndicate.store.audience.data_export import DataExport
from syndicate.store.audience.erasures import Erasures
from syndicate.store.audience.merges import Merges
from syndicate.store.audience.newsletters import Newsletters
from syndicate.store.audience.private_feeds import PrivateFeedTokens
from syndicate.store.audience.retention import RetentionStore
from syndicate.store.audience.search import SubscriberSearch
from syndicate.store.audience.segments import Segments
from syndicate.store.audience.subscribers import Subscribers
from syndicate.store.database.attempt_limits import AttemptLimits
from syndicate.store.database.keys import Keys
from syndicate.store.database.locks import LOCK_NUMBERS, lock
from syndicate.store.editions.archive import EditionArchive
from syndicate.store.editions.clicks import Clicks
from syndicate.store.editions.control import EditionControl
from syndicate.store.editions.editions import Editions
from syndicate.store.editions.fires import Fires, Schedules
from syndicate.store.editions.metrics_snapshot import MetricsSnapshot
from syndicate.store.editions.successors import Successors
from syndicate.store.ledger.claims import Claims
from syndicate.store.ledger.deliveries import Deliveries
from syndicate.store.ledger.heartbeats import Heartbeats, SenderProgress
from syndicate.store.ledger.holds import Holds
from syndicate.store.ledger.quotas import SendQuotas
from syndicate.store.push.call_queue import CallQueue
from syndicate.store.push.engine_positions import EnginePositions
from syndicate.store.push.hub import HubSubscriptions


class Transaction:
    """One transaction; only valid inside its `with`. Attributes are created when first used."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rolled_back = False

    articles = cached_property(lambda self: ArticleWriter(self._connection))
    published = cached_property(lambda self: PublishedArticles(self._connection))
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
    sender_progress = cached_property(lambda self: SenderProgress(self._connection))
    heartbeats = cached_property(lambda self: Heartbeats(self._connection))
    control = cached_property(lambda self: EditionControl(self._connection))
    successors = cached_property(lambda self: Successors(self._connection))
    confirmations = cached_property(lambda self: Confirmations(self._connection))
    audit_log = cached_property(lambda self: AuditLog(self._connection))
    search = cached_property(lambda self: SubscriberSearch(self._connection))
    segments = cached_property(lambda self: Segments(self._connection))
    retention = cached_property(lambda self: RetentionStore(self._connection))
    merges = cached_property(lambda self: Merges(self._connection))
    erasures = cached_property(lambda self: Erasures(self._connection))
    data_export = cached_property(lambda self: DataExport(self._connection))
    metrics_snapshot = cached_property(lambda self: MetricsSnapshot(self._connection))
    private_feeds = cached_property(lambda self: PrivateFeedTokens(self._connection))
    calls = cached_property(lambda self: CallQueue(self._connection))
    engines = cached_property(lambda self: EnginePositions(self._connection))
    attempt_limits = cached_property(lambda self: AttemptLimits(self._connection))
    hub = cached_property(lambda self: HubSubscriptions(self._connection))
    keys = cached_property(lambda self: Keys(self._connection))

    def lock_numbers(self) -> None:
        """Lock out other processes that store articles, assign numbers or freeze editions."""
        lock(self._connection, LOCK_NUMBERS)

    def rollback(self) -> None:
        """Undo everything when the transaction ends."""
        self.rolled_back = True
