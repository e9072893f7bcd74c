"""What strangers call themselves is never run by a spreadsheet, and comes back as it was."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from syndicate.cli.readers.csv_import import _RefusedRows
from syndicate.cli.readers.subscribers import ExportColumns
from syndicate.intake.subscribers.csv_file import escape_formula, inspect_csv, unescape_formula
from syndicate.intake.subscribers.csv_import import RowOutcome, RowResult
from syndicate.intake.subscribers.csv_row import CsvRowParser, ImportOptions
from syndicate.model.subscribers import (
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionKind,
)
from syndicate.store import StagedReader
from syndicate.text import one_line

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FORMULAS = tuple("=+-@\t\r")
CELL = st.text(
    st.sampled_from("'=+-@\t\r\n,;\" aü5") | st.characters(exclude_categories=["Cs"]), max_size=40
)
LINE = CELL.map(one_line)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("formulas")


def export(file: Path, *people: Subscriber) -> list[list[str]]:
    """Write people as `subscribers export` does; return the cells that a spreadsheet has then."""
    columns = ExportColumns.of(None, ["city"])
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns.names)
        for person in people:
            writer.writerows(columns.rows(person))
        complained = Suppression(
            address="=2+3@example.org", kind=SuppressionKind.OPERATOR, reason="-complained", at=NOW
        )
        writer.writerow(columns.suppression(complained))
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def somebody(email: str, name: str, city: str) -> Subscriber:
    confirmed = Subscription(
        newsletter="news", state=SubscriptionState.CONFIRMED, at=NOW, since=0, source="=form"
    )
    return Subscriber(
        key=1,
        email=email,
        name=name,
        created_at=NOW,
        subscriptions=(confirmed,),
        fields={"city": city} if city else {},
        tags=("@vip",),
    )


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["ada", "=1+cmd", "'=1", "-a", "+a", "''+a"]), LINE, LINE)
@example("=1+cmd", '=HYPERLINK("http://evil","x")', "-5")
@example("ada", "'=x", "''=x")
def test_names_and_fields_survive_an_export_and_no_cell_is_a_formula(folder, local, name, city):
    email = f"{local}@example.org"
    rows = export(folder / "all.csv", somebody(email, name, city))
    assert not [cell for row in rows for cell in row if cell.startswith(FORMULAS)]
    csv_file = inspect_csv(folder / "all.csv")
    parser = CsvRowParser(csv_file, ImportOptions(newsletters=["news"], fields=("city",)), at=NOW)
    someone, suppressed = map(parser.parse, csv_file.rows())
    assert isinstance(someone, StagedReader)
    assert isinstance(suppressed, StagedReader)
    assert (someone.email, someone.name) == (email, name)
    assert dict(someone.fields) == ({"city": city} if city else {})
    assert (someone.tags, someone.how.rpartition("; there: ")[2]) == (("@vip",), "=form")
    assert (suppressed.email, suppressed.suppressed) == ("=2+3@example.org", "-complained")


@settings(max_examples=200, deadline=None)
@given(st.lists(CELL, min_size=2, max_size=2), st.sampled_from(",;\t"))
@example(["=1+1", "'=x"], ";")
def test_refused_rows_are_no_formulas_and_are_read_as_they_were(folder, cells, separator):
    file = folder / "list.csv"
    file.write_text(f"email{separator}=name\n", encoding="utf-8")
    with _RefusedRows(inspect_csv(file)) as refused:
        refused.add(RowResult(2, "", RowOutcome.REFUSED, "no email address", tuple(cells)))
    assert refused.path is not None
    with refused.path.open(encoding="utf-8", newline="") as stream:
        written = list(csv.reader(stream, delimiter=separator))
    assert not [cell for row in written for cell in row if cell.startswith(FORMULAS)]
    csv_file = inspect_csv(refused.path)
    assert csv_file.header[:2] == ("email", "=name")
    [again] = csv_file.rows()
    assert again.cells == [*cells, "2", "no email address"]


def test_a_list_that_somebody_else_wrote_is_read_as_it_stands(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("email,name\na@example.org,'=x\nb@example.org,=x\n")
    rows = inspect_csv(file).rows()
    assert [row.cells[1] for row in rows] == ["'=x", "=x"]


@pytest.mark.parametrize("text", ["", "Ada", "'t Hooft", "1-2", "a=b", "'", "''"])
def test_what_is_no_formula_stays_as_it_is(text):
    assert escape_formula(text) == text
    assert unescape_formula(text) == text
