import sqlite3
from contextlib import closing

import pytest

from syndicate.deliver.message.outgoing_message import OutgoingMessage, PreparedEditions
from syndicate.deliver.worker import configured_transports
from syndicate.model.deliveries import ClaimRequest, DeliveryState, Lease
from syndicate.model.editions import link_marker
from tests.deliver.editions import NONCE, NOON, draft, drain_ledger, freeze, rows, states, subscribe
from tests.deliver.editions import links as links_of
from tests.deliver.parsed_mail import parts


@pytest.fixture
def mailings(sqlite_store, publication):
    return PreparedEditions(sqlite_store, publication())


def test_only_the_editions_asked_for_last_are_held(sqlite_store, mailings):
    first, *others = [freeze(sqlite_store) for _ in range(9)]
    made = mailings.get(first)
    second = mailings.get(others[0])
    for edition in others[1:-1]:
        mailings.get(edition)
    assert mailings.get(first) is made
    mailings.get(others[-1])

    assert mailings.get(first) is made
    assert mailings.get(others[0]) is not second


def test_each_edition_says_its_own(sqlite_store, mailings, publication):
    subscribe(sqlite_store, "ada@example.org")
    told = {}
    for said in ("one", "two"):
        edition = freeze(sqlite_store, draft(text=said))
        with sqlite_store.write() as tx:
            (claim,) = tx.claims.claim(
                ClaimRequest(edition=edition.key, limit=1), Lease("me", NOON, NOON)
            )
        message = OutgoingMessage(claim, edition, mailings.get(edition))
        assert not message.render(links_of(sqlite_store, publication())), "nothing signs it"
        told[said] = parts(bytes(message.message))[0]
        assert message.envelope.recipient == "ada@example.org"
        assert message.envelope.message_id.startswith(f"<{edition.key}.")

    assert told == {"one": "one", "two": "two"}


@pytest.mark.parametrize(
    "said",
    [{"subject": "Trams\nBcc: all@example.org"}, {"text": link_marker(NONCE, 5)}],
    ids=["a header slipped in", "a link that leads nowhere"],
)
def test_an_edition_that_can_not_be_written_fails_and_holds_up_no_other(
    sqlite_store, publication, said
):
    subscribe(sqlite_store, "ada@example.org", "ben@example.org")
    bad = freeze(sqlite_store, draft(**said))
    good = freeze(sqlite_store)
    config = publication()
    drain_ledger(sqlite_store, config, configured_transports(config))

    assert states(sqlite_store, bad.key) == {DeliveryState.FAILED: 2}
    assert states(sqlite_store, good.key) == {DeliveryState.ACCEPTED: 2}
    replies = {row.reply for row in rows(sqlite_store, bad.key).values()}
    assert all(reply.startswith("the message could not be made: ") for reply in replies)


def test_a_reader_who_can_not_be_written_to_holds_up_no_other(sqlite_store, publication):
    subscribe(sqlite_store, "ada@-.-é", "ben@example.org")
    edition = freeze(sqlite_store)
    config = publication()
    drain_ledger(sqlite_store, config, configured_transports(config))

    kept = rows(sqlite_store, edition.key)
    assert kept["ben@example.org"].state is DeliveryState.ACCEPTED
    assert kept["ada@-.-é"].reply.startswith("the message could not be made: 'ada@-.-é' can't")


def test_a_store_that_can_not_be_read_is_not_taken_for_a_bad_reader(
    sqlite_store, publication, tmp_path
):
    subscribe(sqlite_store, "ada@example.org")
    edition = freeze(sqlite_store)
    config = publication()
    with closing(sqlite3.connect(tmp_path / "syndicate.db")) as disturbing:
        disturbing.execute("ALTER TABLE edition_links RENAME TO lost")
    with pytest.raises(Exception, match="edition_links"):
        drain_ledger(sqlite_store, config, configured_transports(config))

    assert states(sqlite_store, edition.key) == {DeliveryState.QUEUED: 1}
