"""Moves of many readers at once: each as if it had been made alone, and none twice."""

import itertools
from dataclasses import astuple, replace

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from syndicate.model.deliveries import (
    ClaimRequest,
    DeliveryOutcome,
    DeliveryState,
    DeliveryTotals,
    Lease,
)
from syndicate.model.editions import EditionKind
from tests.causes import by_reader, by_test
from tests.store.editions.test_control import ME, pause
from tests.store.ledger.test_deliveries import MINUTE, NOW, claim, edition, readers, states

LEASE = NOW + MINUTE


def intend(tx, claims, owner="me"):
    return tx.claims.settle_and_intend((), claims, Lease(owner, NOW, LEASE))[1]


def settle(tx, claims, state=DeliveryState.ACCEPTED, **told):
    verdicts = [DeliveryOutcome(claim=claim, state=state, **told) for claim in claims]
    return tx.claims.settle(verdicts, at=NOW)


def keys(claims):
    return {(claim.edition, claim.subscriber) for claim in claims}


def numbers(claims):
    return [claim.subscriber for claim in claims]


def events(url):
    database = create_engine(url)
    with database.connect() as connection:
        query = "SELECT edition, subscriber, attempt, event, code, reply FROM delivery_events"
        found = [tuple(row) for row in connection.execute(text(f"{query} ORDER BY key"))]
    database.dispose()
    return found


# groups


def test_a_round_moves_many_at_once(store):
    with store.write() as tx:
        readers(tx, 40)
        key = edition(tx)
        claims = claim(tx, key)
        first, second = claims[:25], claims[25:]
        assert intend(tx, first) == keys(first)
        assert settle(tx, first, code=250, reply="2.0.0 Ok") == keys(first)
        assert intend(tx, second) == keys(second)
        assert tx.deliveries.totals(key) == DeliveryTotals(accepted=25, sending=15)
        row = next(iter(tx.deliveries.by_edition(key)))
    assert (row.attempt, row.code, row.reply, row.at) == (1, 250, "2.0.0 Ok", NOW)


def test_a_round_may_be_of_several_editions(store):
    with store.write() as tx:
        readers(tx, 3)
        one, two, three = (edition(tx, slug=f"s{n}") for n in range(3))
        claims = [*claim(tx, one), *claim(tx, two), *claim(tx, three)]
        pause(tx, two)
        may_leave = intend(tx, claims)
        assert may_leave == keys(c for c in claims if c.edition != two)
        tx.claims.release(claims, owner="me", at=NOW)
        assert settle(tx, claims) == may_leave
        assert states(tx, two) == ["queued"] * 3
        assert states(tx, one) == states(tx, three) == ["accepted"] * 3


def test_one_who_must_not_leave_holds_up_nobody(store):
    with store.write() as tx:
        readers(tx, 6)
        key = edition(tx)
        left, suppressed, erased, lost, stale, fine = claims = claim(tx, key)
        tx.subscribers.unsubscribe(left.subscriber, "news", cause=by_reader("one click", NOW))
        tx.subscribers.suppress(suppressed.email, "complained", cause=by_test(NOW))
        tx.erasures.erase(erased.subscriber, cause=by_test(NOW))
        tx.claims.release([lost], owner="me", at=NOW)
        claims[4] = replace(stale, attempt=3)
        assert intend(tx, claims) == keys([fine])
        rows = list(tx.deliveries.by_edition(key))
    assert [row.state.value for row in rows] == [
        *("skipped", "skipped", "skipped", "queued", "claimed", "sending")
    ]
    assert [row.reply for row in rows[:3]] == [
        "left the newsletter",
        "complained",
        "is no longer a subscriber",
    ]


def test_verdicts_that_come_too_late_hold_up_no_others(store, store_url):
    with store.write() as tx:
        readers(tx, 4)
        key = edition(tx)
        claims = claim(tx, key)
        intend(tx, claims)
        settle(tx, claims[:2])
        late = settle(tx, claims, DeliveryState.FAILED, code=550, reply="no")
        assert late == keys(claims[2:])
        assert states(tx, key) == ["accepted", "accepted", "failed", "failed"]
    assert events(store_url) == [
        (key, claim.subscriber, 1, "failed", 550, "no") for claim in claims[2:]
    ]


