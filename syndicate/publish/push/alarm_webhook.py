"""Calls the operator's webhook with the alarms of the queue, as JSON.

It may be on this machine or in a private network: the operator named it, no stranger.
"""

import json
from collections.abc import Sequence
from typing import Self

from syndicate.config import Config
from syndicate.publish.push.call_sender import CallFailure, CallSender, SendReport, TimeBudget
from syndicate.publish.push.http_client import HttpClient
from syndicate.publish.push.ssrf_guard import host_of
from syndicate.store import CallKind, OutgoingCall, Store

_BATCH_SIZE = 20
_JSON = {"content-type": "application/json; charset=utf-8"}


class AlarmWebhook:
    """Sends what is queued for the configured webhook; failures are tried again for a day."""

    def __init__(self, store: Store, address: str, client: HttpClient) -> None:
        self._store = store
        self._address = address
        self._client = client

    @classmethod
    def of(cls, store: Store, config: Config) -> Self | None:
        """Return the webhook of a publication; None without one."""
        address = config.alarms.webhook
        return cls(store, address, HttpClient(allowed=None)) if address else None

    def send(self, budget: TimeBudget) -> SendReport:
        """Send what is due; one that failed is tried again later."""
        sender = CallSender(
            self._store,
            CallKind.WEBHOOK,
            self._address,
            self._post,
            _BATCH_SIZE,
            name=host_of(self._address),
        )
        report = sender.send(budget)
        if report.sent or report.problems:
            with self._store.write() as tx:
                tx.calls.delete_finished(CallKind.WEBHOOK, keep_version="", keep_errors=())
        return report

    def _post(self, calls: Sequence[OutgoingCall]) -> CallFailure | None:
        (call,) = calls
        body = json.dumps(call.payload, ensure_ascii=False).encode()
        reply = self._client.post(self._address, body, _JSON)
        return None if reply.is_success else CallFailure.of(reply)
