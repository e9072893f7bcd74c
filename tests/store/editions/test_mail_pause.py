"""The pause of all mail: a fact in the store that whatever claims and sends looks at."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate.errors import Refused
from syndicate.model.deliveries import ClaimRequest, DeliveryState, Lease
from syndicate.model.editions import ControlAction, ReleaseTerms
from syndicate.model.subscribers import Actor, Cause
from tests.deliver.editions import NOON, content, draft, freeze, readers, states, subscribe

ME = Cause(who=Actor.OPERATOR, how="syndicate pause --all, by me", at=NOON, why="wrong list")
LEASE = Lease("me", NOON, NOON + timedelta(minutes=1))


def pause(store):
    with store.write() as tx:
        return tx.mail_pause.begin(ME)


def resume(store):
    with store.write() as tx:
        return tx.mail_pause.end(ME)


def claim(store, edition, limit=9):
    with store.write() as tx:
        return tx.claims.claim(ClaimRequest(edition=edition.key, limit=limit), LEASE)


def intend(store, claims):
    with store.write() as tx:
        return tx.claims.settle_and_intend((), claims, LEASE)[1]


@pytest.fixture
def edition(store):
    subscribe(store, *readers(3))
    return freeze(store)


def test_who_paused_all_mail_is_known_until_it_is_resumed(store):
    with store.read() as tx:
        assert tx.mail_pause.current() is None
    assert pause(store)
    with store.write() as tx:
        assert not tx.mail_pause.begin(replace(ME, how="somebody else", why=""))
    with store.read() as tx:
        assert tx.mail_pause.current() == ME
    assert resume(store)
    assert not resume(store)
    with store.read() as tx:
        assert tx.mail_pause.current() is None
        acts = [(record.act, record.detail) for record in tx.control.decisions(0)]
        assert tx.control.newest_decision() == 2
    assert acts == [
        (ControlAction.PAUSED, "all mail; wrong list"),
        (ControlAction.RESUMED, "all mail; wrong list"),
    ]


def test_nothing_is_claimed_while_all_mail_is_paused(store, edition):
    pause(store)
    with store.read() as tx:
        assert tx.deliveries.open_editions(NOON, claimed=[edition.key]) == []
        assert tx.heartbeats.mail_flow(NOON).due_since is None
    assert claim(store, edition) == []
    resume(store)
    assert len(claim(store, edition)) == 3


def test_what_was_claimed_before_the_pause_is_not_sent_and_can_be_released(store, edition):
    claims = claim(store, edition)
    pause(store)
    assert intend(store, claims) == frozenset()
    with store.write() as tx:
        tx.claims.release(claims, owner="me", at=NOON)
    assert states(store, edition.key) == {DeliveryState.QUEUED: 3}
    resume(store)
    assert len(intend(store, claim(store, edition))) == 3


def test_letters_wait_as_well(store, edition):
    with store.write() as tx:
        ada = tx.subscribers.by_email(readers(1)[0])
        key = tx.editions.add_letter(
            content(), to=ada.key, created_at=NOON, expires_at=NOON + timedelta(days=1)
        )
        letter = tx.editions.get(key)
    pause(store)
    assert claim(store, letter) == []
    resume(store)
    assert len(claim(store, letter)) == 1


def test_what_waits_and_what_is_in_flight_is_counted(store, edition):
    intend(store, claim(store, edition, limit=1))
    with store.read() as tx:
        assert (tx.mail_pause.in_flight(), tx.mail_pause.held_back()) == (1, 2)
    with store.write() as tx:
        tx.control.cancel(edition.key, ME)
    with store.read() as tx:
        assert (tx.mail_pause.in_flight(), tx.mail_pause.held_back()) == (1, 0)


def test_an_edition_that_waits_is_not_released(store):
    subscribe(store, *readers(1))
    with store.write() as tx:
        waiting = tx.waiting.add(replace(draft(), items=()), ReleaseTerms())
    pause(store)
    with store.write() as tx, pytest.raises(Refused, match="all mail is paused"):
        tx.waiting.release(waiting.key, ME, segment=None)
    resume(store)
    with store.write() as tx:
        assert tx.waiting.release(waiting.key, ME, segment=None) is not None


def test_a_pause_waits_for_the_intents_that_are_being_recorded(store, edition):
    """When it returns, every body that may still leave is counted as in flight."""
    claims = claim(store, edition)
    intended, counted = threading.Event(), []

    def pause_and_count():
        intended.wait()
        with store.write() as tx:
            tx.mail_pause.begin(ME)
            counted.append(tx.mail_pause.in_flight())

    pausing = threading.Thread(target=pause_and_count)
    pausing.start()
    with store.write() as tx:
        assert len(tx.claims.settle_and_intend((), claims, LEASE)[1]) == 3
        intended.set()
        pausing.join(0.05)
        assert counted == []
    pausing.join()
    assert counted == [3]
