"""A change of address: asked of both addresses by letter, made once both said yes.

Who has a link to somebody's preferences may have it from a forwarded mail, and anybody's
address can be entered: so the old one has to agree, and the new one too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from syndicate import clock
from syndicate.config import Config
from syndicate.model.editions import Content
from syndicate.model.subscribers import Action, Actor, Cause, Subscriber, normalise_email
from syndicate.render.mail.letter import Letter
from syndicate.store import ConfirmationKind, PendingConfirmation, Store, Transaction
from syndicate.store.audience.audit_log import AuditEntry
from syndicate.web.error_pages import mask_email
from syndicate.web.forms import Form
from syndicate.web.pages import WebPages
from syndicate.web.reader_strings import AddressChangeStrings
from syndicate.web.readers.letters import LetterSender
from syndicate.web.readers.signup.limits import SignupLimits
from syndicate.web.readers.signup.validation import SignupValidator
from syndicate.web.security_headers import answer
from syndicate.web.ui_strings import web_strings

_NO_KEY = 0
"""The number of no reader and of no letter, where the new address is not written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChangeState:
    """Where a question stands, with what there is of the other one of its pair."""

    asked: PendingConfirmation
    pair: PendingConfirmation | None
    old: Subscriber | None
    new: Subscriber | None
    moved: bool
    """Whether the old address was left since, for this one or another."""

    @property
    def of_old(self) -> bool:
        """Whether it is the old address that was asked."""
        return bool(self.asked.subscriber == self.asked.asked["from"])

    @property
    def asked_of(self) -> Subscriber | None:
        """Who was asked."""
        return self.old if self.of_old else self.new

    @property
    def done(self) -> bool:
        """Whether both said yes, and the address is changed."""
        return self.asked.done_at is not None and self.pair is None and self.moved

    def over(self, at: datetime) -> bool:
        """Whether nothing can come of it any more.

        As long as the new address didn't say yes, the old one learns nothing of it: one that
        is not mailed, or is gone, looks like one that is slow to answer.
        """
        if self.old is None or self.moved:
            return True
        agreed = self.pair is not None and self.pair.done_at is not None
        if self.of_old and not agreed:
            return self.asked.expires_at <= at
        if self.pair is None or self.new is None or self.new.suppressed is not None:
            return True
        both = (self.asked, self.pair)
        return any(one.done_at is None and one.expires_at <= at for one in both)


