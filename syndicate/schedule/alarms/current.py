"""What is wrong now: judged by the caller, or reported by the process that saw it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from syndicate.config import Config
from syndicate.model.alarms import Alarm, AlarmCause, AlarmKind
from syndicate.schedule.alarms.causes import IN_STORE, find_causes
from syndicate.schedule.alarms.disk_space import find_full_disks
from syndicate.store import Transaction
from syndicate.store.push.alarms import THIS_MACHINE


def current_alarms(tx: Transaction, config: Config, at: datetime) -> list[Alarm]:
    """Return the alarms that are on at `at`, the oldest first, whether stored yet or not.

    Secrets are judged only by the processes that send mail, which have them.
    """
    stored = {alarm.key: alarm for alarm in tx.alarms.open() if alarm.is_on}
    found = {cause.key: cause for cause in judge(tx, config, at, list(stored.values()))}
    alarms = [
        replace(stored[key], text=cause.text, remedy=cause.remedy)
        if key in stored
        else Alarm.of(cause, at)
        for key, cause in found.items()
    ]
    alarms += (alarm for alarm in stored.values() if not is_judged(alarm))
    return sorted(alarms, key=lambda alarm: (alarm.since, alarm.key))


def judge(
    tx: Transaction, config: Config, at: datetime, stored: Sequence[Alarm]
) -> list[AlarmCause]:
    """Find what is wrong by the store and by the disks of this machine."""
    alarmed = {a.subject for a in stored if a.kind is AlarmKind.DISK and is_judged(a)}
    return [*find_causes(tx, config, at), *find_full_disks(config, alarmed)]


def is_judged(alarm: Alarm) -> bool:
    """Whether `judge` decides if an alarm is on; all others are reported."""
    is_disk = alarm.kind is AlarmKind.DISK and alarm.machine == THIS_MACHINE
    return alarm.kind in IN_STORE or is_disk
