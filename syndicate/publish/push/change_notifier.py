"""The herald: tells hubs and search engines what was published, after it is in place.

It looks at what builds touched, and at everything when it begins and now and then,
since another process may have built and died. Nothing waits for it, and of those who
are told none waits for another.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from syndicate.config import Config
from syndicate.config.loopback import is_loopback
from syndicate.errors import Problem, SyndicateError
from syndicate.publish.build.build import BuildSummary
from syndicate.publish.mirror.mirror import Mirror
from syndicate.publish.output.formats import MAIN, is_followed
from syndicate.publish.output.manifest import Manifest, ManifestState
from syndicate.publish.push.feed_versions import look
from syndicate.publish.push.time_budget import LASTS, TimeBudget
from syndicate.store import Store

if TYPE_CHECKING:  # start-up: who notifies nobody needs no HTTP
    from syndicate.publish.push.hub import HubReport

ROUND = timedelta(hours=1)
"""How often everything is looked at, whatever was heard of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyReport:
    """What a herald did."""

    pinged: int = 0
    """Pings that hubs took."""
    submitted: int = 0
    """Addresses that a search engine took."""
    worked: "HubReport | None" = None
    """What our own hub did, where we have one."""
    problems: tuple[Problem, ...] = ()
    """What failed; it is kept, and tried again."""
    unfinished: bool = False
    """Whether time was up before all that was due had been told."""


class ChangeNotifier:
    """A publication's herald."""

    def __init__(self, store: Store, config: Config) -> None:
        from syndicate.publish.push.http_client import HttpClient  # noqa: PLC0415 - start-up
        from syndicate.publish.push.hub import Hub  # noqa: PLC0415
        from syndicate.publish.push.indexnow import Submitter  # noqa: PLC0415
        from syndicate.publish.push.websub import HubPinger  # noqa: PLC0415

        caller = HttpClient(allowed=None)
        self._config = config
        self._mirror = Mirror.of(config)
        named = hubs(config)
        self._announcer = HubPinger(store, config, named, caller) if named else None
        self._submitter = Submitter(store, config, caller) if tells_engines(config) else None
        self._hub = Hub.of(store, config) if config.websub.own else None
        self._turn = Lock()
        self._hearing = Lock()
        self._trial = False
        """Whether a trial was passed over since everything was looked at."""
        self._touched: set[str] = set()
        """Feeds that builds wrote or deleted, and that were not looked at since."""
        self._heard_of: datetime | None = None
        """The time of the newest build that we heard of."""
        self._state: ManifestState | None = None
        """The build that was looked at the last time."""
        self._round: datetime | None = None
        """When everything was looked at the last time."""

    @classmethod
    def of(cls, store: Store, config: Config) -> Self | None:
        """Return the herald, if anybody is to be told; raise ConfigError for a bad mirror."""
        wanted = config.websub.own or hubs(config) or tells_engines(config)
        return cls(store, config) if wanted else None

    def hear(self, built: BuildSummary, at: datetime) -> None:
        """Hear what the build as of `at` did; any thread may say so."""
        with self._hearing:
            self._touched.update(filter(is_followed, (*built.written, *built.deleted)))
            self._heard_of = at

    def follow(self, at: datetime, stop: Event | None = None) -> NotifyReport:
        """Tell what is new, and what could not be told before; stop early once `stop` is set.

        Our own hub works beside it. What fails is kept in the store and tried later. Raise
        SyndicateError where the store or the output can't be read.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="hub") as pool:
            worked = pool.submit(self.work, at, stop)
            told = self.tell(at, stop)
        return replace(told, worked=worked.result())

    def work(self, at: datetime, stop: Event | None = None) -> "HubReport | None":
        """Have our own hub work, if we have one; see `Hub.work`."""
        return self._hub.work(at, stop) if self._hub else None

    def tell(
        self, at: datetime, stop: Event | None = None, *, within: float = LASTS
    ) -> NotifyReport:
        """Tell hubs of others and search engines, side by side, for so many seconds at most."""
        with self._turn:
            self._look(at)
            shift = TimeBudget(at, stop or Event(), within)
            with ThreadPoolExecutor(1, thread_name_prefix="engine") as pool:
                submitting = pool.submit(self._submitter.send, shift) if self._submitter else None
                pinged = self._announcer.send(shift) if self._announcer else None
            submitted = submitting.result() if submitting else None
        return NotifyReport(
            pinged=pinged.told if pinged else 0,
            submitted=submitted.told if submitted else 0,
            problems=(
                *(pinged.problems if pinged else ()),
                *(submitted.problems if submitted else ()),
            ),
            unfinished=shift.is_over,
        )

    @property
    def has_hub(self) -> bool:
        """Whether we are a hub ourselves."""
        return self._hub is not None

    def _look(self, at: datetime) -> None:
        """Note what is owed since the last look; trials are passed over."""
        manifest = Manifest.seen(self._config.output)
        if manifest is None:
            return
        try:
            with closing(manifest):
                state = manifest.state()
                if state is None:
                    return
                if state.trial or state.at > at:
                    self._trial = True
                    return
                self._note(manifest, state, at)
        except sqlite3.Error as error:
            raise SyndicateError(f"{self._config.output}: the manifest: {error}") from error

    def _note(self, manifest: Manifest, state: ManifestState, at: datetime) -> None:
        with self._hearing:
            touched, self._touched = self._touched, set()
            heard_of = self._heard_of
        begins = self._round is None
        strange = state != self._state and state.at != heard_of
        whole = self._round is None or at - self._round >= ROUND or strange or self._trial
        behind: Iterable[str] = touched
        try:
            if begins:
                self._begin(at)
            if self._announcer and (whole or touched):
                seen = look(manifest, self._mirror, touched, whole=whole)
                self._announcer.note(seen, at)
                behind = seen.behind
            else:
                behind = ()
            if self._submitter and not self._mirror_lags(manifest):
                self._submitter.note(state, at)
        finally:
            with self._hearing:
                self._touched.update(behind)
        self._state, self._trial = state, False
        if whole:
            self._round = at

    def _mirror_lags(self, manifest: Manifest) -> bool:
        """Whether the mirror isn't up to the build: it takes the main feeds last."""
        return bool(self._mirror and look(manifest, self._mirror, MAIN, whole=False).behind)

    def _begin(self, at: datetime) -> None:
        """Leave out what the configuration has no more."""
        if self._announcer:
            self._announcer.forget_others()
        if self._submitter:
            self._submitter.begin(at)


def hubs(config: Config) -> Sequence[str]:
    """Return the hubs that are told: elsewhere none of a publication on this machine alone."""
    return [hub for hub in config.websub.hubs if not is_local(config.url) or is_local(hub)]


def tells_engines(config: Config) -> bool:
    """Whether search engines are told: they have a key, and can reach the publication."""
    return config.indexnow.key is not None and not is_local(config.url)


def unheard(config: Config) -> Iterator[str]:
    """Say which keys come to nothing, since a publication on this machine alone is told to nobody.

    Hubs, engines and subscribers that are on this machine, too, are left out of it.
    """
    if not is_local(config.url):
        return
    told = f"since none can reach {config.url}; set publication.url"
    if len(hubs(config)) < len(config.websub.hubs):
        yield f"websub.hubs: no hub elsewhere is told, {told}"
    if config.websub.own:
        yield f"websub.own: no subscriber elsewhere is served, {told}"
    if config.indexnow.key:
        yield f"indexnow.key: no search engine is told, {told}"


def is_local(url: str) -> bool:
    """Whether an address leads to this machine, whoever follows it."""
    return is_loopback(urlsplit(url).hostname or "")
