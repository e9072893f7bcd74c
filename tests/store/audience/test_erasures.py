"""Who was erased is gone, and stays so."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import pytest

from syndicate.model.subscribers import Action, SubscribeOutcome
from tests.causes import by_reader, by_test
from tests.store.audience.samples import BUTTON, HER, NOW, key_of, stands, subscribe


def test_who_was_erased_is_gone_and_no_import_brings_them_back(tx):
    subscribe(tx, name="Ada")
    key = key_of(tx)
    tx.subscribers.tag(key, ["vip"], cause=by_test(NOW))
    assert tx.erasures.erase(key, cause=BUTTON)
    assert tx.subscribers.by_key(key) is None
    assert [change.action for change in tx.audit_log.changes(key)] == [Action.ERASED]
    assert subscribe(tx, "Ada@Example.org") is SubscribeOutcome.ERASED
    assert tx.subscribers.by_email(HER) is None
    assert not tx.erasures.erase(key, cause=BUTTON)


def test_who_was_erased_may_come_back_by_their_own_wish(tx):
    subscribe(tx)
    tx.erasures.erase(key_of(tx), cause=BUTTON)
    key = tx.subscribers.add_pending(HER, ["news"], cause=by_reader("form", NOW))
    tx.subscribers.confirm(key, ["news"], cause=BUTTON)
    assert stands(tx) == {"news": "confirmed"}
    assert subscribe(tx, newsletter="culture") is SubscribeOutcome.NEW


def test_an_erasure_waits_for_a_subscription_under_way_and_takes_it_too(store):
    with store.write() as tx:
        subscribe(tx)
        key = key_of(tx)

    def erase():
        with store.write() as tx:
            tx.erasures.erase(key, cause=BUTTON)

    with ThreadPoolExecutor(1) as other:
        with store.write() as tx:
            subscribe(tx, newsletter="culture")
            erased = other.submit(erase)
            with pytest.raises(StillWaiting):
                erased.result(timeout=0.3)
        erased.result(timeout=60)
    with store.read() as tx:
        assert tx.subscribers.by_key(key) is None
        assert tx.subscribers.by_email(HER) is None
        assert tx.erasures.contains(HER)
