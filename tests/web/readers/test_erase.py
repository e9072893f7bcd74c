"""Erasing: everything about somebody goes, and what is counted stays."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.intake.subscribers.csv_import import RowOutcome
from syndicate.model.deliveries import ClaimRequest, DeliveryOutcome, DeliveryState, Lease
from syndicate.model.subscribers import Action, SubscribeOutcome
from syndicate.store.editions.clicks import LinkClick
from tests.causes import by_reader, by_test
from tests.csv_import import import_subscribers
from tests.deliver import editions
from tests.web.known_reader import TABLES, dump, path_of, subscribe_anna

pytestmark = pytest.mark.neighbours

HER = "anna@example.org"
BUTTON = by_reader("preferences page", editions.NOON)


@pytest.fixture
def reader(web, sqlite_store, publication):
    return subscribe_anna(web(**TABLES), sqlite_store, publication(**TABLES))


def test_the_page_asks_before_it_erases(reader):
    link = reader.data_link()
    page = reader.client.post(link, data={"action": "confirm-erase"}).text
    assert "Delete everything we keep about you?" in page
    assert "This can’t be undone." in page
    assert reader.client.post(link, data={"action": "burn"}).status_code == 400
    assert not reader.gone


def test_who_is_erased_is_nowhere_but_in_the_counts(reader, tmp_path):
    at = clock.now()
    link = reader.data_link()
    with reader.store.write() as tx:
        tx.subscribers.update(reader.key, name="Anna Rosental", cause=by_test(at))
        tx.subscribers.suppress(HER, "complaint of anna@example.org", cause=by_test(at))
    answer = reader.client.post(link, data={"action": "erase"})
    assert (answer.status_code, "Goodbye" in answer.text) == (200, True)
    (left,) = reader.trail
    assert (left.action, left.cause.who, left.cause.how) == (
        *(Action.ERASED, "reader", "link in letter 1"),
    )
    rows = "\n".join(dump(tmp_path))
    assert "anna" not in rows.lower()
    assert "Rosental" not in rows
    assert len(re.findall(r"INSERT INTO \"?erasures", rows)) == 1


def test_the_links_of_who_is_erased_are_like_any_that_we_never_made(reader):
    path, other, data = reader.path, "/preferences/nonsense", reader.data_link()
    unsubscribe = path_of(reader.links.unsubscribe(reader.key, "breaking"))
    reader.client.post(data, data={"action": "erase"})
    for link in (path, data):
        assert reader.client.get(link).status_code == 404
        assert reader.client.get(link).text == reader.client.get(other).text
    assert reader.client.post(path, data={"action": "leave-all"}).status_code == 404
    assert reader.client.get(unsubscribe).status_code == 200


def test_who_is_erased_comes_back_by_their_own_wish_alone(reader):
    reader.with_data("erase")
    with reader.store.write() as tx:
        at = clock.now()
        back = tx.subscribers.subscribe("Anna@Example.org", "breaking", cause=by_test(at))
        assert back is SubscribeOutcome.ERASED
        key = tx.subscribers.add_pending(HER, ["breaking"], cause=replace(BUTTON, at=at))
        tx.subscribers.confirm(key, ["breaking"], cause=replace(BUTTON, at=at))
        assert tx.subscribers.by_email(HER).subscriptions[0].state == "confirmed"
        assert not tx.erasures.contains(HER)


def test_no_import_revives_who_is_erased(reader, tmp_path):
    reader.with_data("erase")
    file = tmp_path / "old-list.csv"
    file.write_text("email,name\nAnna@Example.org,Anna\nbo@example.org,Bo\n")
    rows = import_subscribers(reader.store, file, "breaking", at=clock.now())
    assert [row.outcome for row in rows] == [RowOutcome.LEFT, RowOutcome.ADDED]
    with reader.store.read() as tx:
        assert [reader.email for reader in tx.search.find()] == ["bo@example.org"]


def test_an_edition_counts_as_many_readers_as_before(store):
    editions.subscribe(store, HER, "bo@example.org")
    edition = editions.freeze(store)
    at = editions.NOON
    with store.write() as tx:
        key = tx.subscribers.by_email(HER).key
        claims = tx.claims.claim(ClaimRequest(edition=edition.key), Lease("w", at, at))
        for claim in claims:
            until = at + timedelta(minutes=1)
            assert tx.claims.settle_and_intend((), [claim], Lease("w", at, until))[1]
            state = DeliveryState.FAILED if claim.email == HER else DeliveryState.ACCEPTED
            reply = f"550 <{claim.email}>: no"
            verdict = DeliveryOutcome(claim=claim, state=state, code=550, reply=reply)
            tx.claims.settle([verdict], at=at)
        for who in (key, key, None):
            tx.clicks.add(
                LinkClick(
                    edition=edition.key, link=0, subscriber=who, at=at, machine=False, agent=""
                )
            )
        record = tx.data_export.load(key)
        assert [attempt.reply for attempt in record.mailed_items[0].failed_attempts] == [
            f"550 <{HER}>: no"
        ]
        assert len(record.followed_links) == 2
        before = tx.deliveries.totals(edition.key)
        assert before.failed == 1
        assert tx.erasures.erase(key, cause=replace(BUTTON, at=at))
        assert tx.deliveries.totals(edition.key) == before
        assert [row.reply for row in tx.deliveries.by_edition(edition.key) if not row.email] == [""]
        assert [item.reply for item in tx.data_export.mailed_items(key)] == [""]
        assert not tx.data_export.mailed_items(key)[0].failed_attempts[0].reply
        assert [(count.people, count.readers) for count in tx.clicks.counts(edition.key)] == [
            (3, 1)
        ]
        assert tx.data_export.load(key) is None


def test_what_is_on_its_way_to_who_is_erased_does_not_go_out(store):
    editions.subscribe(store, HER, "bo@example.org")
    edition = editions.freeze(store)
    with store.write() as tx:
        tx.erasures.erase(tx.subscribers.by_email(HER).key, cause=BUTTON)
        later = editions.NOON + timedelta(minutes=1)
        claims = tx.claims.claim(
            ClaimRequest(edition=edition.key), Lease("w", editions.NOON, later)
        )
        assert [claim.email for claim in claims] == ["bo@example.org"]
        assert tx.deliveries.totals(edition.key).skipped == 1
    with store.write() as tx:
        again = replace(editions.draft(), created_at=later)
        assert tx.editions.add(again) is not None
        assert len(list(tx.deliveries.by_edition(edition.key + 1))) == 1


def test_numbers_of_a_merged_reader_lead_to_the_remaining_one(store):
    editions.subscribe(store, HER, "bo@example.org", "cy@example.org")
    edition = editions.freeze(store)
    with store.write() as tx:
        anna, bo, cy = (
            tx.subscribers.by_email(f"{who}@example.org").key for who in ("anna", "bo", "cy")
        )
        tx.subscribers.merge(anna, bo, cause=by_test(editions.NOON))
        tx.subscribers.merge(bo, cy, cause=by_test(editions.NOON))
        assert [tx.merges.current_number(key) for key in (anna, bo, cy)] == [cy, cy, cy]
        assert set(tx.merges.all_numbers(cy)) == {anna, bo, cy}
        assert [item.edition for item in tx.data_export.mailed_items(cy)] == [edition.key] * 3
        tx.erasures.erase(cy, cause=BUTTON)
        assert tx.subscribers.by_key(tx.merges.current_number(anna)) is None
