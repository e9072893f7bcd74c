"""WebSub, as a publisher: pings hubs, which then fetch the changed feeds.

The specification doesn't define the ping (https://www.w3.org/TR/websub/, section 6). Public
hubs take a form with `hub.mode=publish` and the feed's URL as `hub.url`, some as
`hub.topic`, so both are sent.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import structlog

from syndicate.config import Config
from syndicate.publish.output.formats import MAIN_FEEDS
from syndicate.publish.push.call_sender import CallFailure, CallSender, SendReport, TimeBudget
from syndicate.publish.push.feed_documents import FeedVersions
from syndicate.publish.push.http_client import HttpClient
from syndicate.render import addresses
from syndicate.store import CallKind, OutgoingCall, Store, Transaction

log = structlog.get_logger()

BATCH_SIZE = 20
"""Pings claimed together."""
_MAX_HUBS = 8
"""Hubs pinged at the same time."""
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class HubPinger:
    """Queues and sends pings."""

    store: Store
    config: Config
    hubs: Sequence[str]
    client: HttpClient

    # queue

    def enqueue(self, versions: FeedVersions, at: datetime) -> None:
        """Enqueue a ping for each version that a hub was not notified of yet."""
        published = self._topics(versions.published)
        not_mirrored = self._topics(versions.not_mirrored)
        topics = None if versions.complete else [*self._topics(dict.fromkeys(versions.changed, ""))]
        for hub in self.hubs:
            with self.store.read() as tx:
                known = tx.calls.versions(CallKind.PING, hub, topics)
            deleted = known.keys() - published.keys() - not_mirrored.keys()
            changed = {name: sha for name, sha in published.items() if known.get(name) != sha}
            if not deleted and not changed:
                continue
            with self.store.write() as tx:
                tx.calls.delete_topics(CallKind.PING, hub, deleted)
                if versions.complete and not known.keys() - deleted:
                    changed = self._remember(tx, hub, versions)
                tx.calls.enqueue(CallKind.PING, hub, changed, at)

    def _remember(self, tx: Transaction, hub: str, versions: FeedVersions) -> dict[str, str]:
        """Remember all versions for a new hub, which has no subscribers yet.

        Return those that it is pinged for: the main feeds, if they have just been written.
        """
        main = MAIN_FEEDS & versions.changed
        due = {path: sha for path, sha in versions.published.items() if path in main}
        rest = {path: sha for path, sha in versions.published.items() if path not in due}
        rest |= {path: sha for path, sha in versions.not_mirrored.items() if path not in MAIN_FEEDS}
        tx.calls.remember(CallKind.PING, hub, self._topics(rest))
        return self._topics(due)

    def delete_removed_hubs(self) -> None:
        """Delete the pings of hubs that are no longer configured."""
        with self.store.write() as tx:
            tx.calls.delete_other_endpoints(CallKind.PING, self.hubs)

    def _topics(self, versions: Mapping[str, str]) -> dict[str, str]:
        """Return versions by the URLs of the feeds: the topics of WebSub."""
        return {addresses.absolute(f"/{path}", self.config): sha for path, sha in versions.items()}

    # sending

    def send(self, budget: TimeBudget) -> SendReport:
        """Send due pings, to all hubs in parallel; failures are retried later."""
        senders = (
            CallSender(self.store, CallKind.PING, hub, self._ping, BATCH_SIZE) for hub in self.hubs
        )
        with ThreadPoolExecutor(_MAX_HUBS, thread_name_prefix="hubs") as pool:
            reports = [*pool.map(lambda sender: sender.send(budget), senders)]
        return SendReport(
            sent=sum(report.sent for report in reports),
            problems=[problem for report in reports for problem in report.problems],
        )

    def _ping(self, calls: Sequence[OutgoingCall]) -> CallFailure | None:
        (ping,) = calls
        fields = {"hub.mode": "publish", "hub.url": ping.topic, "hub.topic": ping.topic}
        reply = self.client.post(ping.endpoint, urlencode(fields).encode(), _FORM)
        if not reply.is_success:
            return CallFailure.of(reply)
        log.info("pinged", hub=ping.endpoint, topic=ping.topic)
        return None
