"""Passes of the send loop, and queues without one."""

import threading
from datetime import timedelta

from syndicate.config import Config
from syndicate.deliver.loop.ledger import BatchResult, Ledger, LedgerBatch
from syndicate.deliver.loop.send_queue import SendQueue
from syndicate.deliver.worker import DeliveryReport, configured_transports, drain
from syndicate.model.deliveries import ClaimRequest
from syndicate.store import Store
from tests.deliver.editions import NOON, links

OK = b"250 2.0.0 ok\r\n"

ENOUGH = 60
"""Seconds after which a pass that should be over is one that hangs."""


def deliver(store: Store, config: Config) -> DeliveryReport:
    """Drain once; whatever hangs is stopped, and told."""
    stop = threading.Event()
    timer = threading.Timer(ENOUGH, stop.set)
    timer.start()
    try:
        way, signed = configured_transports(config), links(store, config)
        return drain(store, config, way, signed, at=NOON, stop=stop)
    finally:
        timer.cancel()
        assert not stop.is_set(), "it hung"


def ledger_of(store: Store) -> Ledger:
    return Ledger(store, name="here:1:1:x", at=NOON, sending_lease=timedelta(minutes=5))


def claim(store: Store, edition: int, *, excluded_domains: frozenset[str]) -> set[str]:
    """Return the addresses that are claimed."""
    request = ClaimRequest(edition=edition, limit=100, after=0, excluded_domains=excluded_domains)
    return {
        claim.email for claim in ledger_of(store).record(LedgerBatch(claim_request=request)).claims
    }


def claim_and_add(send_queue: SendQueue, ledger: Ledger, request: ClaimRequest) -> BatchResult:
    result = ledger.record(LedgerBatch(claim_request=request))
    send_queue.add(request, result.claims, 0)
    return result
