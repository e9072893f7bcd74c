"""This process's hand in the ledger."""

from datetime import timedelta

from syndicate.deliver.loop import outcomes
from syndicate.deliver.loop.ledger import Ledger, LedgerBatch
from syndicate.errors import PermanentFailure
from syndicate.model.deliveries import ClaimRequest, DeliveryState
from tests.causes import by_test
from tests.deliver import editions

HER = "ada@example.org"


def test_who_is_erased_while_being_handed_over_is_not_named_by_the_answer(store):
    editions.subscribe(store, HER)
    edition = editions.freeze(store)
    ledger = Ledger(store, name="here:1:1:x", at=editions.NOON, sending_lease=timedelta(minutes=5))
    wanted = ClaimRequest(edition=edition.key, limit=1, after=0, excluded_domains=frozenset())
    [claim] = ledger.record(LedgerBatch(claim_request=wanted)).claims
    assert ledger.record(LedgerBatch(intents=[claim])).may_send == {(edition.key, claim.subscriber)}
    with store.write() as tx:
        tx.erasures.erase(claim.subscriber, cause=by_test(editions.NOON))
    refused = PermanentFailure(f"550 5.1.1 <{HER}> unknown", 550)
    verdict = outcomes.classify(refused, claim, edition, editions.NOON)
    ledger.record(LedgerBatch(outcomes=[verdict]))
    with store.read() as tx:
        [row] = tx.deliveries.by_edition(edition.key)
        assert (row.state, row.code, row.reply) == (DeliveryState.FAILED, 550, "")
        assert tx.subscribers.suppression_reason(HER) is None
