"""Private feeds in the store: granted, revoked, and found again by nobody but their readers."""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

from syndicate.model.subscribers import Action
from syndicate.store import Store
from syndicate.store.audience import private_feeds as module
from tests.causes import by_reader, by_test

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=40)
HER, HIS = "ada@example.org", "bo@example.org"
BY: dict[str, Any] = {"cause": by_test(NOW)}


@pytest.fixture
def tx(store):
    with store.write() as transaction:
        for email in (HER, HIS):
            transaction.subscribers.subscribe(email, "news", **BY)
        yield transaction


def key_of(tx, email=HER):
    return tx.subscribers.by_email(email).key


def trail(tx, key):
    return [(change.action, change.detail) for change in tx.audit_log.changes(key)][1:]


def test_a_token_is_the_reader_s_number_and_a_long_secret(tx):
    number, _, secret = tx.private_feeds.grant(key_of(tx), **BY).partition("-")
    assert int(number, 36) == key_of(tx)
    assert len(secret) >= 43
    assert tx.private_feeds.grant(key_of(tx, HIS), **BY) not in {number, secret}


def test_of_the_secret_a_hash_is_kept_and_no_more(store_url):
    store = Store.open(store_url)
    with store.write() as tx:
        tx.subscribers.subscribe(HER, "news", **BY)
        token = tx.private_feeds.grant(key_of(tx), **BY)
    store.close()
    engine = create_engine(store_url)
    with engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM private_feeds")).all()
    engine.dispose()
    secret = token.partition("-")[2]
    assert row.secret == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(row)


def test_a_token_is_good_until_it_is_revoked(tx):
    key = key_of(tx)
    token = tx.private_feeds.grant(key, **BY)
    assert tx.private_feeds.is_valid(token)
    assert tx.private_feeds.granted_at(key) == NOW
    assert tx.private_feeds.revoke(key, **BY)
    assert not tx.private_feeds.is_valid(token)
    assert tx.private_feeds.granted_at(key) is None
    assert not tx.private_feeds.revoke(key, **BY)
    assert trail(tx, key) == [(Action.GRANTED, ""), (Action.REVOKED, "")]


def test_a_new_token_ends_the_old_one(tx):
    old = tx.private_feeds.grant(key_of(tx), **BY)
    new = tx.private_feeds.grant(key_of(tx), cause=by_test(LATER))
    assert (tx.private_feeds.is_valid(old), tx.private_feeds.is_valid(new)) == (False, True)
    assert tx.private_feeds.granted_at(key_of(tx)) == LATER
    assert [(grant.email, grant.since) for grant in tx.private_feeds.all()] == [(HER, LATER)]


@pytest.mark.parametrize(
    "form",
    [
        "", "-", "{number}", "{number}-", "{secret}", "-{secret}", "0-{secret}", "0{number}-{secret}",
        "{other}-{secret}", "zz-{secret}", "zzzzzzz-{secret}", "zzzzzzzz-{secret}", "{number}-{secret}=",
        "{number}-{hash}", "+{number}-{secret}", " {number}-{secret}", "{number}-{secret}\n",
        "{number}-\udcff", "١-{secret}", "\0-{secret}", "{number}_{secret}", "-1-{secret}",
    ],
)  # fmt: skip
def test_nothing_but_the_token_is_good(tx, form):
    number, _, secret = tx.private_feeds.grant(key_of(tx), **BY).partition("-")
    tx.private_feeds.grant(key_of(tx, HIS), **BY)
    kept = hashlib.sha256(secret.encode()).hexdigest()
    token = form.format(number=number, secret=secret, other=key_of(tx, HIS), hash=kept)
    assert not tx.private_feeds.is_valid(token)


def test_hashes_are_compared_in_constant_time_also_where_there_is_nobody(tx, monkeypatch):
    compared = []

    class Watched:
        @staticmethod
        def compare_digest(one, other):
            compared.append((len(one), len(other)))
            return hmac.compare_digest(one, other)

    token = tx.private_feeds.grant(key_of(tx), **BY)
    monkeypatch.setattr(module, "hmac", Watched)
    for one in (token, f"{token}x", "1k-nobody", "nonsense", ""):
        tx.private_feeds.is_valid(one)
    assert compared == [(64, 64)] * 5


