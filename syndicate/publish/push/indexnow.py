"""IndexNow: search engines are told which pages changed (https://www.indexnow.org/documentation).

What they are owed follows from the changes of articles that the store counts, up to
the one that the last build saw: whoever was killed after a build has lost nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import structlog

from syndicate.config import Config
from syndicate.errors import CallFailed, Problem
from syndicate.model.articles import Article, Status
from syndicate.publish.output.manifest import ManifestState
from syndicate.publish.push.http_client import HttpClient
from syndicate.publish.push.retry_policy import CallFailure
from syndicate.publish.push.time_budget import TimeBudget
from syndicate.render import addresses
from syndicate.store import Store, Submission, Transaction

log = structlog.get_logger()

MOST = 10_000
"""Addresses that one message may have."""
_STEP = 500
"""Articles that are looked at in one transaction."""
_MISTAKES: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "400: the message was not understood for {key}; "
    "look at indexnow.endpoint and publication.url",
    HTTPStatus.FORBIDDEN: "403: the key was not found at {key}, or is another one there; "
    "see that this address shows it to everybody, or set indexnow.key anew",
    HTTPStatus.UNPROCESSABLE_ENTITY: "422: the pages are not of the site of {key}; "
    "see that publication.url ({url}) is where the site really is",
}
"""What only the operator can mend, by the engine's answer."""
_JSON = {"content-type": "application/json; charset=utf-8"}


@dataclass(slots=True)
class SubmissionReport:
    """What became of addresses."""

    told: int = 0
    problems: list[Problem] = field(default_factory=list)


