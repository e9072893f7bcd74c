"""Subscribers from a CSV file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.errors import Refused
from syndicate.intake.subscribers import csv_import as readers_module
from syndicate.intake.subscribers.csv_file import MAX_LINE_LENGTH, inspect_csv
from syndicate.intake.subscribers.csv_import import RowOutcome, SeenRows
from syndicate.intake.subscribers.csv_row import CsvRowParser, ImportOptions
from syndicate.model.subscribers import SubscriptionState
from syndicate.store import StagedReader, Store
from tests.causes import by_reader, by_test
from tests.csv_import import import_subscribers
from tests.intake.article_folder import MONDAY, TUESDAY


def load(store, tmp_path, data, **options):
    file = tmp_path / "readers.csv"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(import_subscribers(store, file, "breaking", at=MONDAY, **options))


def outcomes(rows):
    return [(row.line, row.outcome) for row in rows]


def everybody(store):
    with store.read() as tx:
        return list(tx.search.find())


def test_readers_are_confirmed_with_file_and_time_as_consent(store, tmp_path):
    rows = load(
        store,
        tmp_path,
        b"\xef\xbb\xbfEmail,NAME\r\nann@example.org,Ann Ives\r\nbo@example.org,\r\n",
    )
    assert outcomes(rows) == [(2, RowOutcome.ADDED), (3, RowOutcome.ADDED)]
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
        tx.subscribers.unsubscribe(left.key, "breaking", cause=by_reader("one click", TUESDAY))
        tx.subscribers.suppress("bad@example.org", "complained", cause=by_test(TUESDAY))
    rows = load(
        sqlite_store,
        tmp_path,
        'email,name\n"new@example.org","Two\nlines"\nKNOWN@Example.org\n\nleft@example.org\n'
        'bad@example.org\nnobody\nNew@example.org,x\na@example.org,b,c\n,x\n"Ann" <ann@example.org>\n',
    )
    assert outcomes(rows) == [
        (2, RowOutcome.ADDED),
        (4, RowOutcome.KNOWN),
        (6, RowOutcome.LEFT),
        (7, RowOutcome.SUPPRESSED),
        (8, RowOutcome.REFUSED),
        (9, RowOutcome.DUPLICATE),
        (10, RowOutcome.REFUSED),
        (11, RowOutcome.REFUSED),
        (12, RowOutcome.REFUSED),
    ]
    assert "not an email address" in rows[4].reason
    assert "line 2" in rows[5].reason
    assert rows[6].reason == "3 fields — expected email,name"
    with sqlite_store.read() as tx:
        gone = tx.subscribers.by_email("left@example.org")
    assert gone is not None
    assert gone.subscriptions[0].state is SubscriptionState.LEFT


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 'readers.csv:1: header "" — expected email,name or the export of a newsletter tool'),
        (b"name,phone\nx,y@example.org\n", 'readers.csv:1: header "name,phone"'),
        (b"email|name\ny@example.org|y\n", "separated by commas, semicolons or tabs"),
        (b"y@example.org\n", "readers.csv:1: header"),
        (b'"email,name\ny@example.org\n', "readers.csv:1: header"),
        (b"PK\x03\x04\x14\x00", "a spreadsheet or ZIP file — export it as CSV"),
        (b"\xff\xfee\x00m\x00\x00\xd8x", "invalid UTF-16"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(sqlite_store, tmp_path, data, expected):
    with pytest.raises(Refused) as caught:
        load(sqlite_store, tmp_path, data)
    assert expected in str(caught.value)
    assert everybody(sqlite_store) == []


def test_a_missing_file_is_named(sqlite_store, tmp_path):
    with pytest.raises(Refused, match=r"gone\.csv: can't be read"):
        list(import_subscribers(sqlite_store, tmp_path / "gone.csv", "breaking", at=MONDAY))


def test_a_long_file_goes_in_by_batches(sqlite_store, tmp_path, monkeypatch):
    monkeypatch.setattr(readers_module, "BATCH_SIZE", 500)
    rows = load(
        sqlite_store, tmp_path, "email\n" + "".join(f"r{n}@example.org\n" for n in range(1201))
    )
    assert {row.outcome for row in rows} == {RowOutcome.ADDED}
    assert [row.line for row in rows] == list(range(2, 1203))
    assert len(everybody(sqlite_store)) == 1201


def test_others_write_between_batches_and_what_was_stopped_goes_on(
    sqlite_store, tmp_path, monkeypatch
):
    monkeypatch.setattr(readers_module, "BATCH_SIZE", 2)
    file = tmp_path / "readers.csv"
    file.write_text("email\n" + "".join(f"r{n}@example.org\n" for n in range(6)))
    coming = import_subscribers(sqlite_store, file, "breaking", at=MONDAY)
    next(coming)
    with sqlite_store.write() as tx:
        tx.subscribers.suppress("r5@example.org", "complained", cause=by_test(MONDAY))
    del coming
    rows = list(import_subscribers(sqlite_store, file, "breaking", at=TUESDAY))
    words = [row.outcome.value for row in rows]
    assert words == ["known", "known", "added", "added", "added", "suppressed"]


def test_the_same_file_again_changes_nothing(store, tmp_path):
    data = "email,name\nann@example.org,Ann\nbo@example.org,Bo\n"
    load(store, tmp_path, data)
    before = everybody(store)
    assert {row.outcome for row in load(store, tmp_path, data)} == {RowOutcome.KNOWN}
    assert everybody(store) == before
    with store.read() as tx:
        assert all(len(list(tx.audit_log.changes(one.key))) == 1 for one in before)


def test_a_dry_run_says_the_same_and_writes_nothing(store, tmp_path):
    data = "email\nann@example.org\nnobody\nann@example.org\n"
    dry = load(store, tmp_path, data, dry_run=True)
    assert everybody(store) == []
    assert dry == load(store, tmp_path, data)


# how files are written


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_separators_and_line_ends(tmp_path, codec, encoding, separator, end):
    lines = [("Name", "E-Mail"), ('"Müller; A, B\t"', "m@example.org")]
    file = tmp_path / "readers.csv"
    file.write_bytes("".join(separator.join(line) + end for line in lines).encode(codec))
    csv_file = inspect_csv(file)
    parser = CsvRowParser(csv_file, ImportOptions(newsletter="breaking"), at=MONDAY)
    [someone] = map(parser.parse, csv_file.rows())
    assert isinstance(someone, StagedReader)
    assert (someone.email, someone.name) == ("m@example.org", "Müller; A, B")
    assert csv_file.encoding == encoding


def test_a_byte_that_cannot_be_read_is_never_part_of_an_address(sqlite_store, tmp_path):
    rows = load(
        sqlite_store, tmp_path, b"email,name\nm\x81ller@example.org,\nb@example.org,B\x81\n"
    )
    assert [row.outcome for row in rows] == [RowOutcome.REFUSED, RowOutcome.ADDED]


def test_a_quote_that_is_never_closed_costs_one_row(sqlite_store, tmp_path):
    people = "".join(f"r{n}@example.org,R\n" for n in range(300))
    rows = load(
        sqlite_store, tmp_path, f'email,name\nbo@example.org,"Bo\n{people}ann@example.org,"Ann"x\n'
    )
    assert outcomes(rows)[0] == (2, RowOutcome.REFUSED)
    assert rows[0].cells == ('bo@example.org,"Bo',)
    assert outcomes(rows)[1:301] == [(n, RowOutcome.ADDED) for n in range(3, 303)]
    assert outcomes(rows)[301] == (303, RowOutcome.REFUSED)
    assert "broken CSV" in rows[301].reason


def test_a_quote_that_is_closed_by_somebody_else_is_noticed(sqlite_store, tmp_path):
    rows = load(
        sqlite_store,
        tmp_path,
        'email,name\nbo@example.org,"Bo\nann@example.org,Ann\ncleo@example.org,Cleo"\n',
    )
    assert outcomes(rows) == [(2, RowOutcome.REFUSED)]
    assert "ann@example.org" in rows[0].cells[1]


def test_a_quote_that_is_closed_far_below_swallows_no_row(sqlite_store, tmp_path):
    people = "".join(f"r{n}@example.org,R\n" for n in range(60))
    rows = load(
        sqlite_store, tmp_path, f'email,name\nbo@example.org,"Bo\n{people}z@example.org,Z"\n'
    )
    assert outcomes(rows)[0] == (2, RowOutcome.REFUSED)
    assert outcomes(rows)[1:] == [(n, RowOutcome.ADDED) for n in range(3, 64)]


def test_who_agrees_in_one_row_and_leaves_in_another_has_left(sqlite_store, tmp_path):
    rows = load(
        sqlite_store, tmp_path, "email,unsubscribed\nann@example.org,no\nann@example.org,yes\n"
    )
    assert RowOutcome.DUPLICATE not in {row.outcome for row in rows}
    [ann] = everybody(sqlite_store)
    assert ann.subscriptions[0].state is SubscriptionState.LEFT


def test_nul_bytes_and_endless_lines_are_refused_rows(sqlite_store, tmp_path):
    data = b"email,name\nb\0o@example.org,Bo\n" + b"x" * (2 * MAX_LINE_LENGTH + 5)
    data += b"\nann@example.org,A\0nn\n" + b'"' + b"y" * MAX_LINE_LENGTH
    rows = load(sqlite_store, tmp_path, data)
    assert outcomes(rows) == [
        (2, RowOutcome.REFUSED),
        (3, RowOutcome.REFUSED),
        (4, RowOutcome.ADDED),
        (5, RowOutcome.REFUSED),
    ]
    assert rows[1].reason == "a line of more than 65,536 characters"
    assert [one.name for one in everybody(sqlite_store)] == ["Ann"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("nasty")


@pytest.fixture(scope="module")
def shared_store(folder):
    store = Store.open(f"sqlite:///{folder}/nasty.db")
    yield store
    store.close()


NASTY = st.lists(
    st.one_of(
        st.text(alphabet='",;\t\r\n@ab.\0ü\x85 ', max_size=12),
        st.integers(min_value=0, max_value=9),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(NASTY)
def test_no_row_is_lost_in_silence(shared_store, folder, junk):
    """Whatever stands around them, each address comes back: as a person, or in a refused row."""
    parts = [
        f"\nr{n}@example.org,R{n}" if isinstance(part, int) else part for n, part in enumerate(junk)
    ]
    wanted = [f"r{n}@example.org" for n, part in enumerate(junk) if isinstance(part, int)]
    rows = load(shared_store, folder, "email,name\n" + "".join(parts), dry_run=True)
    refused = "\n".join(" ".join(row.cells) for row in rows if row.outcome is RowOutcome.REFUSED)
    people = [row.email for row in rows if row.outcome is RowOutcome.ADDED]
    assert [mail for mail in wanted if mail not in refused and mail not in people] == []
    assert len(people) == len(set(people))
    assert [row.line for row in rows] == sorted({row.line for row in rows})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 50)), max_size=300))
def test_the_first_line_of_each_is_remembered(numbers):
    first = SeenRows()
    known: dict[int, int] = {}
    first._grow(4)
    for line, (number,) in enumerate(numbers, start=1):
        expected = known.setdefault(number & 0xFFFF_FFFF_FFFF_FFFF or 1, line)
        assert first.add(number, line) == expected
