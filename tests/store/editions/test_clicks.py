from datetime import UTC, datetime

from syndicate.store import LinkClick, LinkClicks
from tests.causes import by_test
from tests.sample_editions import PLACES, freeze, subscribe

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def click(edition, link=1, **changes):
    given = {"subscriber": None, "at": AT, "machine": False, "agent": ""}
    return LinkClick(edition=edition, link=link, **given | changes)


def test_where_links_lead_is_frozen_with_the_edition(store):
    first = freeze(store, at=AT)
    second = freeze(store, at=AT, links=("https://elsewhere.example/",))
    with store.read() as tx:
        assert tx.clicks.links(first.key) == PLACES
        assert tx.clicks.links(second.key) == ("https://elsewhere.example/",)
        assert tx.clicks.links(4711) == ()


def test_people_machines_and_readers_are_counted_by_link(store):
    edition = freeze(store, at=AT).key
    anna, ben = (subscribe(store, f"{name}@example.org", at=AT) for name in ("anna", "ben"))
    with store.write() as tx:
        for reader in (anna, anna, ben, None):
            tx.clicks.add(click(edition, subscriber=reader))
        tx.clicks.add(click(edition, subscriber=ben, machine=True, agent="curl/8"))
        tx.clicks.add(click(edition + 1))
    first, second = PLACES
    with store.read() as tx:
        assert tx.clicks.counts(edition) == [
            LinkClicks(link=1, address=first, people=4, machines=1, readers=2),
            LinkClicks(link=2, address=second, people=0, machines=0, readers=0),
        ]


def test_the_hidden_link_is_counted_first_where_it_was_followed(store):
    edition = freeze(store, at=AT).key
    with store.write() as tx:
        tx.clicks.add(click(edition, link=0, machine=True))
    with store.read() as tx:
        hidden, *_ = tx.clicks.counts(edition)
    assert hidden == LinkClicks(link=0, address="", people=0, machines=1, readers=0)


def test_a_click_can_turn_out_to_be_a_machines(store):
    edition = freeze(store, at=AT).key
    with store.write() as tx:
        keys = [tx.clicks.add(click(edition, agent="curl/8")) for _ in range(3)]
        first, third = (click(edition, agent="curl/8", key=keys[n]) for n in (0, 2))
        tx.clicks.mark_as_machine([first, third, click(edition)])
        tx.clicks.mark_as_machine([])
    with store.read() as tx:
        counted, _ = tx.clicks.counts(edition)
    assert (counted.people, counted.machines) == (1, 2)


def test_who_was_erased_is_nobody_in_what_is_clicked_afterwards(store):
    edition, anna = freeze(store, at=AT).key, subscribe(store, at=AT)
    with store.write() as tx:
        tx.erasures.erase(anna, cause=by_test(AT))
        tx.clicks.add(click(edition, subscriber=anna))
    with store.read() as tx:
        counted, _ = tx.clicks.counts(edition)
    assert (counted.people, counted.readers) == (1, 0)
