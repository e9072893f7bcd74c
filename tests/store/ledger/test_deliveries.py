"""The ledger: every move is a compare-and-set, and the totals always add up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syndicate.model.articles import Revision
from syndicate.model.deliveries import (
    ClaimRequest,
    DeliveryOutcome,
    DeliveryState,
    DeliveryTotals,
    Lease,
)
from syndicate.model.editions import Content, Draft, EditionKind, Item
from tests.causes import by_reader, by_test
from tests.sample_articles import add_article

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def nobody_dead(_: str) -> bool:
    return False


def readers(tx, count=4):
    for number in range(count):
        tx.subscribers.subscribe(f"r{number}@example.org", "news", cause=by_test(NOW))


def edition(tx, kind=EditionKind.DIGEST, *, slug="tram", expires_at=NOW + 60 * MINUTE):
    article = add_article(
        tx, Revision(title="A", body=""), id=slug, slug=slug, path=slug, source="", at=NOW
    )
    tx.articles.assign_numbers(NOW)
    number = tx.articles.newest_number()
    return tx.editions.add(
        Draft(
            newsletter="news",
            schedule="news",
            kind=kind,
            content=Content(subject="S", preheader="", html="h", text="t", nonce="n"),
            items=(Item(article=article.key, revision=1),),
            upto=number,
            newest=number,
            created_at=NOW,
            expires_at=expires_at,
        )
    ).key


def claim(tx, key, owner="me", *, at=NOW, limit=100, lease=MINUTE):
    return tx.claims.claim(ClaimRequest(edition=key, limit=limit), Lease(owner, at, NOW + lease))


def intend(tx, one, owner="me", *, lease=MINUTE):
    _, leaves = tx.claims.settle_and_intend((), [one], Lease(owner, NOW, NOW + lease))
    return bool(leaves)


def settle(tx, one, state, **told):
    at = told.pop("at")
    return bool(tx.claims.settle([DeliveryOutcome(claim=one, state=state, **told)], at=at))


def states(tx, key):
    return [delivery.state.value for delivery in tx.deliveries.by_edition(key)]


def test_an_edition_is_for_those_who_were_subscribed_before_its_news(store):
    with store.write() as tx:
        readers(tx, 4)
        people = list(tx.search.find())
        tx.subscribers.unsubscribe(people[0].key, "news", cause=by_test(NOW))
        tx.subscribers.suppress("r1@example.org", "bounced", cause=by_test(NOW))
        tx.subscribers.subscribe("elsewhere@example.org", "other", cause=by_test(NOW))
        add_article(
            tx, Revision(title="Old", body=""), id="o", slug="o", path="o", source="", at=NOW
        )
        tx.articles.assign_numbers(NOW)
        first = edition(tx)
        tx.subscribers.subscribe("late@example.org", "news", cause=by_test(NOW))
        assert [delivery.email for delivery in tx.deliveries.by_edition(first)] == [
            "r2@example.org",
            "r3@example.org",
        ]
        second = edition(tx, slug="next")
        assert tx.deliveries.totals(second).audience == 3


def test_who_subscribed_after_the_newest_article_gets_the_next_edition(store):
    with store.write() as tx:
        content = tx.editions.content(tx.editions.by_key(edition(tx)).content)
        readers(tx, 1)
        draft = Draft(
            newsletter="news",
            schedule=None,
            kind=EditionKind.DIGEST,
            content=content,
            items=(Item(article=1, revision=1),),
            upto=1,
            newest=1,
            created_at=NOW,
            expires_at=NOW + MINUTE,
        )
        assert states(tx, tx.editions.add(draft).key) == []
        assert states(tx, tx.editions.add(replace(draft, newest=2)).key) == ["queued"]


def test_the_totals_are_the_audience_at_every_moment(store):
    with store.write() as tx:
        readers(tx, 5)
        key = edition(tx)
        assert tx.deliveries.totals(key) == DeliveryTotals(queued=5)
        one, two, three, four, _ = claim(tx, key)
        assert tx.deliveries.totals(key) == DeliveryTotals(queued=5)
        for each in (one, two, three, four):
            assert intend(tx, each)
        assert tx.deliveries.totals(key) == DeliveryTotals(queued=1, sending=4)
        assert settle(tx, one, DeliveryState.ACCEPTED, code=250, at=NOW)
        assert settle(tx, two, DeliveryState.FAILED, code=550, reply="5.1.1 who?", at=NOW)
        assert settle(tx, three, DeliveryState.UNKNOWN, at=NOW)
        later = NOW + 5 * MINUTE
        assert settle(tx, four, DeliveryState.DEFERRED, code=450, at=NOW, next_attempt_at=later)
        totals = tx.deliveries.totals(key)
    assert totals == DeliveryTotals(queued=1, accepted=1, failed=1, unknown=1, deferred=1)
    assert totals.audience == 5


def test_a_row_is_claimed_by_one(store):
    with store.write() as tx:
        readers(tx)
        key = edition(tx)
        assert len(claim(tx, key, "me", limit=3)) == 3
        assert len(claim(tx, key, "you")) == 1
        assert claim(tx, key, "she") == []


def test_only_the_owner_of_a_claim_may_hand_over(store):
    with store.write() as tx:
        readers(tx, 1)
        [mine] = claim(tx, edition(tx))
        assert not intend(tx, mine, "you")
        assert intend(tx, mine)
        assert not intend(tx, mine)


def test_a_verdict_counts_once(store):
    with store.write() as tx:
        readers(tx, 1)
        [mine] = claim(tx, edition(tx))
        intend(tx, mine)
        assert settle(tx, mine, DeliveryState.ACCEPTED, at=NOW)
        assert not settle(tx, mine, DeliveryState.FAILED, code=550, at=NOW)


def test_a_late_verdict_settles_what_was_called_unknown(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [mine] = claim(tx, key)
        intend(tx, mine)
        settle(tx, mine, DeliveryState.UNKNOWN, at=NOW)
        assert settle(tx, mine, DeliveryState.ACCEPTED, code=250, at=NOW)
        assert states(tx, key) == ["accepted"]


def test_a_verdict_of_an_earlier_attempt_settles_nothing(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [first] = claim(tx, key)
        intend(tx, first)
        settle(tx, first, DeliveryState.UNKNOWN, at=NOW)
        assert tx.deliveries.resend(first, at=NOW)
        [second] = claim(tx, key)
        intend(tx, second)
        assert not settle(tx, first, DeliveryState.ACCEPTED, at=NOW)
        assert states(tx, key) == ["sending"]
        settle(tx, second, DeliveryState.UNKNOWN, at=NOW)
        assert not tx.deliveries.resend(first, at=NOW)
        assert tx.deliveries.resend(second, at=NOW)


@pytest.mark.parametrize("moment", ["before the claim", "after the claim"])
def test_a_reader_who_leaves_is_skipped_until_the_hand_over(store, moment):
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        who = tx.subscribers.by_email("r0@example.org").key
        if moment == "before the claim":
            tx.subscribers.unsubscribe(who, "news", cause=by_reader("one click", NOW))
        claims = claim(tx, key)
        if moment == "after the claim":
            tx.subscribers.unsubscribe(who, "news", cause=by_reader("one click", NOW))
        handed_over = [claim.email for claim in claims if intend(tx, claim)]
        rows = list(tx.deliveries.by_edition(key))
    assert handed_over == ["r1@example.org"]
    assert (rows[0].state, rows[0].reply) == (DeliveryState.SKIPPED, "left the newsletter")


def test_an_address_suppressed_meanwhile_is_skipped_with_the_reason(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [mine] = claim(tx, key)
        tx.subscribers.suppress("R0@example.org", "complained", cause=by_test(NOW))
        assert not intend(tx, mine)
        [row] = tx.deliveries.by_edition(key)
    assert (row.state, row.reply, row.attempt) == (DeliveryState.SKIPPED, "complained", 0)


def test_what_was_put_off_is_due_at_its_time(store):
    later = NOW + 5 * MINUTE
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [mine] = claim(tx, key)
        intend(tx, mine)
        settle(tx, mine, DeliveryState.DEFERRED, code=450, at=NOW, next_attempt_at=later)
        assert tx.deliveries.open_editions(NOW) == []
        assert claim(tx, key) == []
        assert [edition.key for edition in tx.deliveries.open_editions(later)] == [key]
        assert [claimed.attempt for claimed in claim(tx, key, at=later)] == [1]


def test_what_is_not_asked_of_a_server_counts_no_attempt(store):
    with store.write() as tx:
        readers(tx, 3)
        key = edition(tx)
        held, bad, busy = claim(tx, key)
        settle(tx, held, DeliveryState.SKIPPED, reply="held back by mail.only", at=NOW)
        settle(tx, bad, DeliveryState.FAILED, reply="could not be made", at=NOW)
        settle(tx, busy, DeliveryState.DEFERRED, code=421, at=NOW, next_attempt_at=NOW)
        assert [row.attempt for row in tx.deliveries.by_edition(key)] == [0, 0, 1]


def test_a_release_gives_back_only_ones_own_claims(store):
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        claims = claim(tx, key)
        tx.claims.release(claims, owner="you", at=NOW)
        assert states(tx, key) == ["claimed", "claimed"]
        intend(tx, claims[0])
        tx.claims.release(claims, owner="me", at=NOW)
        assert states(tx, key) == ["sending", "queued"]


def test_what_a_dead_worker_held_is_recovered_and_what_it_was_sending_is_unknown(store):
    with store.write() as tx:
        readers(tx, 3)
        key = edition(tx)
        sending, *_ = claim(tx, key, "dead", limit=2)
        intend(tx, sending, "dead")
        claim(tx, key, "alive")
        requeued, unknown = tx.deliveries.recover(now=NOW, dead=lambda owner: owner == "dead")
        assert states(tx, key) == ["unknown", "queued", "claimed"]
    assert requeued == 1
    assert [claim.subscriber for claim in unknown] == [sending.subscriber]
    assert [claim.attempt for claim in unknown] == [0]


def test_where_death_cannot_be_seen_the_lease_decides(store):
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        sending, _ = claim(tx, key)
        intend(tx, sending, lease=10 * MINUTE)
        tx.deliveries.recover(now=NOW + 2 * MINUTE, dead=nobody_dead)
        assert states(tx, key) == ["sending", "queued"]
        tx.deliveries.recover(now=NOW + 11 * MINUTE, dead=nobody_dead)
        assert states(tx, key) == ["unknown", "queued"]


def test_what_is_past_its_time_is_given_up_but_not_what_is_in_flight(store):
    with store.write() as tx:
        readers(tx, 4)
        key = edition(tx)
        sending, put_off, held = claim(tx, key, limit=3)
        intend(tx, sending)
        intend(tx, put_off)
        settle(
            tx,
            put_off,
            DeliveryState.DEFERRED,
            code=450,
            reply="full",
            at=NOW,
            next_attempt_at=NOW + MINUTE,
        )
        assert held
        assert tx.deliveries.expire_unanswered(NOW + 59 * MINUTE) == 0
        assert tx.deliveries.expire_answered(NOW + 59 * MINUTE) == []
        assert tx.deliveries.expire_unanswered(NOW + 60 * MINUTE) == 1
        [answered] = tx.deliveries.expire_answered(NOW + 60 * MINUTE)
        assert (answered.subscriber, answered.code, answered.reply) == (2, 450, "full")
        assert tx.deliveries.expire_answered(NOW + 60 * MINUTE) == []
        rows = list(tx.deliveries.by_edition(key))
    assert [row.state.value for row in rows] == ["sending", "expired", "claimed", "expired"]
    assert [row.reply for row in rows if row.state is DeliveryState.EXPIRED] == [
        "full",
        "could not be sent in time",
    ]


def test_letters_come_first_then_alerts_then_digests(store):
    with store.write() as tx:
        readers(tx, 1)
        kinds = (EditionKind.DIGEST, EditionKind.ALERT, EditionKind.DIGEST, EditionKind.LETTER)
        keys = [edition(tx, kind, slug=f"s{place}") for place, kind in enumerate(kinds)]
        order = [edition.key for edition in tx.deliveries.open_editions(NOW)]
    assert order == [keys[3], keys[1], keys[0], keys[2]]


def test_the_numbers_of_editions_are_never_given_twice(store):
    with store.write() as tx:
        readers(tx, 1)
        first = edition(tx)
    with store.write() as tx:
        edition(tx, slug="rolled-back")
        tx.rollback()
    with store.write() as tx:
        assert edition(tx, slug="third") > first


def test_editions_that_say_the_same_share_their_content(store):
    with store.write() as tx:
        readers(tx, 1)
        one, two = edition(tx), edition(tx, slug="other")
        contents = {tx.editions.by_key(key).content for key in (one, two)}
        assert len(contents) == 1
        assert tx.editions.content(contents.pop()).subject == "S"


def test_who_pauses_after_the_freeze_is_skipped_and_a_letter_comes_all_the_same(store):
    with store.write() as tx:
        readers(tx, 2)
        key = edition(tx)
        pausing, other = (subscriber.key for subscriber in tx.search.find())
        tx.subscribers.pause(pausing, NOW + timedelta(weeks=1), cause=by_reader("page", NOW))
        assert [claimed.subscriber for claimed in claim(tx, key)] == [other]
        assert states(tx, key) == ["skipped", "claimed"]
        content = Content(subject="S", preheader="", html="h", text="t", nonce="n")
        letter = tx.editions.add_letter(
            content, to=pausing, created_at=NOW, expires_at=NOW + 60 * MINUTE
        )
        [one] = claim(tx, letter)
        assert intend(tx, one)


def test_who_pauses_between_claim_and_hand_over_is_skipped(store):
    with store.write() as tx:
        readers(tx, 1)
        key = edition(tx)
        [one] = claim(tx, key)
        tx.subscribers.pause(one.subscriber, NOW + timedelta(weeks=1), cause=by_reader("page", NOW))
        assert not intend(tx, one)
        assert states(tx, key) == ["skipped"]
