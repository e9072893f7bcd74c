"""Mail to the newsroom's own people, such as proofs and alarms: in no ledger, and to no subscriber.

It waits in the queue of outgoing calls, so it outlives a crash and is tried again. A process that
dies between the server's answer and its record sends one twice, which does no harm here.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import structlog

from syndicate.config import Config
from syndicate.deliver.message.links import SignedLinks
from syndicate.deliver.message.message import EditionHeaders
from syndicate.deliver.sample_mail import CopySender
from syndicate.deliver.smtp.transport import Transport
from syndicate.errors import DeliveryError, PermanentFailure, Refused, SyndicateError
from syndicate.model.editions import Content
from syndicate.publish.push.call_sender import next_attempt
from syndicate.store import CallKind, OutgoingCall, Store, Transaction

WANTED_FOR = timedelta(days=1)
"""How long it is tried; later it is old news."""
_CLAIM_TIME = timedelta(minutes=10)
_NEWSLETTER = "staff"
"""The name in place of a newsletter's, where it is about none."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMessage:
    """A mail to one of the newsroom's people."""

    to: str
    key: str
    """What it is about: a later one with the same key replaces one that hasn't left."""
    content: Content
    newsletter: str = _NEWSLETTER
    """The newsletter whose sender it has; without one, the publication's."""
    links: Sequence[str] = ()
    """The addresses of the tracked links in the content."""
    wanted_for: timedelta = WANTED_FOR

    def enqueue(self, tx: Transaction, at: datetime) -> None:
        """Queue it, to be sent from `at` on."""
        content = asdict(self.content)
        payload = {"content": content, "newsletter": self.newsletter, "links": [*self.links]}
        tx.calls.put(
            OutgoingCall(
                kind=CallKind.STAFF_MAIL,
                endpoint=self.to,
                topic=self.key,
                version=at.isoformat(),
                payload=payload,
                due_at=at,
                expires_at=at + self.wanted_for,
            )
        )


@dataclass(frozen=True, slots=True)
class StaffMail:
    """Sends the queued mail to the newsroom's people."""

    store: Store
    config: Config
    transports: Sequence[Transport]
    links: SignedLinks

    def send_due(self, at: datetime, stop: Event) -> int:
        """Send what is due; return how many left. What can't leave now is tried again."""
        sent = 0
        with self.store.read() as tx:
            has_expired = tx.calls.has_expired(CallKind.STAFF_MAIL, at)
        if has_expired:
            with self.store.write() as tx:
                tx.calls.delete_expired(CallKind.STAFF_MAIL, at)
        while not stop.is_set():
            with self.store.read() as tx:  # a write locks out other writers
                calls = tx.calls.is_due(CallKind.STAFF_MAIL, None, at)
            if not calls:
                break
            with self.store.write() as tx:
                until = at + _CLAIM_TIME
                [*claimed] = tx.calls.claim(CallKind.STAFF_MAIL, at, until=until, limit=1)
            for call in claimed:
                sent += self._send(call, at)
        return sent

    def _send(self, call: OutgoingCall, at: datetime) -> bool:
        """Send one; return whether it left."""
        try:
            self._send_message(call.endpoint, call.payload, at)
        except SyndicateError as error:
            final = isinstance(error, (PermanentFailure, Refused))
            again = None if final else next_attempt(call.attempts + 1, at)
            with self.store.write() as tx:
                tx.calls.settle([call.failed(str(error), again)])
            level = _log.warning if isinstance(error, DeliveryError) else _log.error
            due_at = f"{again:%Y-%m-%d %H:%M} UTC" if again else "never"
            level("staff mail not sent", to=call.endpoint, reason=str(error), again=due_at)
            return False
        with self.store.write() as tx:
            tx.calls.delete(call)
        return True

    def _send_message(self, to: str, payload: Any, at: datetime) -> None:
        name, content = payload["newsletter"], Content(**payload["content"])
        newsletter = self.config.newsletter(name)
        sender = self.config.sender(newsletter) if newsletter else self.config.mail.sender
        publication = self.config.publication
        headers = EditionHeaders(
            sender=sender,
            date=at,
            newsletter=name,
            title=publication.title,
            feedback_id=f"staff:{name}:{publication.id}:{publication.id.hex[:12]}",
            letter=True,
        )
        copies = CopySender(self.config, self.transports, self.links)
        key = f"staff.{content.hash[:24]}.{int(at.timestamp())}"
        copies.send(content, headers, to, name=key, links=payload["links"])
