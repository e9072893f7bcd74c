"""The store: the only package that runs SQL. It returns frozen values, never rows.

    store = Store.open("sqlite:///syndicate.db")
    with store.read() as tx:
        tx.articles.by_slug("harbour-tram")

`store` opens the database, and its transactions give access to the tables.
`articles/` keeps articles, slugs and pictures; `audience/` subscribers and what is known of them;
`editions/` what is mailed, when and to whom; `ledger/` each delivery's state;
`push/` the queue of outgoing calls; `database/` the schema, SQL and both databases.
"""

from syndicate.store.articles.writes import ArticleWriter, NewArticle
from syndicate.store.audience.data_export import MailedItem, PersonalRecord
from syndicate.store.audience.import_staging import StagedReader
from syndicate.store.audience.newsletters import NewsletterRename
from syndicate.store.audience.search import Growth, SearchCriteria
from syndicate.store.audience.subscribers import PendingConfirmation
from syndicate.store.database.schema_delivery import CallKind
from syndicate.store.editions.archive import ArchivedEdition
from syndicate.store.editions.clicks import LinkClick, LinkClicks
from syndicate.store.ledger.mail_flow import Heartbeat
from syndicate.store.push.call_queue import OutgoingCall
from syndicate.store.push.hub import HubRequest
from syndicate.store.store import Store, Transaction

__all__ = [
    "ArchivedEdition",
    "ArticleWriter",
    "CallKind",
    "Growth",
    "Heartbeat",
    "HubRequest",
    "LinkClick",
    "LinkClicks",
    "MailedItem",
    "NewArticle",
    "NewsletterRename",
    "OutgoingCall",
    "PendingConfirmation",
    "PersonalRecord",
    "SearchCriteria",
    "StagedReader",
    "Store",
    "Transaction",
]
