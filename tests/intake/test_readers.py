"""Subscribers from a CSV file."""

import pytest

from syndicate.errors import Refused
from syndicate.intake.readers import Outcome, import_readers
from syndicate.model.subscribers import SubscriptionState
from tests.audience import TEST, by_reader
from tests.intake.newsroom import MONDAY, TUESDAY


def load(store, tmp_path, data):
    file = tmp_path / "readers.csv"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(import_readers(store, file, "breaking", at=MONDAY))


def outcomes(rows):
    return [(row.line, row.outcome) for row in rows]


def test_readers_are_confirmed_with_file_and_time_as_consent(store, tmp_path):
    rows = load(
        store,
        tmp_path,
        b"\xef\xbb\xbfEmail,NAME\r\nann@example.org,Ann Ives\r\nbo@example.org,\r\n",
    )
    assert outcomes(rows) == [(2, Outcome.ADDED), (3, Outcome.ADDED)]
    with store.read() as tx:
        ann = tx.subscribers.by_email("ann@example.org")
    assert ann is not None
    assert ann.name == "Ann Ives"
    (subscription,) = ann.subscriptions
    assert subscription.state is SubscriptionState.CONFIRMED
    assert subscription.source == "imported from readers.csv at 2026-03-02 09:00 UTC"
    assert subscription.at == MONDAY


def test_each_row_has_its_outcome_and_its_line(sqlite_store, tmp_path):
    load(sqlite_store, tmp_path, "email\nknown@example.org\nleft@example.org\nbad@example.org\n")
    with sqlite_store.write() as tx:
        left = tx.subscribers.by_email("left@example.org")
        assert left is not None
        tx.subscribers.leave(left.key, "breaking", at=TUESDAY, cause=by_reader("one click"))
        tx.subscribers.suppress("bad@example.org", "complained", at=TUESDAY, cause=TEST)
    rows = load(
        sqlite_store,
        tmp_path,
        'email,name\n"new@example.org","Two\nlines"\nKNOWN@Example.org\n\nleft@example.org\n'
        'bad@example.org\nnobody\nNew@example.org,x\na@example.org,b,c\n,x\n"Ann" <ann@example.org>\n',
    )
    assert outcomes(rows) == [
        (2, Outcome.ADDED),
        (4, Outcome.KNOWN),
        (6, Outcome.LEFT),
        (7, Outcome.SUPPRESSED),
        (8, Outcome.REFUSED),
        (9, Outcome.DUPLICATE),
        (10, Outcome.REFUSED),
        (11, Outcome.REFUSED),
        (12, Outcome.REFUSED),
    ]
    assert "no email address" in rows[4].reason
    assert "line 2" in rows[5].reason
    assert rows[6].reason == "3 fields — expected email,name"
    with sqlite_store.read() as tx:
        gone = tx.subscribers.by_email("left@example.org")
    assert gone is not None
    assert gone.subscriptions[0].state is SubscriptionState.LEFT


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 'readers.csv:1: header "" — expected email or email,name'),
        (b"name,email\nx,y@example.org\n", 'readers.csv:1: header "name,email"'),
        (b"email;name\ny@example.org;x\n", 'readers.csv:1: header "email;name"'),
        (b"y@example.org\n", "readers.csv:1: header"),
        (b"email\ny@example.org\nm\xfcller@example.org\n", "readers.csv:3: byte 0xfc"),
        (b'email,name\ny@example.org,"' + b"x" * 200_000, "readers.csv:2: broken CSV"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(sqlite_store, tmp_path, data, expected):
    with pytest.raises(Refused) as caught:
        load(sqlite_store, tmp_path, data)
    assert expected in str(caught.value)
    with sqlite_store.read() as tx:
        assert list(tx.subscribers.all()) == []


def test_a_missing_file_is_named(sqlite_store, tmp_path):
    with pytest.raises(Refused, match=r"gone\.csv: can't be read"):
        list(import_readers(sqlite_store, tmp_path / "gone.csv", "breaking", at=MONDAY))


def test_a_long_file_goes_in_by_batches(sqlite_store, tmp_path):
    rows = load(
        sqlite_store, tmp_path, "email\n" + "".join(f"r{n}@example.org\n" for n in range(1201))
    )
    assert {row.outcome for row in rows} == {Outcome.ADDED}
    assert [row.line for row in rows] == list(range(2, 1203))
    with sqlite_store.read() as tx:
        assert sum(1 for _ in tx.subscribers.all("breaking")) == 1201