def test_two_verdicts_of_one_delivery_count_as_if_they_came_apart(store, store_url):
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        one, two = claim(tx, key)
        intend(tx, [one, two])
        told = [
            DeliveryOutcome(claim=one, state=DeliveryState.UNKNOWN),
            DeliveryOutcome(claim=two, state=DeliveryState.ACCEPTED),
            DeliveryOutcome(claim=one, state=DeliveryState.ACCEPTED),
            DeliveryOutcome(claim=two, state=DeliveryState.FAILED, code=550),
        ]
        assert tx.claims.settle(told, at=NOW) == keys([one, two])
        assert states(tx, key) == ["accepted", "accepted"]
    assert [row[3] for row in events(store_url)] == ["unknown"]


def test_a_reply_is_kept_as_it_was_said(store):
    replies = ["", "NULL", "null", '"', "\\", "{a,b}", "a,b", " ", "\n", "\\'", '\\"', "é\u202e😀"]
    with store.write() as tx:
        readers(tx, len(replies))
        claims = claim(tx, edition(tx))
        verdicts = [
            DeliveryOutcome(claim=one, state=DeliveryState.ACCEPTED, code=250, reply=reply)
            for one, reply in zip(claims, replies, strict=True)
        ]
        intend(tx, claims)
        assert tx.claims.settle(verdicts, at=NOW) == keys(claims)
        query = text("SELECT reply FROM deliveries ORDER BY subscriber")
        assert tx._connection.execute(query).scalars().all() == replies


def test_of_nobody_nothing_is_moved(store):
    with store.write() as tx:
        assert intend(tx, []) == frozenset()
        assert settle(tx, []) == frozenset()
        tx.claims.release([], owner="me", at=NOW)


# claims


def test_claims_walk_forward_from_where_they_are_told_to(store):
    with store.write() as tx:
        readers(tx, 6)
        key = edition(tx)
        everybody = [subscriber.key for subscriber in tx.search.find()]
        first = tx.claims.claim(
            ClaimRequest(edition=key, limit=2, after=everybody[1]), Lease("me", NOW, LEASE)
        )
        assert numbers(first) == everybody[2:4]
        assert numbers(claim(tx, key)) == [*everybody[:2], *everybody[4:]]


def test_what_was_put_off_and_what_is_new_come_in_one_order(store):
    with store.write() as tx:
        readers(tx, 6)
        key = edition(tx)
        everybody = claim(tx, key)
        again = [everybody[n] for n in (1, 3, 5)]
        intend(tx, again)
        settle(tx, again, DeliveryState.DEFERRED, code=450, next_attempt_at=NOW)
        tx.claims.release(everybody, owner="me", at=NOW)
        assert numbers(claim(tx, key, limit=4)) == numbers(everybody[:4])
        assert [claimed.attempt for claimed in claim(tx, key)] == [0, 1]


def test_who_is_at_a_domain_that_is_held_is_not_claimed(store):
    with store.write() as tx:
        for email in ("a@Gmail.com", "b@notgmail.com", "c@googlemail.com", "d@bücher.example"):
            tx.subscribers.subscribe(email, "news", cause=by_test(NOW))
        key = edition(tx)
        erased = tx.subscribers.by_email("a@gmail.com").key
        lease = Lease("me", NOW, LEASE)
        held = frozenset({"gmail.com", "googlemail.com", "xn--bcher-kva.example"})
        anywhere, elsewhere = (
            ClaimRequest(edition=key, excluded_domains=d) for d in (frozenset(), held)
        )
        assert [c.email for c in tx.claims.claim(elsewhere, lease)] == ["b@notgmail.com"]
        tx.erasures.erase(erased, cause=by_test(NOW))
        assert tx.claims.claim(elsewhere, lease) == []
        assert states(tx, key) == ["skipped", "claimed", "queued", "queued"]
        assert len(tx.claims.claim(anywhere, lease)) == 2


