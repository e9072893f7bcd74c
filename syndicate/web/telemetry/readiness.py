"""Whether a process can do all that it is for, and what keeps it from that."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from syndicate import clock
from syndicate.config import Config, missing_secrets
from syndicate.errors import StoreError
from syndicate.schedule.stall import MailStall, find_stall
from syndicate.store import Store
from syndicate.web.telemetry.write_probe import find_write_errors

_FRESH = 5.0
"""Seconds that an answer about mail and disks is good for: anybody may ask at any time."""
_SLOW = 15.0
"""Seconds that looking may take: longer than a store is waited for that others use."""
_UNREADABLE = "the store can't be read"


@dataclass(frozen=True, slots=True)
class NotReadyReason:
    """One thing that is not as it should be."""

    text: str
    """What anybody may know."""
    detail: str = ""
    """What only the operator may know, since it may name machines."""

    def line(self, *, in_detail: bool) -> str:
        """Return the line for somebody who may know the detail, or not."""
        return f"{self.text}: {self.detail}" if in_detail and self.detail else self.text


class Readiness:
    """Finds out what is missing, each time that somebody asks."""

    def __init__(
        self, store: Store, config: Config, *, stopping: Callable[[], bool], sends: bool
    ) -> None:
        """Take what to look at; `sends`: whether this process delivers mail."""
        self._store = store
        self._config = config
        self._stopping = stopping
        self._sends = sends
        self._looking = threading.Lock()
        self._looking_since = 0.0
        self._seen = [NotReadyReason("mail and disks are not checked yet")]
        self._seen_until = 0.0

    def of_store(self) -> list[NotReadyReason]:
        """Return whether the store can be read."""
        try:
            with self._store.read() as tx:
                tx.articles.newest_number()
        except StoreError as error:
            return [NotReadyReason(_UNREADABLE, str(error))]
        return []

    def of_web(self) -> list[NotReadyReason]:
        """Return what keeps requests from being answered."""
        found = self.of_store()
        if not (self._config.output / "index.html").is_file():
            found.append(NotReadyReason("there is no home page yet"))
        if self._stopping():
            found.append(NotReadyReason("stopping"))
        return found

    def of_all(self) -> list[NotReadyReason]:
        """Return everything that is in the way, of mail and of writing, too."""
        found = self.of_web()
        for secret in missing_secrets(self._config) if self._sends else ():
            found.append(NotReadyReason("mail can't be sent", str(secret)))
        return [*found, *self._of_mail_and_disks()]

    # how

    def _of_mail_and_disks(self) -> list[NotReadyReason]:
        """Look, unless that was done just now or is under way.

        It may take long, as on a disk that hangs. Probes that waited for it would take all the
        threads that answer requests.
        """
        if not self._looking.acquire(blocking=False):
            is_slow = monotonic() - self._looking_since > _SLOW
            return [
                *self._seen,
                *([NotReadyReason("checking mail and disks hangs")] if is_slow else []),
            ]
        try:
            self._looking_since = monotonic()
            if self._looking_since >= self._seen_until:
                self._seen = [*self._unwritable(), *self._stalled()]
                self._seen_until = monotonic() + _FRESH
            return self._seen
        finally:
            self._looking.release()

    def _unwritable(self) -> Iterator[NotReadyReason]:
        known = dict(find_write_errors(self._store, self._config))
        for what, why in known.items():
            yield NotReadyReason(f"{what} can't be written", why)

    def _stalled(self) -> Iterator[NotReadyReason]:
        try:
            with self._store.read() as tx:
                stall = find_stall(tx, self._config, clock.now())
        except StoreError:
            return  # reported already
        if stall is not None:
            yield from _reasons(stall)


def _reasons(stall: MailStall) -> Iterator[NotReadyReason]:
    flow = stall.flow
    if flow.idle_since is not None:
        yield NotReadyReason(
            f"no mail was accepted since {_when(flow.idle_since)} while mail waits"
        )
    if flow.oldest is not None:
        yield NotReadyReason(f"the oldest message waits since {_when(flow.oldest)}")
    if flow.last_tick is None:
        yield NotReadyReason("there was no tick yet")
    else:
        yield NotReadyReason(f"the last tick was at {_when(flow.last_tick)}")
    for obstacle in stall.blockers:
        if obstacle.relay and obstacle.reason:
            yield NotReadyReason(
                "a mail server takes nothing", f"{obstacle.relay}: {obstacle.reason}"
            )


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
