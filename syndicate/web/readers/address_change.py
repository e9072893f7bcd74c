"""A change of address: a letter asks both addresses, and both have to agree.

The preferences link may come from a forwarded mail, and anybody's address can be entered.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from syndicate import clock
from syndicate.model.editions import Content
from syndicate.model.subscribers import (
    Action,
    Actor,
    Cause,
    ConfirmationKind,
    Subscriber,
    normalise_email,
)
from syndicate.render.mail.letter import Letter
from syndicate.store import PendingConfirmation, Transaction
from syndicate.web.forms import Form
from syndicate.web.pages import WebPages
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.link_pages import mask_email
from syndicate.web.readers.signup_requests import SignupValidator

_NO_KEY = 0
"""Stands for the reader and letter of a new address that gets no mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChangeState:
    """The state of a change of address, from the side of one of the two addresses."""

    confirmation: PendingConfirmation
    other: PendingConfirmation | None
    """The confirmation of the other address."""
    old: Subscriber | None
    new: Subscriber | None
    moved: bool
    """Whether the reader has left the old address since, for this one or another."""

    @property
    def is_old_address(self) -> bool:
        """Whether this is the side of the old address."""
        return bool(self.confirmation.subscriber == self.confirmation.asked["from"])

    @property
    def reader(self) -> Subscriber | None:
        """The reader with the address of this side."""
        return self.old if self.is_old_address else self.new

    def name(self, at: datetime) -> str:
        """Return what the page shows: "open", "agreed" on this side alone, "done" or "over"."""
        has_agreed = self.confirmation.done_at is not None
        if has_agreed and self.other is None and self.moved and self.old is not None:
            return "done"
        if self.is_over(at) or self.reader is None:
            return "over"
        return "agreed" if has_agreed else "open"

    def is_over(self, at: datetime) -> bool:
        """Return whether the change can't happen any more.

        Until the new address agrees, the old side learns nothing about it: a suppressed or
        erased address looks like one that is slow to answer.
        """
        if self.old is None or self.moved:
            return True
        new_agreed = self.other is not None and self.other.done_at is not None
        if self.is_old_address and not new_agreed:
            return self.confirmation.expires_at <= at
        if self.other is None or self.new is None:
            return True
        if self.new.suppression is not None and not self.new.suppression.is_bounce:
            return True
        both = (self.confirmation, self.other)
        return any(side.done_at is None and side.expires_at <= at for side in both)


@dataclass(frozen=True)
class AddressChange:
    """Sends the two letters, and moves the reader once both addresses agreed."""

    pages: WebPages
    letters: LetterSender
    validator: SignupValidator

    def request(self, reader: Subscriber, email: str, *, cause: Cause) -> timedelta | None:
        """Send the two letters; return how long to wait when there were too many requests.

        The result doesn't reveal whether the new address is known, suppressed or over its
        limit: the old address gets its letter in any case. Raise StoreError or TemplateError.
        """
        if normalise_email(email) == normalise_email(reader.email):
            return None
        language = self.letters.choose_language(reader)
        to_old = self.letters.compose(Letter.LEAVE_ADDRESS, language)
        to_new = self.letters.compose(Letter.NEW_ADDRESS, language)
        with self.letters.store.write() as tx:
            wait = self.letters.limits.take_address_change(tx, reader.key, cause)
            wait = self.letters.limits.take_letter(tx, cause.at) if wait is None else wait
            if wait is not None:
                return wait
            within_limit = self.letters.limits.take_letter_to(tx, email, cause.at) is None
            letters, new = {reader.key: to_old}, None
            if within_limit:
                new = tx.subscribers.add_pending(email, (), cause=cause)
            if new is not None:
                letters[new] = to_new
            self._add_confirmations(tx, reader.key, new, letters, cause)
        self.letters.notify_sender()
        return None

    def show(self, confirmation: PendingConfirmation) -> Response:
        """Return the page with the button, or the state of the change. Raise StoreError."""
        with self.letters.store.read() as tx:
            state = _load_state(tx, confirmation)
        return self._page(state, state.name(clock.now()))

    def confirm(self, confirmation: PendingConfirmation, _: Form, *, origin: str) -> Response:
        """Record an agreement; after the second one, change the address. Raise StoreError."""
        at = clock.now()
        how = f"buttons in letters {confirmation.letter} and {confirmation.asked['pair']}"
        cause = Cause(who=Actor.READER, how=how, at=at, origin=origin)
        with self.letters.store.write() as tx:
            tx.lock_numbers()  # of two agreements at once, one has to see the other
            before = _load_state(tx, confirmation)
            if not before.is_over(at):
                tx.confirmations.mark_done(confirmation.letter, at=at)
                if before.other is not None and before.other.done_at is not None:
                    old, new = confirmation.asked["from"], confirmation.asked["to"]
                    tx.subscribers.change_address(old, new, cause=cause)
                    return self._page(before, "done")
            state = _load_state(tx, confirmation)
        return self._page(state, state.name(at))

    def _add_confirmations(
        self, tx: Transaction, old: int, new: int | None, letters: dict[int, Content], cause: Cause
    ) -> None:
        """Queue the letters with their confirmations; none for a `new` of None."""
        expires_at = cause.at + self.letters.config.signup.expire_after
        numbers = {
            reader: tx.editions.add_letter(
                content, to=reader, created_at=cause.at, expires_at=expires_at
            )
            for reader, content in letters.items()
        }
        to = _NO_KEY if new is None else new
        for reader, letter in numbers.items():
            pair = numbers.get(to if reader == old else old, _NO_KEY)
            tx.confirmations.add(
                PendingConfirmation(
                    letter=letter,
                    subscriber=reader,
                    kind=ConfirmationKind.ADDRESS,
                    asked={"from": old, "to": to, "pair": pair},
                    at=cause.at,
                    expires_at=expires_at,
                )
            )
        tx.audit_log.add(old, Action.ASKED, cause, detail="new address")

    def _page(self, state: _ChangeState, name: str) -> Response:
        """Return the page with the button, or where the change has got to."""
        reader = state.new or state.old if name == "done" else state.reader
        values = {
            "state": name,
            "is_old": state.is_old_address,
            "email": mask_email(reader.email if reader else ""),
        }
        language = state.old.language if state.old else None
        status = 410 if name == "over" else 200
        return self.pages.render(
            "web/readers/address_change.html", values, language=language, status=status
        )


def _load_state(tx: Transaction, confirmation: PendingConfirmation) -> _ChangeState:
    """Load the current state: the confirmation may be a moment old."""
    old, new = confirmation.asked["from"], confirmation.asked["to"]
    other = new if confirmation.subscriber == old else old
    return _ChangeState(
        confirmation=tx.confirmations.find(confirmation.letter, confirmation.subscriber)
        or confirmation,
        other=tx.confirmations.find(confirmation.asked["pair"], other),
        old=tx.subscribers.by_key(old),
        new=tx.subscribers.by_key(new),
        moved=any(
            change.action is Action.MOVED and change.cause.at >= confirmation.at
            for change in tx.audit_log.changes(old)
        ),
    )