def test_a_claim_goes_on_beyond_those_who_left(store):
    with store.write() as tx:
        readers(tx, 6)
        key = edition(tx)
        people = [subscriber.key for subscriber in tx.search.find()]
        for gone in people[:4]:
            tx.subscribers.unsubscribe(gone, "news", cause=by_test(NOW))
        assert numbers(claim(tx, key, limit=2)) == people[4:]


def test_a_letter_goes_to_who_is_subscribed_to_nothing(store):
    with store.write() as tx:
        readers(tx, 1)
        [reader] = tx.search.find()
        key = edition(tx, EditionKind.LETTER)
        tx.subscribers.unsubscribe(reader.key, "news", cause=by_test(NOW))
        claims = claim(tx, key)
        assert intend(tx, claims) == keys(claims)


# as if each had been moved alone


VERDICTS = (
    DeliveryState.ACCEPTED,
    DeliveryState.DEFERRED,
    DeliveryState.FAILED,
    DeliveryState.UNKNOWN,
    DeliveryState.SKIPPED,
)
READERS = 5
PLACES = st.lists(st.integers(0, READERS - 1), max_size=8)
STEPS = st.one_of(
    st.tuples(st.just("claim"), st.integers(1, READERS)),
    st.tuples(st.just("intend"), PLACES),
    st.tuples(
        st.just("settle"),
        st.lists(
            st.tuples(
                st.integers(0, READERS - 1), st.sampled_from(VERDICTS), st.sampled_from([0, 550])
            ),
            max_size=8,
        ),
    ),
    st.tuples(st.just("release"), PLACES),
    st.tuples(st.just("leave"), st.integers(0, READERS - 1)),
    st.tuples(st.just("pause"), st.booleans()),
)


class Side:
    """An edition that is moved either in groups, or reader by reader."""

    def __init__(self, tx, key, *, alone):
        self.tx, self.key, self.alone = tx, key, alone
        self.claims = {}

    def groups(self, all_of_it):
        return [[claim] for claim in all_of_it] if self.alone else [all_of_it]

    def do(self, what, told):
        if what == "claim":
            claims = claim(self.tx, self.key, limit=told)
            self.claims |= {claim.subscriber: claim for claim in claims}
            return [astuple(claim)[1:] for claim in claims]
        if what == "pause":
            self.tx.control.pause(self.key, cause=ME)
            if told:
                self.tx.control.resume(self.key, cause=ME)
            return None
        moved = set()
        held = [self.claims[n] for n in sorted(self.claims)]
        if what == "settle":
            told = [
                DeliveryOutcome(
                    claim=held[n], state=state, code=code, reply="r", next_attempt_at=NOW
                )
                for n, state, code in told
                if n < len(held)
            ]
            for group in self.groups(told):
                moved |= self.tx.claims.settle(group, at=NOW)
        else:
            for group in self.groups([held[n] for n in told if n < len(held)]):
                if what == "intend":
                    moved |= intend(self.tx, group)
                else:
                    self.tx.claims.release(group, owner="me", at=NOW)
        return {subscriber for _, subscriber in moved}

    def rows(self):
        return [replace(row, edition=0) for row in self.tx.deliveries.by_edition(self.key)]


def test_a_group_moves_as_if_each_had_been_moved_alone(store, store_url):
    slugs = itertools.count()
    with store.write() as tx:
        readers(tx, READERS)
        people = [subscriber.key for subscriber in tx.search.find()]

    @settings(max_examples=40, deadline=None)
    @given(st.lists(STEPS, min_size=3, max_size=14))
    def holds(steps):
        with store.write() as tx:
            one, two = (edition(tx, slug=f"s{next(slugs)}") for _ in range(2))
            sides = [Side(tx, one, alone=False), Side(tx, two, alone=True)]
            for what, told in steps:
                if what == "leave":
                    tx.subscribers.unsubscribe(people[told], "news", cause=by_test(NOW))
                else:
                    first, second = (side.do(what, told) for side in sides)
                    assert first == second, what
                assert sides[0].rows() == sides[1].rows()
            tx.rollback()
        assert events(store_url) == []

    holds()
