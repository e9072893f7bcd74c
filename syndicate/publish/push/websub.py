"""WebSub, as a publisher: pings hubs, which then fetch the changed feeds.

The specification doesn't define the ping (https://www.w3.org/TR/websub/, section 6). Public
hubs take a form with `hub.mode=publish` and the feed's URL as `hub.url`, some as
`hub.topic`, so both are sent.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

import structlog

from syndicate.config import Config
from syndicate.errors import CallFailed, Problem
from syndicate.publish.output.formats import MAIN_FEEDS
from syndicate.publish.push.feed_versions import FeedVersions, topic_url
from syndicate.publish.push.http_client import HttpClient
from syndicate.publish.push.retry_policy import CallFailure
from syndicate.publish.push.time_budget import SendReport, TimeBudget
from syndicate.store import Ping, Store, Transaction

log = structlog.get_logger()

BATCH_SIZE = 20
"""Pings claimed together."""
_MAX_HUBS = 8
"""Hubs pinged at the same time."""
_FORM = {"content-type": "application/x-www-form-urlencoded"}


class HubPinger:
    """Queues and sends pings."""

    def __init__(
        self, store: Store, config: Config, hubs: Sequence[str], client: HttpClient
    ) -> None:
        self._store = store
        self._config = config
        self._hubs = hubs
        self._client = client

    # queue

    def enqueue(self, versions: FeedVersions, at: datetime) -> None:
        """Enqueue a ping for each version that a hub was not notified of yet."""
        published = self._topics(versions.published)
        not_mirrored = self._topics(versions.not_mirrored)
        gone = {topic_url(path, self._config) for path in versions.gone}
        for hub in self._hubs:
            with self._store.read() as tx:
                topics = None if versions.complete else [*published, *gone]
                known = tx.pings.versions(hub, topics)
            if versions.complete:
                deleted = known.keys() - published.keys() - not_mirrored.keys()
            else:
                deleted = known.keys() & gone
            changed = {name: sha for name, sha in published.items() if known.get(name) != sha}
            if not deleted and not changed:
                continue
            with self._store.write() as tx:
                tx.pings.delete(sorted(deleted))
                if versions.complete and not known.keys() - deleted:
                    self._add_hub(tx, hub, versions, at)
                else:
                    tx.pings.save(hub, changed, at)

    def _add_hub(self, tx: Transaction, hub: str, versions: FeedVersions, at: datetime) -> None:
        """Save all versions for a new hub, which has no subscribers yet.

        It is only pinged for the main feeds, if they have just been written.
        """
        main = MAIN_FEEDS & versions.changed
        due = {path: sha for path, sha in versions.published.items() if path in main}
        rest = {path: sha for path, sha in versions.published.items() if path not in due}
        rest |= {path: sha for path, sha in versions.not_mirrored.items() if path not in MAIN_FEEDS}
        tx.pings.save(hub, self._topics(rest), None)
        tx.pings.save(hub, self._topics(due), at)

    def delete_removed_hubs(self) -> None:
        """Delete the pings of hubs that are no longer configured."""
        with self._store.write() as tx:
            tx.pings.delete_other_hubs(self._hubs)

    def _topics(self, versions: Mapping[str, str]) -> dict[str, str]:
        return {topic_url(path, self._config): sha for path, sha in versions.items()}

    # sending

    def send(self, budget: TimeBudget) -> SendReport:
        """Send due pings, to all hubs in parallel; failures are retried later."""
        with ThreadPoolExecutor(_MAX_HUBS, thread_name_prefix="hubs") as pool:
            reports = [*pool.map(lambda hub: self._send_to(hub, budget), self._hubs)]
        return SendReport(
            sent=sum(report.sent for report in reports),
            problems=[problem for report in reports for problem in report.problems],
        )

    def _send_to(self, hub: str, budget: TimeBudget) -> SendReport:
        report = SendReport()
        while pings := self._claim(hub, budget):
            self._send_all(hub, pings, budget, report)
        return report

    def _claim(self, hub: str, budget: TimeBudget) -> list[Ping]:
        if budget.is_over:
            return []
        with self._store.read() as tx:
            until = tx.endpoint_backoff.until(hub)
            if (until and until > budget.at) or not tx.pings.is_due(hub, budget.at):
                return []
        with self._store.write() as tx:
            return tx.pings.claim(hub, budget.at, until=budget.claimed_until, limit=BATCH_SIZE)

    def _send_all(
        self, hub: str, pings: Sequence[Ping], budget: TimeBudget, report: SendReport
    ) -> None:
        for number, ping in enumerate(pings):
            if budget.is_over:
                self._save([replace(unsent, due_at=budget.at) for unsent in pings[number:]], budget)
                return
            failure = self._ping(ping)
            if failure is None:
                self._save([replace(ping, due_at=None, attempts=0, error="")], budget)
                report.sent += 1
                log.info("pinged", hub=hub, topic=ping.topic)
                continue
            failed = pings[number:] if failure.is_server_wide else [ping]
            report.problems.append(Problem(hub, f"{failure.reason} ({ping.topic})"))
            self._retry(failed, failure, budget)
            if failure.is_server_wide:
                return

    def _ping(self, ping: Ping) -> CallFailure | None:
        fields = {"hub.mode": "publish", "hub.url": ping.topic, "hub.topic": ping.topic}
        form = urlencode(fields)
        try:
            reply = self._client.post(ping.hub, form.encode(), _FORM)
        except CallFailed as error:
            return CallFailure(str(error))
        accepted = HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES
        return None if accepted else CallFailure.of(reply)

    def _retry(self, failed: Sequence[Ping], failure: CallFailure, budget: TimeBudget) -> None:
        pings = [failure.reschedule(ping, budget.at) for ping in failed]
        with self._store.write() as tx:
            tx.pings.settle(pings, until=budget.claimed_until)
            if failure.is_server_wide:
                tx.endpoint_backoff.pause(failed[0].hub, failure.pause_until(budget.at))
        for ping in pings:
            if ping.due_at is None:
                log.warning("ping given up", hub=ping.hub, topic=ping.topic, reason=failure.reason)
            else:
                log.warning(
                    "ping failed",
                    hub=ping.hub,
                    topic=ping.topic,
                    reason=failure.reason,
                    again=f"{ping.due_at:%Y-%m-%d %H:%M} UTC",
                )

    def _save(self, pings: Sequence[Ping], budget: TimeBudget) -> None:
        with self._store.write() as tx:
            tx.pings.settle(pings, until=budget.claimed_until)