class Submitter:
    """Tells the engine of the configuration, which tells the others."""

    def __init__(self, store: Store, config: Config, caller: HttpClient) -> None:
        """Tell it of a publication that has a key."""
        self._store = store
        self._config = config
        self._caller = caller
        self._engine = config.indexnow.endpoint

    # what is owed

    def begin(self, at: datetime) -> None:
        """Forget other engines and other addresses; try again what the config has mended."""
        standing = [self._mistake(status) for status in _MISTAKES]
        with self._store.write() as tx:
            tx.submissions.delete_other_engines(self._engine)
            tx.submissions.delete_outside(self._engine, f"{self._config.url}/")
            tx.submissions.retry_refused(self._engine, at, standing=standing)

    def note(self, state: ManifestState, at: datetime) -> None:
        """Note what the engine is owed, up to what the last build saw.

        An engine that is new is told of nothing that was there before. A build of an
        earlier time is by the clock of another machine: the next one counts.
        """
        with self._store.read() as tx:
            before = tx.submissions.position(self._engine)
        if before is None:
            with self._store.write() as tx:
                tx.submissions.start(self._engine, state.change, state.at)
        elif state.at >= before[1] and (state.change, state.at) != before:
            while self._step(state, at):
                pass

    def _step(self, state: ManifestState, at: datetime) -> bool:
        """Note some changes, oldest first; return whether there may be more."""
        with self._store.write() as tx:
            before = tx.submissions.position(self._engine)
            if before is None:  # forgotten by another process, with another engine
                return False
            change, then = before
            changed = tx.submissions.changed(change, state.change, limit=_STEP)
            keys, more = [key for key, _ in changed], len(changed) == _STEP
            if more:
                change = changed[-1][1]
            else:
                keys += tx.submissions.newly_public(then, state.at)
                change, then = max(change, state.change), max(then, state.at)
            pages = self._pages(tx, list(dict.fromkeys(keys)), state.at)
            if pages:
                tx.submissions.retry_refused(self._engine, at)
                tx.submissions.enqueue(self._engine, pages, at)
            if not tx.submissions.advance(self._engine, before, change, then):
                tx.rollback()
        return more

    def _pages(self, tx: Transaction, keys: Sequence[int], at: datetime) -> dict[str, bool]:
        """Return the addresses of articles that readers can or could see; True: gone from there."""
        articles = tx.published.articles(keys)
        before = tx.published.old_addresses(keys)
        pages = {}
        for article in articles:
            public = is_public(article, at)
            if public or article.number is not None:
                pages[self._absolute(article.address)] = not public
                for address in before.get(article.key, ()):
                    pages[self._absolute(address)] = True
        return pages

    def _absolute(self, address: str) -> str:
        return addresses.absolute(quote(address), self._config)

    # telling

    def send(self, shift: TimeBudget) -> SubmissionReport:
        """Send what is due; what fails is kept for later."""
        submitted = SubmissionReport()
        while claimed := self._claimed(shift):
            failure = self._submit([one.address for one in claimed])
            if failure is None:
                with self._store.write() as tx:
                    tx.submissions.mark_submitted(claimed, until=shift.until)
                submitted.told += len(claimed)
                log.info("indexnow told", engine=self._engine, pages=len(claimed))
                continue
            if failure.reply and failure.reply.status in _MISTAKES:
                reason = self._refused(claimed, failure.reply.status, shift)
            else:
                reason = self._put_off(claimed, failure, shift)
            submitted.problems.append(Problem(self._engine, reason))
            if failure.general:
                with self._store.write() as tx:
                    tx.endpoint_backoff.pause(self._engine, failure.quiet(shift.at))
            break
        return submitted

    def _claimed(self, shift: TimeBudget) -> list[Submission]:
        if shift.is_over:
            return []
        with self._store.read() as tx:
            until = tx.endpoint_backoff.until(self._engine)
            if (until and until > shift.at) or not tx.submissions.is_due(self._engine, shift.at):
                return []
        with self._store.write() as tx:
            return tx.submissions.claim(self._engine, shift.at, until=shift.until, limit=MOST)

    def _submit(self, pages: Sequence[str]) -> CallFailure | None:
        """Tell of pages; return why they weren't taken."""
        message = {
            "host": urlsplit(self._config.url).netloc,
            "key": self._config.indexnow.key,
            "keyLocation": self._key_location,
            "urlList": pages,
        }
        try:
            reply = self._caller.post(self._engine, json.dumps(message).encode(), _JSON)
        except CallFailed as error:
            return CallFailure(str(error))
        taken = reply.status in {HTTPStatus.OK, HTTPStatus.ACCEPTED}
        return None if taken else CallFailure.of(reply)

    def _refused(self, claimed: Sequence[Submission], status: int, shift: TimeBudget) -> str:
        """Keep what was refused because of a mistake of the operator's, who is told once."""
        reason = self._mistake(status)
        with self._store.write() as tx:
            told = tx.submissions.is_refused(self._engine, reason)
            kept = [replace(one, due_at=None, attempts=1, error=reason) for one in claimed]
            tx.submissions.settle(kept, until=shift.until)
        if not told:
            log.error("indexnow refused", engine=self._engine, reason=reason)
        return reason

    def _put_off(
        self, claimed: Sequence[Submission], failure: CallFailure, shift: TimeBudget
    ) -> str:
        later = [
            replace(
                one,
                due_at=failure.again(one.attempts + 1, shift.at),
                attempts=one.attempts + 1,
                error=failure.reason,
            )
            for one in claimed
        ]
        lost = [one for one in later if one.due_at is None]
        with self._store.write() as tx:
            tx.submissions.settle([one for one in later if one.due_at], until=shift.until)
            tx.submissions.mark_submitted(lost, until=shift.until)
        facts = {"engine": self._engine, "reason": failure.reason}
        if lost:
            log.warning("indexnow given up", pages=len(lost), **facts)
        if len(lost) < len(later):
            log.warning("indexnow failed", pages=len(later) - len(lost), **facts)
        return failure.reason

    def _mistake(self, status: int) -> str:
        """Say what to mend; the same mistake of the same configuration is the same text."""
        return _MISTAKES[status].format(key=self._key_location, url=self._config.url)

    @property
    def _key_location(self) -> str:
        """Where the engine finds the key."""
        assert self._config.indexnow.address
        return addresses.absolute(self._config.indexnow.address, self._config)


def is_public(article: Article, at: datetime) -> bool:
    """Whether readers may see an article at `at`."""
    kept = article.status is not Status.DRAFT and article.retracted_at is None
    return kept and article.published <= at