@contextmanager
def counted(tx) -> Iterator[list[str]]:
    """Collect the statements that a transaction executes."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    engine = tx._connection.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_the_queries_are_the_same_where_there_is_nobody(tx):
    token = tx.private_feeds.grant(key_of(tx), **BY)
    number, _, secret = token.partition("-")
    asked = []
    for one in (token, f"{number}-x", f"zz-{secret}", "nonsense", ""):
        with counted(tx) as statements:
            tx.private_feeds.is_valid(one)
        asked.append(statements)
    assert all(statements == asked[0] for statements in asked)
    assert asked[0]


def test_who_is_erased_has_no_private_feed_any_more(tx):
    token = tx.private_feeds.grant(key_of(tx), **BY)
    key = key_of(tx)
    tx.erasures.erase(key, cause=by_reader("button", NOW))
    assert not tx.private_feeds.is_valid(token)
    assert list(tx.private_feeds.all()) == []
    assert [change.action for change in tx.audit_log.changes(key)] == [Action.ERASED]


def test_of_two_people_who_are_one_each_keeps_the_feed_that_there_is(tx):
    old, new = key_of(tx), key_of(tx, HIS)
    token = tx.private_feeds.grant(old, **BY)
    tx.subscribers.merge(old, new, **BY)
    assert tx.private_feeds.is_valid(token)
    assert tx.private_feeds.granted_at(new) == NOW
    assert tx.private_feeds.revoke(new, **BY)
    assert not tx.private_feeds.is_valid(token)


def test_of_two_feeds_that_of_the_one_who_stays_is_kept(tx):
    old, new = key_of(tx), key_of(tx, HIS)
    ends, stays = tx.private_feeds.grant(old, **BY), tx.private_feeds.grant(new, **BY)
    tx.subscribers.merge(old, new, **BY)
    assert (tx.private_feeds.is_valid(ends), tx.private_feeds.is_valid(stays)) == (False, True)
    assert (Action.REVOKED, f"that of number {old}") in trail(tx, new)


def test_an_address_that_was_taken_over_ends_with_a_new_one(tx):
    old, new = key_of(tx), key_of(tx, HIS)
    token = tx.private_feeds.grant(old, **BY)
    tx.subscribers.merge(old, new, **BY)
    again = tx.private_feeds.grant(new, **BY)
    assert (tx.private_feeds.is_valid(token), tx.private_feeds.is_valid(again)) == (False, True)


def test_who_moves_to_another_address_keeps_their_feed(tx):
    token = tx.private_feeds.grant(key_of(tx), **BY)
    tx.subscribers.change_address(key_of(tx), key_of(tx, HIS), cause=by_reader("letter", NOW))
    assert tx.private_feeds.is_valid(token)
    assert [grant.email for grant in tx.private_feeds.all()] == [HIS]


def test_who_left_or_is_not_mailed_keeps_their_feed(tx):
    token = tx.private_feeds.grant(key_of(tx), **BY)
    tx.subscribers.unsubscribe(key_of(tx), "news", **BY)
    tx.subscribers.suppress(HER, "bounced", **BY)
    assert tx.private_feeds.is_valid(token)


def test_who_never_confirmed_and_has_a_feed_is_not_forgotten(tx):
    for email in ("cy@example.org", "di@example.org"):
        tx.subscribers.add_pending(email, ["news"], **BY)
    token = tx.private_feeds.grant(key_of(tx, "cy@example.org"), **BY)
    forgotten = tx.erasures.unconfirmed(LATER)
    assert forgotten == [key_of(tx, "di@example.org")]
    everybody = [subscriber.key for subscriber in tx.search.find()]
    assert tx.erasures.delete_unconfirmed(everybody, LATER, cause=by_test(LATER)) == 1
    assert tx.private_feeds.is_valid(token)


def test_the_dossier_says_since_when_there_is_one(tx):
    key = key_of(tx)
    assert tx.data_export.load(key).private_feed_since is None
    tx.private_feeds.grant(key, cause=by_test(LATER))
    assert tx.data_export.load(key).private_feed_since == LATER
