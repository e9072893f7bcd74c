"""IndexNow: submits changed pages to search engines (https://www.indexnow.org/documentation).

The queue follows the numbered changes of articles in the store, up to the one that the
last build included, so a process that is killed after a build loses nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from syndicate.publish.push.time_budget import SendReport, TimeBudget
from syndicate.render import addresses
from syndicate.store import Store, Submission, Transaction

log = structlog.get_logger()

MAX_URLS = 10_000
"""Of one message, by the protocol."""
_BATCH_SIZE = 500
"""Articles handled in one transaction."""
_OPERATOR_ERRORS: Mapping[int, str] = {
    HTTPStatus.BAD_REQUEST: "400: the message was not understood for {key}; "
    "check indexnow.endpoint and publication.url",
    HTTPStatus.FORBIDDEN: "403: the key was not found at {key}, or differs there; "
    "make sure that this address is public, or set another indexnow.key",
    HTTPStatus.UNPROCESSABLE_ENTITY: "422: the pages are not of the site of {key}; "
    "make sure that publication.url ({url}) is the address of the site",
}
"""Errors that only the operator can fix, by the status of the reply."""
_JSON = {"content-type": "application/json; charset=utf-8"}


class IndexNowSubmitter:
    """Queues and submits pages to the configured engine, which shares them with the others."""

    def __init__(self, store: Store, config: Config, client: HttpClient) -> None:
        self._store = store
        self._config = config
        self._client = client
        self._engine = config.indexnow.endpoint

    # queue

    def start(self, at: datetime) -> None:
        """Delete the queues of other engines and sites; retry if the configuration changed."""
        standing = [self._error_message(status) for status in _OPERATOR_ERRORS]
        with self._store.write() as tx:
            tx.submissions.delete_other_engines(self._engine)
            tx.submissions.delete_outside(self._engine, f"{self._config.url}/")
            tx.submissions.retry_refused(self._engine, at, still_failing=standing)

    def enqueue(self, state: ManifestState, at: datetime) -> None:
        """Enqueue the pages that changed, up to the last build.

        A new engine gets only later changes. A build of an earlier time comes from a machine
        whose clock differs, and is skipped.
        """
        with self._store.read() as tx:
            position = tx.submissions.position(self._engine)
        if position is None:
            with self._store.write() as tx:
                tx.submissions.start(self._engine, state.change, state.at)
        elif state.at >= position[1] and (state.change, state.at) != position:
            while self._enqueue_batch(state, at):
                pass

    def _enqueue_batch(self, state: ManifestState, at: datetime) -> bool:
        """Enqueue some changes, oldest first; return whether there may be more."""
        with self._store.write() as tx:
            position = tx.submissions.position(self._engine)
            if position is None:  # deleted by another process, with another engine
                return False
            change, until = position
            changed = tx.submissions.changed(change, state.change, limit=_BATCH_SIZE)
            keys, more = [key for key, _ in changed], len(changed) == _BATCH_SIZE
            if more:
                change = changed[-1][1]
            else:
                keys += tx.submissions.newly_public(until, state.at)
                change, until = max(change, state.change), max(until, state.at)
            pages = self._pages(tx, list(dict.fromkeys(keys)), state.at)
            if pages:
                tx.submissions.retry_refused(self._engine, at)
                tx.submissions.enqueue(self._engine, pages, at)
            if not tx.submissions.advance(self._engine, position, change, until):
                tx.rollback()
        return more

    def _pages(self, tx: Transaction, keys: Sequence[int], at: datetime) -> dict[str, bool]:
        """Return the URLs of articles that readers can or could see; True: now gone."""
        articles = tx.published.articles(keys)
        old_addresses = tx.published.old_addresses(keys)
        pages = {}
        for article in articles:
            public = is_public(article, at)
            if public or article.number is not None:
                pages[self._url(article.address)] = not public
                for address in old_addresses.get(article.key, ()):
                    pages[self._url(address)] = True
        return pages

    def _url(self, address: str) -> str:
        return addresses.absolute(quote(address), self._config)

    # sending

    def send(self, budget: TimeBudget) -> SendReport:
        """Submit what is due; failures are retried later."""
        report = SendReport()
        while claimed := self._claim(budget):
            failure = self._submit([submission.address for submission in claimed])
            if failure is None:
                with self._store.write() as tx:
                    tx.submissions.mark_submitted(claimed, until=budget.claimed_until)
                report.sent += len(claimed)
                log.info("indexnow submitted", engine=self._engine, pages=len(claimed))
                continue
            if failure.reply and failure.reply.status in _OPERATOR_ERRORS:
                reason = self._save_refused(claimed, failure.reply.status, budget)
            else:
                reason = self._retry(claimed, failure, budget)
            report.problems.append(Problem(self._engine, reason))
            if failure.is_server_wide:
                with self._store.write() as tx:
                    tx.endpoint_backoff.pause(self._engine, failure.pause_until(budget.at))
            break
        return report

    def _claim(self, budget: TimeBudget) -> list[Submission]:
        if budget.is_over:
            return []
        with self._store.read() as tx:
            until = tx.endpoint_backoff.until(self._engine)
            if (until and until > budget.at) or not tx.submissions.is_due(self._engine, budget.at):
                return []
        with self._store.write() as tx:
            return tx.submissions.claim(
                self._engine, budget.at, until=budget.claimed_until, limit=MAX_URLS
            )

    def _submit(self, pages: Sequence[str]) -> CallFailure | None:
        message = {
            "host": urlsplit(self._config.url).netloc,
            "key": self._config.indexnow.key,
            "keyLocation": self._key_location,
            "urlList": pages,
        }
        try:
            reply = self._client.post(self._engine, json.dumps(message).encode(), _JSON)
        except CallFailed as error:
            return CallFailure(str(error))
        accepted = reply.status in {HTTPStatus.OK, HTTPStatus.ACCEPTED}
        return None if accepted else CallFailure.of(reply)

    def _save_refused(self, claimed: Sequence[Submission], status: int, budget: TimeBudget) -> str:
        """Keep pages that were refused by a fault of the operator, which is logged once."""
        reason = self._error_message(status)
        with self._store.write() as tx:
            is_known = tx.submissions.is_refused(self._engine, reason)
            refused = [replace(s, due_at=None, attempts=1, error=reason) for s in claimed]
            tx.submissions.settle(refused, until=budget.claimed_until)
        if not is_known:
            log.error("indexnow refused", engine=self._engine, reason=reason)
        return reason

    def _retry(
        self, claimed: Sequence[Submission], failure: CallFailure, budget: TimeBudget
    ) -> str:
        failed = [failure.reschedule(submission, budget.at) for submission in claimed]
        given_up = [submission for submission in failed if submission.due_at is None]
        with self._store.write() as tx:
            tx.submissions.settle([s for s in failed if s.due_at], until=budget.claimed_until)
            tx.submissions.mark_submitted(given_up, until=budget.claimed_until)
        facts = {"engine": self._engine, "reason": failure.reason}
        if given_up:
            log.warning("indexnow given up", pages=len(given_up), **facts)
        if len(given_up) < len(failed):
            log.warning("indexnow failed", pages=len(failed) - len(given_up), **facts)
        return failure.reason

    def _error_message(self, status: int) -> str:
        """Return the fault and the remedy; always the same text for the same configuration."""
        return _OPERATOR_ERRORS[status].format(key=self._key_location, url=self._config.url)

    @property
    def _key_location(self) -> str:
        assert self._config.indexnow.address
        return addresses.absolute(self._config.indexnow.address, self._config)


def is_public(article: Article, at: datetime) -> bool:
    """Whether readers may see an article at `at`."""
    visible = article.status is not Status.DRAFT and article.retracted_at is None
    return visible and article.published <= at
