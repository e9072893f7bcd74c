"""WebSub, as a publisher: hubs are told which feeds changed, and fetch them.

The specification leaves open how (https://www.w3.org/TR/websub/, section 6); the
public hubs take a form with `hub.mode=publish` and the feed's address as `hub.url`;
some want it as `hub.topic`, so it is there twice.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

import structlog

from syndicate.config import Config
from syndicate.errors import CallFailed, Problem
from syndicate.publish.output.formats import MAIN
from syndicate.publish.push.feed_versions import FeedVersions, topic
from syndicate.publish.push.http_client import HttpClient
from syndicate.publish.push.retry_policy import CallFailure
from syndicate.publish.push.time_budget import TimeBudget
from syndicate.store import Ping, Store, Transaction

log = structlog.get_logger()

AT_ONCE = 20
"""Pings that are claimed together."""
_SIDE_BY_SIDE = 8
"""Hubs that are told at the same time."""
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(slots=True)
class PingReport:
    """What became of pings."""

    told: int = 0
    problems: list[Problem] = field(default_factory=list)


class HubPinger:
    """Tells hubs."""

    def __init__(
        self, store: Store, config: Config, hubs: Sequence[str], caller: HttpClient
    ) -> None:
        self._store = store
        self._config = config
        self._hubs = hubs
        self._caller = caller

    # what is owed

    def note(self, seen: FeedVersions, at: datetime) -> None:
        """Note what hubs are owed: each version that they were not told of yet."""
        there, behind = self._topics(seen.there), self._topics(seen.behind)
        gone = {topic(path, self._config) for path in seen.gone}
        for hub in self._hubs:
            with self._store.read() as tx:
                known = tx.pings.versions(hub, None if seen.whole else [*there, *gone])
            lost = (
                known.keys() - there.keys() - behind.keys() if seen.whole else known.keys() & gone
            )
            changed = {name: sha for name, sha in there.items() if known.get(name) != sha}
            if not lost and not changed:
                continue
            with self._store.write() as tx:
                tx.pings.delete(sorted(lost))
                if seen.whole and not known.keys() - lost:
                    self._introduce(tx, hub, seen, at)
                else:
                    tx.pings.save(hub, changed, at)

    def _introduce(self, tx: Transaction, hub: str, seen: FeedVersions, at: datetime) -> None:
        """Note what is there for a hub that is new, where nobody can follow anything yet.

        It gets to know the main feeds, if they were written just now.
        """
        due = {path: sha for path, sha in seen.there.items() if path in MAIN & seen.written}
        rest = {path: sha for path, sha in seen.there.items() if path not in due}
        rest |= {path: sha for path, sha in seen.behind.items() if path not in MAIN}
        tx.pings.save(hub, self._topics(rest), None)
        tx.pings.save(hub, self._topics(due), at)

    def forget_others(self) -> None:
        """Forget hubs that aren't told any more."""
        with self._store.write() as tx:
            tx.pings.delete_other_hubs(self._hubs)

    def _topics(self, versions: Mapping[str, str]) -> dict[str, str]:
        return {topic(path, self._config): sha for path, sha in versions.items()}

    # telling

    def send(self, shift: TimeBudget) -> PingReport:
        """Send what is due, to all hubs side by side; what fails is kept for later."""
        with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="hubs") as pool:
            each = [*pool.map(lambda hub: self._send_to(hub, shift), self._hubs)]
        return PingReport(
            told=sum(pinged.told for pinged in each),
            problems=[problem for pinged in each for problem in pinged.problems],
        )

    def _send_to(self, hub: str, shift: TimeBudget) -> PingReport:
        pinged = PingReport()
        while claimed := self._claimed(hub, shift):
            self._tell(hub, claimed, shift, pinged)
        return pinged

    def _claimed(self, hub: str, shift: TimeBudget) -> list[Ping]:
        if shift.is_over:
            return []
        with self._store.read() as tx:
            until = tx.endpoint_backoff.until(hub)
            if (until and until > shift.at) or not tx.pings.is_due(hub, shift.at):
                return []
        with self._store.write() as tx:
            return tx.pings.claim(hub, shift.at, until=shift.until, limit=AT_ONCE)

    def _tell(
        self, hub: str, claimed: Sequence[Ping], shift: TimeBudget, pinged: PingReport
    ) -> None:
        for number, ping in enumerate(claimed):
            if shift.is_over:
                self._settle([replace(one, due_at=shift.at) for one in claimed[number:]], shift)
                return
            failure = self._ping(ping)
            if failure is None:
                self._settle([replace(ping, due_at=None, attempts=0, error="")], shift)
                pinged.told += 1
                log.info("pinged", hub=hub, topic=ping.topic)
                continue
            lost = claimed[number:] if failure.general else [ping]
            pinged.problems.append(Problem(hub, f"{failure.reason} ({ping.topic})"))
            self._put_off(lost, failure, shift)
            if failure.general:
                return

    def _ping(self, ping: Ping) -> CallFailure | None:
        """Tell one hub of one feed; return why it wasn't taken."""
        said = {"hub.mode": "publish", "hub.url": ping.topic, "hub.topic": ping.topic}
        form = urlencode(said)
        try:
            reply = self._caller.post(ping.hub, form.encode(), _FORM)
        except CallFailed as error:
            return CallFailure(str(error))
        taken = HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES
        return None if taken else CallFailure.of(reply)

    def _put_off(self, lost: Sequence[Ping], failure: CallFailure, shift: TimeBudget) -> None:
        later = [
            replace(
                ping,
                due_at=failure.again(ping.attempts + 1, shift.at),
                attempts=ping.attempts + 1,
                error=failure.reason,
            )
            for ping in lost
        ]
        with self._store.write() as tx:
            tx.pings.settle(later, until=shift.until)
            if failure.general:
                tx.endpoint_backoff.pause(lost[0].hub, failure.quiet(shift.at))
        for ping in later:
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

    def _settle(self, pings: Sequence[Ping], shift: TimeBudget) -> None:
        with self._store.write() as tx:
            tx.pings.settle(pings, until=shift.until)
