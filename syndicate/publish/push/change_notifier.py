"""Notifies hubs and search engines of published changes, once they are in place.

It looks at what builds changed, and at everything at the start and every hour, since
another process may have built and died. Nothing waits for it, and no recipient waits for
another.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import TYPE_CHECKING, Self

from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.config.loopback import is_loopback_url
from syndicate.errors import Problem
from syndicate.publish.build.build import BuildSummary
from syndicate.publish.mirror import Mirror
from syndicate.publish.output.formats import MAIN_FEEDS, is_subscription_document
from syndicate.publish.push.call_sender import DEFAULT_SECONDS, SendReport, TimeBudget
from syndicate.publish.push.feed_documents import find_versions
from syndicate.publish.records.manifest import Manifest, ManifestState
from syndicate.store import Store

if TYPE_CHECKING:  # faster start-up where nobody is notified
    from syndicate.publish.push.hub import HubReport

FULL_SCAN_INTERVAL = timedelta(hours=1)
"""How often all feeds are compared, even if builds reported no changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyReport:
    """The result of a run."""

    pinged: int = 0
    """Pings that hubs accepted."""
    submitted: int = 0
    """Addresses that a search engine accepted."""
    hub: "HubReport | None" = None
    """The result of our own hub, where there is one."""
    problems: tuple[Problem, ...] = ()
    """Failures, which are retried later."""
    unfinished: bool = False
    """Whether the time was up before everything was sent."""


class ChangeNotifier:
    """Notifies the hubs and search engines of a publication, and runs its own hub."""

    def __init__(self, store: Store, config: Config) -> None:
        from syndicate.publish.push.http_client import HttpClient  # noqa: PLC0415 - start-up
        from syndicate.publish.push.hub import Hub  # noqa: PLC0415
        from syndicate.publish.push.indexnow import IndexNowSubmitter  # noqa: PLC0415
        from syndicate.publish.push.websub import HubPinger  # noqa: PLC0415

        client = HttpClient(allowed=None)
        self._config = config
        self._mirror = Mirror.of(config)
        hubs = reachable_hubs(config)
        self._pinger = HubPinger(store, config, hubs, client) if hubs else None
        engines = notifies_search_engines(config)
        self._submitter = IndexNowSubmitter(store, config, client) if engines else None
        self.hub = Hub.of(store, config) if config.websub.own else None
        self._run_lock = Lock()
        self._changes_lock = Lock()
        self._skipped_trial = False
        """Whether a trial build was skipped since the last full scan."""
        self._changed: set[str] = set()
        """Feeds that builds wrote or deleted and that were not compared since."""
        self._reported_at: datetime | None = None
        """The time of the newest build that was reported."""
        self._state: ManifestState | None = None
        """The build that was compared last."""
        self._scanned_at = EPOCH
        """The time of the last full scan; the epoch before the first."""

    @classmethod
    def of(cls, store: Store, config: Config) -> Self | None:
        """Return the notifier, if anybody is notified; raise ConfigError for a bad mirror."""
        needed = config.websub.own or reachable_hubs(config) or notifies_search_engines(config)
        return cls(store, config) if needed else None

    def record_build(self, summary: BuildSummary, at: datetime) -> None:
        """Record what the build as of `at` changed; safe for any thread."""
        with self._changes_lock:
            changed = (*summary.written, *summary.deleted)
            self._changed.update(filter(is_subscription_document, changed))
            self._reported_at = at

    def run(self, at: datetime, stop: Event | None = None) -> NotifyReport:
        """Notify of what is new or failed before, and run our own hub beside it.

        Stop early once `stop` is set. Failures are stored and retried later. Raise
        SyndicateError where the store or the output can't be read.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="hub") as pool:
            hub = pool.submit(self.run_hub, at, stop)
            report = self.notify(at, stop)
        return replace(report, hub=hub.result())

    def run_hub(self, at: datetime, stop: Event | None = None) -> "HubReport | None":
        """Run our own hub, if there is one; see `Hub.run`."""
        return self.hub.run(at, stop) if self.hub else None

    def notify(
        self, at: datetime, stop: Event | None = None, *, within: float = DEFAULT_SECONDS
    ) -> NotifyReport:
        """Notify other hubs and search engines side by side, for `within` seconds at most."""
        with self._run_lock:
            self._enqueue_changes(at)
            budget = TimeBudget(at, stop or Event(), within)
            with ThreadPoolExecutor(1, thread_name_prefix="engine") as pool:
                submitting = pool.submit(self._submitter.send, budget) if self._submitter else None
                pings = self._pinger.send(budget) if self._pinger else SendReport()
            submissions = submitting.result() if submitting else SendReport()
        return NotifyReport(
            pinged=pings.sent,
            submitted=submissions.sent,
            problems=(*pings.problems, *submissions.problems),
            unfinished=budget.is_over,
        )

    def _enqueue_changes(self, at: datetime) -> None:
        """Enqueue what changed since the last run; trial builds are skipped."""
        with Manifest.opened(self._config.output) as manifest:
            if not (manifest and (state := manifest.state())):
                return
            if state.trial or state.at > at:
                self._skipped_trial = True
            else:
                self._enqueue(manifest, state, at)

    def _enqueue(self, manifest: Manifest, state: ManifestState, at: datetime) -> None:
        with self._changes_lock:
            changed, self._changed = self._changed, set()
            is_unreported = state != self._state and state.at != self._reported_at
        is_first = self._scanned_at == EPOCH
        is_due = at - self._scanned_at >= FULL_SCAN_INTERVAL
        complete = is_due or is_unreported or self._skipped_trial
        not_mirrored: Iterable[str] = changed
        try:
            if is_first and self._pinger:
                self._pinger.delete_removed_hubs()
            if is_first and self._submitter:
                self._submitter.start(at)
            if self._pinger and (complete or changed):
                versions = find_versions(manifest, self._mirror, changed, complete=complete)
                self._pinger.enqueue(versions, at)
                not_mirrored = versions.not_mirrored
            else:
                not_mirrored = ()
            if self._submitter:
                main = find_versions(manifest, self._mirror, MAIN_FEEDS, complete=False)
                if not main.not_mirrored:  # the main feeds are uploaded last
                    self._submitter.enqueue(state, at)
        finally:
            with self._changes_lock:
                self._changed.update(not_mirrored)
        self._state, self._skipped_trial = state, False
        if complete:
            self._scanned_at = at


def reachable_hubs(config: Config) -> Sequence[str]:
    """Return the hubs to notify; remote ones can't fetch from a publication on this machine."""
    return [
        hub for hub in config.websub.hubs if not is_loopback_url(config.url) or is_loopback_url(hub)
    ]


def notifies_search_engines(config: Config) -> bool:
    """Whether search engines are notified: there is a key, and they can reach the publication."""
    return config.indexnow.key is not None and not is_loopback_url(config.url)


def ineffective_settings(config: Config) -> Iterator[str]:
    """Return which settings have no effect, since others can't reach a local publication.

    Hubs, engines and subscribers on this machine do reach it.
    """
    if not is_loopback_url(config.url):
        return
    reason = f"because it can't reach {config.url}; set publication.url"
    if len(reachable_hubs(config)) < len(config.websub.hubs):
        yield f"websub.hubs: no hub on another machine is notified, {reason}"
    if config.websub.own:
        yield f"websub.own: no subscriber on another machine is served, {reason}"
    if config.indexnow.key:
        yield f"indexnow.key: no search engine is notified, {reason}"
