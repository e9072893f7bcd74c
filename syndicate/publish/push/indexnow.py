"""IndexNow: submits changed pages to search engines (https://www.indexnow.org/documentation).

The queue follows the numbered changes of articles in the store, up to the one that the
last build included, so a process that is killed after a build loses nothing.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import structlog

from syndicate.config import Config
from syndicate.publish.push.call_sender import CallFailure, CallSender, SendReport, TimeBudget
from syndicate.publish.push.http_client import HttpClient
from syndicate.publish.records.manifest import ManifestState
from syndicate.render import addresses
from syndicate.store import CallKind, OutgoingCall, Store, Transaction

log = structlog.get_logger()

MAX_URLS = 10_000
"""Of one message, by the protocol."""
_KIND = CallKind.INDEXNOW
_GONE = "gone"
"""The version of a page that moved or was retracted: an engine is notified of that once."""
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
        assert config.indexnow.address
        self._key_location = addresses.absolute(config.indexnow.address, config)
        self._operator_errors = {
            status: error.format(key=self._key_location, url=config.url)
            for status, error in _OPERATOR_ERRORS.items()
        }
        """Faults and remedies: always the same text for the same configuration."""

    # queue

    def start(self, at: datetime) -> None:
        """Delete the queues of other engines and sites; retry if the configuration changed."""
        errors = [*self._operator_errors.values()]
        with self._store.write() as tx:
            tx.engines.delete_others(self._engine)
            tx.calls.delete_other_endpoints(_KIND, [self._engine])
            tx.calls.delete_topics_outside(_KIND, f"{self._config.url}/")
            tx.calls.retry_stopped(_KIND, self._engine, at, still_failing=errors)

    def enqueue(self, state: ManifestState, at: datetime) -> None:
        """Enqueue the pages that changed, up to the last build.

        A new engine gets only later changes. A build of an earlier time comes from a machine
        whose clock differs, and is skipped.
        """
        with self._store.read() as tx:
            position = tx.engines.load(self._engine)
        if position is None:
            with self._store.write() as tx:
                tx.engines.start(self._engine, state.change, state.at)
        elif state.at >= position[1] and (state.change, state.at) != position:
            while self._enqueue_batch(state, at):
                pass

    def _enqueue_batch(self, state: ManifestState, at: datetime) -> bool:
        """Enqueue some changes, oldest first; return whether there may be more."""
        with self._store.write() as tx:
            position = tx.engines.load(self._engine)
            if position is None:  # deleted by another process, with another engine
                return False
            change, until = position
            changed = tx.engines.changed(change, state.change, limit=_BATCH_SIZE)
            keys, more = [key for key, _ in changed], len(changed) == _BATCH_SIZE
            if more:
                change = changed[-1][1]
            else:
                keys += tx.engines.newly_public(until, state.at)
                change, until = max(change, state.change), max(until, state.at)
            pages = self._pages(tx, list(dict.fromkeys(keys)), state)
            if pages:
                tx.calls.retry_stopped(_KIND, self._engine, at)
                tx.calls.enqueue(_KIND, self._engine, pages, at)
            if not tx.engines.advance(self._engine, position, change, until):
                tx.rollback()
        return more

    def _pages(self, tx: Transaction, keys: Sequence[int], state: ManifestState) -> dict[str, str]:
        """Return the URLs of articles that readers can or could see, each with its version."""
        version = f"{state.change} {state.at.isoformat()}"
        old_addresses = tx.published.old_addresses(keys)
        pages = {}
        for article in tx.published.articles(keys):
            public = article.is_public(state.at)
            if public or article.number is not None:
                pages[self._url(article.address)] = version if public else _GONE
                for address in old_addresses.get(article.key, ()):
                    pages[self._url(address)] = _GONE
        return pages

    def _url(self, address: str) -> str:
        return addresses.absolute(quote(address), self._config)

    # sending

    def send(self, budget: TimeBudget) -> SendReport:
        """Submit what is due; failures are retried later."""
        sender = CallSender(
            self._store, _KIND, self._engine, self._submit, MAX_URLS, message_size=MAX_URLS
        )
        report = sender.send(budget)
        if report.sent or report.problems:
            errors = [*self._operator_errors.values()]
            with self._store.write() as tx:
                tx.calls.delete_finished(_KIND, keep_version=_GONE, keep_errors=errors)
        return report

    def _submit(self, pages: Sequence[OutgoingCall]) -> CallFailure | None:
        message = {
            "host": urlsplit(self._config.url).netloc,
            "key": self._config.indexnow.key,
            "keyLocation": self._key_location,
            "urlList": [page.topic for page in pages],
        }
        reply = self._client.post(self._engine, json.dumps(message).encode(), _JSON)
        if error := self._operator_errors.get(reply.status):
            return CallFailure(error, reply, needs_operator=True)
        if reply.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            return CallFailure.of(reply)
        log.info("indexnow submitted", engine=self._engine, pages=len(pages))
        return None