class AddressChange:
    """Asks both addresses, and moves the reader when both agree."""

    def __init__(
        self,
        store: Store,
        config: Config,
        pages: WebPages,
        *,
        letters: LetterSender,
        clerk: SignupValidator,
        limits: SignupLimits,
    ) -> None:
        self._store = store
        self._config = config
        self._pages = pages
        self._letters = letters
        self._clerk = clerk
        self._limits = limits

    def read(self, typed: str) -> str | None:
        """Return the address that was typed; None for what is no address to write to."""
        return self._clerk.address(typed)

    def ask(
        self, person: Subscriber, email: str, *, cause: Cause, at: datetime
    ) -> timedelta | None:
        """Send the two letters; return how long to wait where the reader asks too often.

        Nobody learns from it whether the new address is known here, not mailed, or had its
        letters: the old one gets its letter in any case. Raise StoreError or TemplateError.
        """
        if normalise_email(email) == normalise_email(person.email):
            return None
        language = self._letters.language(person)
        to_old = self._letters.compose(Letter.LEAVE_ADDRESS, language)
        to_new = self._letters.compose(Letter.NEW_ADDRESS, language)
        with self._store.write() as tx:
            wait = self._limits.of_change(tx, person.key, cause.origin, at)
            wait = self._limits.of_all(tx, at) if wait is None else wait
            if wait is not None:
                return wait
            free = self._limits.of_address(tx, email, at) is None
            new = tx.subscribers.add_pending(email, (), cause=cause, at=at) if free else None
            letters = {person.key: to_old}
            if new is not None:
                letters[new] = to_new
            self._put(tx, person.key, new, letters, cause=cause, at=at)
        self._letters.hand_over()
        return None

    def show(self, question: PendingConfirmation) -> Response:
        """Show what is asked, or where it stands. Raise StoreError."""
        with self._store.read() as tx:
            standing = _load_state(tx, question)
        return self._page(standing, clock.now())

    def confirm(self, question: PendingConfirmation, _: Form, *, origin: str) -> Response:
        """Take a yes; make the change if it was the second. Raise StoreError."""
        at = clock.now()
        how = f"buttons in letters {question.letter} and {question.asked['pair']}"
        cause = Cause(who=Actor.READER, how=how, origin=origin)
        with self._store.write() as tx:
            tx.lock_numbers()  # of two answers at once, one has to see the other
            before = _load_state(tx, question)
            if not before.over(at):
                tx.confirmations.mark_done(question.letter, at=at)
                if before.pair is not None and before.pair.done_at is not None:
                    old, new = question.asked["from"], question.asked["to"]
                    tx.subscribers.change_address(old, new, cause=cause, at=at)
                    return self._done(before)
            standing = _load_state(tx, question)
        return self._page(standing, at)

    def _put(
        self,
        tx: Transaction,
        old: int,
        new: int | None,
        letters: dict[int, Content],
        *,
        cause: Cause,
        at: datetime,
    ) -> None:
        """Freeze the letters, and what they ask; a `new` of None is not asked."""
        expires_at = at + self._config.signup.expire_after
        numbers = {
            reader: tx.editions.add_letter(content, to=reader, created_at=at, expires_at=expires_at)
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
                    at=at,
                    expires_at=expires_at,
                )
            )
        line = AuditEntry(
            subscriber=old, action=Action.ASKED, cause=cause, at=at, detail="new address"
        )
        tx.audit_log.add(line)

    # what the reader sees

    def _page(self, standing: _ChangeState, at: datetime) -> Response:
        words, language = self._words(standing)
        if standing.done and standing.old is not None:
            return self._done(standing)
        if standing.over(at) or standing.asked_of is None:
            page = self._pages.notice(words.over_title, words.over, language=language)
            return answer(page, 410)
        if standing.asked.done_at is not None:
            said = words.waiting_new if standing.of_old else words.waiting_old
            return answer(self._pages.notice(words.waiting_title, said, language=language))
        question = words.old if standing.of_old else words.new
        values = {
            "title": words.old_title if standing.of_old else words.new_title,
            "question": question.format(
                publication=self._config.publication.title,
                email=mask_email(standing.asked_of.email),
            ),
            "button": words.old_button if standing.of_old else words.new_button,
        }
        policy = ("form-action 'self'",)
        page = self._pages.render(
            "web/address_change.html", values, language=language, policy=policy
        )
        return answer(page)

    def _done(self, standing: _ChangeState) -> Response:
        """Say that it is done; the new address may have been left again since."""
        words, language = self._words(standing)
        now = standing.new or standing.old
        said = words.done.format(
            publication=self._config.publication.title, email=mask_email(now.email if now else "")
        )
        return answer(self._pages.notice(words.done_title, said, language=language))

    def _words(self, standing: _ChangeState) -> tuple[AddressChangeStrings, str]:
        own = standing.old.language if standing.old else None
        words = web_strings(own or self._config.publication.language)
        return words.address_change, words.language


def _load_state(tx: Transaction, asked: PendingConfirmation) -> _ChangeState:
    """Look at a question as it is now: it may have been answered a moment ago."""
    old, new = asked.asked["from"], asked.asked["to"]
    other = new if asked.subscriber == old else old
    return _ChangeState(
        asked=tx.confirmations.find(asked.letter, asked.subscriber) or asked,
        pair=tx.confirmations.find(asked.asked["pair"], other),
        old=tx.subscribers.by_key(old),
        new=tx.subscribers.by_key(new),
        moved=any(
            change.action is Action.MOVED and change.at >= asked.at
            for change in tx.audit_log.changes(old)
        ),
    )
