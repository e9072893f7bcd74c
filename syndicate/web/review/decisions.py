"""Reviewers' decisions: confirmed by a code that is mailed to the reviewer, and acted on.

A code is stored as a hash, which also covers the edition's content, the decision and the note: it
confirms nothing else. An approval is a fact in the store, which the process that sends acts on.
"""

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from syndicate.config import Config, Newsletter
from syndicate.config.values import Mailbox
from syndicate.errors import Refused
from syndicate.model.editions import Edition
from syndicate.model.reviews import CODE_LIFETIME, ReviewCode, ReviewDecision, code_topic
from syndicate.model.subscribers import Actor, Cause
from syndicate.render.mail.review import CodeDetails, compose_code
from syndicate.render.templates import Templates
from syndicate.schedule.release import reject_edition, send_back
from syndicate.schedule.staff_mail import StaffMessage
from syndicate.store import Store, Transaction

CODES_PER_HOUR = 5
"""How many codes one reviewer gets."""
_HOUR = timedelta(hours=1)
_RESEND_AFTER = timedelta(minutes=1)
"""How soon another code is mailed for the same decision."""
_DIGITS = 6
_VERBS = {
    ReviewDecision.APPROVE: "approved",
    ReviewDecision.SEND_BACK: "sent back",
    ReviewDecision.STOP: "stopped",
}
BY_CODE, TRUSTED = "by code", "in a browser trusted by a code"
"""How a reviewer proved who they are."""
_HOW = re.compile(rf"(?:{'|'.join(_VERBS.values())}) by (?P<name>.+), (?:{BY_CODE}|{TRUSTED})")


class ReviewOutcome(StrEnum):
    """What came of a decision."""

    DONE = "done"
    CHANGED = "changed"
    """The edition's articles have changed: what was seen isn't what would go out."""
    WRONG_CODE = "wrong code"
    NO_CODE = "no code"
    """There is none, or it has expired or was typed too often."""
    TOO_LATE = "too late"
    """Somebody was quicker, or the time is over; the page shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """A decision that a reviewer makes about an edition."""

    edition: Edition
    reviewer: Mailbox
    decision: ReviewDecision
    note: str
    at: datetime

    @property
    def address(self) -> str:
        """The reviewer's address, as codes are known by it."""
        return self.reviewer.address.lower()

    @property
    def person(self) -> str:
        """The reviewer's name, or the address where there is none."""
        return self.reviewer.name or self.reviewer.address

    def cause(self, way: str) -> Cause:
        """Return who decides, and how they proved who they are."""
        how = f"{_VERBS[self.decision]} by {self.person}, {way}"
        return Cause(who=Actor.REVIEWER, how=how, at=self.at, why=self.note)


def reviewer_name(cause: Cause) -> str:
    """Return the name of the reviewer who decided; empty for anybody else."""
    match = _HOW.fullmatch(cause.how) if cause.who is Actor.REVIEWER else None
    return match["name"] if match else ""


