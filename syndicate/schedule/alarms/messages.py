"""What people get about an alarm: a mail to each, and a call of the webhook, both from the queue.

A newer message about the same cause takes the place of one that has not left.
"""

from datetime import datetime
from typing import Any

from syndicate.config import Config
from syndicate.model.alarms import Alarm
from syndicate.render.mail.alarm_mail import compose_alarm_mail
from syndicate.schedule.staff_mail import WANTED_FOR, StaffMessage
from syndicate.store import CallKind, OutgoingCall, Transaction


def enqueue(tx: Transaction, config: Config, alarm: Alarm, at: datetime) -> None:
    """Queue the messages about an alarm that is on, or over."""
    publication = config.publication
    for mailbox in config.alarms.to:
        content = compose_alarm_mail(alarm, publication.title, publication.timezone, at)
        StaffMessage(to=mailbox.address, key=f"alarm {alarm.name}", content=content).enqueue(tx, at)
    webhook = config.alarms.webhook
    if webhook is not None:
        tx.calls.delete_other_endpoints(CallKind.WEBHOOK, [webhook])
        tx.calls.put(
            OutgoingCall(
                kind=CallKind.WEBHOOK,
                endpoint=webhook,
                topic=alarm.name,
                version=at.isoformat(),
                payload=payload(alarm, config),
                due_at=at,
                expires_at=at + WANTED_FOR,
            )
        )


def payload(alarm: Alarm, config: Config) -> dict[str, Any]:
    """Return the JSON that the webhook gets; docs/monitoring.md describes it."""
    title = config.publication.title
    state = "" if alarm.is_on else "over: "
    return {
        "cause": alarm.kind.value,
        "about": " ".join(filter(None, (alarm.subject, alarm.machine))),
        "text": f"{title}: {state}{alarm.text}",
        "remedy": alarm.remedy,
        "since": alarm.since.isoformat(),
        "over": alarm.over_at.isoformat() if alarm.over_at is not None else None,
        "publication": {"id": str(config.publication.id), "title": title, "url": config.url},
        "links": {"status": f"{config.web_url}/readyz", "publication": f"{config.url}/"},
    }
