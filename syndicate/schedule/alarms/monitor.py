"""Stores which alarms began and which are over, and notifies people of each once.

It is called every half a minute, and whenever something has just failed. All processes that
send judge the same store, so they agree; the transaction that marks an alarm queues its messages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from syndicate.config import Config, missing_secrets
from syndicate.intake.articles.source_file import file_name
from syndicate.model.alarms import Alarm, AlarmCause, AlarmKind
from syndicate.schedule.alarms import messages
from syndicate.schedule.alarms.current import is_judged, judge
from syndicate.store import Store
from syndicate.store.push.alarms import THIS_MACHINE

_RENEW_AFTER = timedelta(minutes=10)
"""How often this machine stores that it still sees its own alarms."""
_FORGOTTEN_AFTER = timedelta(hours=2)
"""When another machine's alarms count as over: it is gone, or nothing runs there."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AlarmMonitor:
    """The alarms of one publication."""

    store: Store
    config: Config

    def check(self, at: datetime) -> bool:
        """Judge what is wrong at `at`; return whether messages were queued. Raise StoreError."""
        with self.store.read() as tx:
            known = tx.alarms.open()
            on = [alarm for alarm in known if alarm.is_on]
            found = judge(tx, self.config, at, on)
            if tx.mail_pause.current() is None:  # else no secret is needed
                found += _unreadable_secrets(self.config)
        causes = {cause.key: cause for cause in found}
        stored = {alarm.key: alarm for alarm in on}
        changed = [cause for cause in causes.values() if _is_news(cause, stored.get(cause.key), at)]
        ended = [alarm for alarm in on if alarm.key not in causes and self._is_over(alarm, at)]
        seen = [alarm for alarm in on if alarm not in ended and _needs_renewal(alarm, at)]
        if not (changed or ended or seen or any(alarm.is_due(at) for alarm in known)):
            return False
        return self._store_and_notify(changed, ended, seen, at)

    def _store_and_notify(
        self,
        changed: Sequence[AlarmCause],
        ended: Sequence[Alarm],
        seen: Sequence[Alarm],
        at: datetime,
    ) -> bool:
        taken: list[Alarm] = []
        with self.store.write() as tx:
            for cause in changed:
                tx.alarms.report(cause, at)
            for alarm in ended:
                tx.alarms.end(alarm, at)
            tx.alarms.renew(seen, at)
            if ended:
                tx.alarms.delete_old(at)
            for alarm in tx.alarms.open():
                if alarm.is_due(at) and (mine := tx.alarms.take(alarm, at)):
                    messages.enqueue(tx, self.config, mine, at)
                    taken.append(mine)
        for alarm in taken:
            facts = {"cause": alarm.kind.value, "text": alarm.text}
            if alarm.is_on:
                _log.error("alarm", **facts, remedy=alarm.remedy)
            else:
                _log.info("alarm is over", **facts)
        has_reader = self.config.alarms.to or self.config.alarms.webhook
        return bool(taken and has_reader)

    def _is_over(self, alarm: Alarm, at: datetime) -> bool:
        """Whether an alarm without a cause is over: judged so, gone, or no longer seen."""
        if is_judged(alarm):
            return True
        if alarm.machine != THIS_MACHINE:
            return at - alarm.seen_at > _FORGOTTEN_AFTER
        if alarm.kind is AlarmKind.INTAKE:
            return not (self.config.root / file_name(alarm.subject)).exists()
        return alarm.kind is not AlarmKind.BUILD


def _is_news(cause: AlarmCause, stored: Alarm | None, at: datetime) -> bool:
    """Whether a cause is to be stored: it is new, or its text has changed."""
    if stored is None:
        return True
    return _needs_renewal(stored, at) or (cause.text, cause.remedy) != (stored.text, stored.remedy)


def _needs_renewal(alarm: Alarm, at: datetime) -> bool:
    return alarm.machine == THIS_MACHINE and at - alarm.seen_at > _RENEW_AFTER


def _unreadable_secrets(config: Config) -> Iterator[AlarmCause]:
    missing = [str(secret) for secret in missing_secrets(config)]
    if missing:
        yield AlarmCause(
            kind=AlarmKind.SECRET,
            subject="mail",
            machine=THIS_MACHINE,
            text=f"mail can't be sent from {THIS_MACHINE}: {'; '.join(missing)}",
            remedy="make it readable for the process that sends; `syndicate check` lists them",
        )
