"""This process's hand in the ledger."""

from datetime import timedelta

from syndicate.deliver.ledger import Ledger
from syndicate.deliver.outcome import Outcome
from syndicate.model.deliveries import State
from tests.audience import TEST
from tests.deliver import papers

HER = "ada@example.org"


def test_who_is_erased_while_being_handed_over_is_not_named_by_the_answer(store):
    papers.subscribe(store, HER)
    edition = papers.freeze(store)
    ledger = Ledger(store, at=papers.NOON, sending=timedelta(minutes=5))
    [claim] = ledger.claim(edition, 1)
    assert ledger.intend(claim)
    with store.write() as tx:
        tx.subscribers.erase(claim.subscriber, at=papers.NOON, cause=TEST)
    ledger.settle(Outcome(state=State.FAILED, code=550, reply=f"5.1.1 <{HER}> unknown"), claim)
    with store.read() as tx:
        [row] = tx.deliveries.of(edition.key)
        assert (row.state, row.code, row.reply) == (State.FAILED, 550, "")
        assert tx.subscribers.suppressed(HER) is None