class ReviewDesk:
    """Mails codes, checks them, and records what reviewers decide."""

    def __init__(
        self, store: Store, config: Config, secret: bytes, mail_due: Callable[[], None]
    ) -> None:
        """`mail_due` is called when a code waits to be sent."""
        self._store = store
        self._config = config
        self._secret = secret
        self._mail_due = mail_due
        self._templates = Templates(config.templates)

    def send_code(self, request: ReviewRequest) -> timedelta | None:
        """Mail a code to the reviewer; return how long to wait if they had too many.

        One that was mailed just now isn't mailed again. Raise StoreError or TemplateError.
        """
        edition, decision, at = request.edition, request.decision, request.at
        code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        message = self._message(request, code)
        stored = ReviewCode(
            edition=edition.key,
            reviewer=request.address,
            decision=decision,
            content=edition.content,
            note=request.note,
            hash=self._hash(request, request.note, code),
            asked_at=at,
            expires_at=at + CODE_LIFETIME,
        )
        with self._store.write() as tx:
            earlier = tx.review_codes.find(edition.key, request.address, decision)
            is_same = earlier and earlier.is_open(at) and earlier.note == request.note
            if earlier and is_same and at - earlier.asked_at < _RESEND_AFTER:
                return None
            name = f"review code to {request.address}"
            wait = tx.attempt_limits.take(name, limit=CODES_PER_HOUR, per=_HOUR, at=at)
            if wait is not None:
                return wait
            tx.review_codes.put(stored)
            message.enqueue(tx, at)
        self._mail_due()
        return None

    def confirm(self, request: ReviewRequest, typed: str) -> ReviewOutcome:
        """Decide if the code is right; each wrong one uses up a try. Raise StoreError.

        The note is the one that the code was asked for with.
        """
        code = re.sub(r"[\s-]", "", typed)
        if not re.fullmatch(f"[0-9]{{{_DIGITS}}}", code):
            return ReviewOutcome.WRONG_CODE
        try:
            with self._store.write() as tx:
                stored = tx.review_codes.take_try(
                    request.edition.key, request.address, request.decision, request.at
                )
                if stored is None:
                    return ReviewOutcome.NO_CODE
                if not hmac.compare_digest(stored.hash, self._hash(request, stored.note, code)):
                    return ReviewOutcome.WRONG_CODE
                tx.review_codes.delete(stored)
                return _act(tx, request, stored.note, BY_CODE)
        except Refused:
            return ReviewOutcome.TOO_LATE

    def decide(self, request: ReviewRequest) -> ReviewOutcome:
        """Decide in a browser that is trusted. Raise StoreError."""
        try:
            with self._store.write() as tx:
                return _act(tx, request, request.note, TRUSTED)
        except Refused:
            return ReviewOutcome.TOO_LATE

    def pending(self, request: ReviewRequest) -> ReviewCode | None:
        """Return the code that the reviewer can type, without the code itself."""
        with self._store.read() as tx:
            stored = tx.review_codes.find(request.edition.key, request.address, request.decision)
        return stored if stored is not None and stored.is_open(request.at) else None

    def _message(self, request: ReviewRequest, code: str) -> StaffMessage:
        edition, name = request.edition, request.edition.newsletter
        details = CodeDetails(
            code=code,
            decision=request.decision,
            note=request.note,
            newsletter=self._config.newsletter(name) or Newsletter(name=name),
            subject=edition.subject,
        )
        content = compose_code(details, config=self._config, templates=self._templates)
        return StaffMessage(
            to=request.reviewer.address,
            key=code_topic(edition.key, request.decision),
            content=content,
            newsletter=name,
            wanted_for=CODE_LIFETIME,
        )

    def _hash(self, request: ReviewRequest, note: str, code: str) -> str:
        edition = request.edition
        parts = (code, edition.key, edition.content, request.address, request.decision, note)
        signed = "\0".join(map(str, parts)).encode()
        return hmac.digest(self._secret, signed, "sha256").hex()


def _act(tx: Transaction, request: ReviewRequest, note: str, way: str) -> ReviewOutcome:
    """Record a decision; raise Refused where it can't be made any more."""
    key = request.edition.key
    tx.lock_numbers()
    cause = replace(request, note=note).cause(way)
    match request.decision:
        case ReviewDecision.APPROVE:
            if tx.waiting.is_sent_back(key):
                raise Refused(f"edition {key} was sent back")
            if tx.waiting.approve(key, cause) is None:
                return ReviewOutcome.CHANGED
        case ReviewDecision.SEND_BACK:
            if tx.waiting.is_sent_back(key):
                raise Refused(f"edition {key} was sent back")
            send_back(tx, key, cause)
        case ReviewDecision.STOP:
            waiting = tx.waiting.find(key)
            if waiting is None:
                raise Refused(f"edition {key} doesn't wait any more")
            reject_edition(tx, waiting, cause)
    return ReviewOutcome.DONE
