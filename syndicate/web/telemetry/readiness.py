"""The probes: whether a process can do its work, and the reasons why not.

Anybody may request them, so the responses contain nothing that strangers shouldn't know.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import monotonic

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from syndicate import clock
from syndicate.config import Config, missing_feedback_secrets, missing_secrets
from syndicate.errors import StoreError, StoreLocked
from syndicate.model.alarms import HEADLINES, AlarmKind
from syndicate.schedule.alarms.current import current_alarms
from syndicate.schedule.alarms.disk_space import written_folders
from syndicate.schedule.mail_status import describe_pause, find_stall
from syndicate.store import Heartbeat, Store
from syndicate.web.operator_access import OperatorAccess

_CACHE_TIME = 5.0
"""Seconds for which the result for mail and disks is cached, since anybody may ask."""
_SLOW = 15.0
"""Seconds that the checks may take: longer than the wait for a locked store."""
_PROBE_SIZE = 256 * 1024
"""Bytes that are written: a few would fit into a full disk's last block, or SQLite's log."""


@dataclass(frozen=True, slots=True)
class NotReadyReason:
    """A reason why the process is not ready."""

    text: str
    """For anybody."""
    detail: str = ""
    """For the operator only, since it may name machines."""

    def line(self, *, in_detail: bool) -> str:
        """Return the reason as a line, with or without the detail."""
        return f"{self.text}: {self.detail}" if in_detail and self.detail else self.text


class Readiness:
    """Finds the reasons on each request."""

    def __init__(
        self, store: Store, config: Config, *, stopping: Callable[[], bool], sends: bool
    ) -> None:
        """Check mail, too, if this process `sends` it."""
        self._store = store
        self._config = config
        self._access = OperatorAccess(config)
        self._stopping = stopping
        self._sends = sends
        self._check_lock = threading.Lock()
        self._check_started = 0.0
        self._checked = [NotReadyReason("mail and disks are not checked yet")]
        self._checked_until = 0.0

    def routes(self) -> list[Route]:
        """Return the routes: whether the store can be read, all works, and pages can be served."""
        checks = {
            "/healthz": self.check_store,
            "/readyz": self.check_all,
            "/readyz/web": self.check_web,
        }
        return [Route(path, partial(self._respond, check)) for path, check in checks.items()]

    def _respond(self, check: Callable[[], list[NotReadyReason]], request: Request) -> Response:
        """Respond to a probe: a line for each reason why this process is not ready."""
        reasons = check()
        in_detail = bool(reasons) and self._access.allows(request)
        lines = dict.fromkeys(reason.line(in_detail=in_detail) for reason in reasons)
        text = "".join(f"{line}\n" for line in lines or ["ok"])
        return PlainTextResponse(text, 503 if reasons else 200)

    def check_store(self) -> list[NotReadyReason]:
        """Return a reason if the store can't be read."""
        try:
            with self._store.read() as tx:
                tx.articles.newest_number()
        except StoreError as error:
            return [NotReadyReason("the store can't be read", str(error))]
        return []

    def check_web(self) -> list[NotReadyReason]:
        """Return the reasons why pages can't be served."""
        reasons = self.check_store()
        if not (self._config.output / "index.html").is_file():
            reasons.append(NotReadyReason("there is no home page yet"))
        if self._stopping():
            reasons.append(NotReadyReason("stopping"))
        return reasons

    def check_all(self) -> list[NotReadyReason]:
        """Return all reasons, those of mail and disks included."""
        reasons = self.check_web()
        for secret in missing_secrets(self._config) if self._sends else ():
            reasons.append(NotReadyReason("mail can't be sent", str(secret)))
        for secret in missing_feedback_secrets(self._config):
            if secret.loc[0] == "hooks" or self._sends:  # who sends polls the mailbox
                text = "bounces can't be reported"
                reasons.append(NotReadyReason(text, str(secret)))
        return [*reasons, *self._check_mail_and_disks()]

    def _check_mail_and_disks(self) -> list[NotReadyReason]:
        """Check them, unless that was done a moment ago or is under way.

        On a disk that hangs it may take long. Probes that waited for it would use up the
        threads that answer requests.
        """
        if not self._check_lock.acquire(blocking=False):
            is_slow = monotonic() - self._check_started > _SLOW
            hanging = [NotReadyReason("checking mail and disks hangs")] if is_slow else []
            return [*self._checked, *hanging]
        try:
            self._check_started = monotonic()
            if self._check_started >= self._checked_until:
                self._checked = [*self._unwritable(), *self._stalled(), *self._alarmed()]
                self._checked_until = monotonic() + _CACHE_TIME
            return self._checked
        finally:
            self._check_lock.release()

    def _unwritable(self) -> Iterator[NotReadyReason]:
        for target, error in dict(find_write_errors(self._store, self._config)).items():
            yield NotReadyReason(f"{target} can't be written", error)

    def _stalled(self) -> Iterator[NotReadyReason]:
        try:
            with self._store.read() as tx:
                pause = tx.mail_pause.current()
                stall = find_stall(tx, self._config, clock.now())
        except StoreError:
            return  # reported by `check_store`
        if pause is not None:
            paused = f"all mail is paused since {_when(pause.at)}"
            yield NotReadyReason(paused, describe_pause(pause))
        if stall is None:
            return
        flow, blockers = stall
        if flow.idle_since is not None:
            idle = _when(flow.idle_since)
            yield NotReadyReason(f"no mail was accepted since {idle} while mail waits")
        if flow.oldest is not None:
            yield NotReadyReason(f"the oldest message waits since {_when(flow.oldest)}")
        tick = f"the last tick was at {_when(flow.last_tick)}" if flow.last_tick else ""
        yield NotReadyReason(tick or "there was no tick yet")
        for blocker in blockers:
            if blocker.relay and blocker.reason:
                detail = f"{blocker.relay}: {blocker.reason}"
                yield NotReadyReason("a mail server takes nothing", detail)

    def _alarmed(self) -> Iterator[NotReadyReason]:
        """Yield the alarms but that of stalled mail, of which `_stalled` has more lines."""
        try:
            with self._store.read() as tx:
                alarms = current_alarms(tx, self._config, clock.now())
        except StoreError:
            return
        for alarm in alarms:
            if alarm.kind is not AlarmKind.MAIL:
                headline = HEADLINES[alarm.kind]
                yield NotReadyReason(headline, alarm.text.removeprefix(f"{headline}: "))


def _when(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def find_write_errors(store: Store, config: Config) -> Iterator[tuple[str, str]]:
    """Write something in each place; yield the places that failed, with the error."""
    for name, folder in written_folders(config):
        try:
            with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
                if file.write(bytes(_PROBE_SIZE)) < _PROBE_SIZE:
                    yield name, f"{folder}: No space left on device"
        except FileNotFoundError:
            continue  # it is created when it is needed
        except OSError as error:
            yield name, f"{folder}: {error.strerror or error}"
    try:
        with store.write() as tx:
            tx.heartbeats.record(Heartbeat.PROBE, clock.now())
    except StoreLocked:
        return  # another process is writing
    except StoreError as error:
        yield "the store", str(error)
