"""`subscribers import` as an operator meets it."""

import csv
import json

import pytest


@pytest.fixture
def bring(operator):
    def run(text, *options, name="readers.csv"):
        data = text if isinstance(text, bytes) else text.encode()
        (operator.folder / name).write_bytes(data)
        return operator.run("subscribers", "import", name, *options)

    return run


BREAKING = ("--newsletter", "breaking")


def people(operator):
    return json.loads(operator.run("subscribers", "list", "--json").out)


def test_a_dry_run_shows_the_columns_and_the_sums_and_writes_nothing(operator, bring):
    text = (
        "Email Address,First Name,CONFIRM_TIME,UNSUB_TIME\na@example.org,Ann,2021-03-04 10:00:00,\n"
    )
    dry = bring(f"{text}nobody,,,\n", *BREAKING, "--dry-run")
    assert dry.code == 1
    assert "an export of Mailchimp, in UTF-8" in dry.err
    told = {tuple(line.split(None, 1)) for line in dry.out.splitlines()}
    assert {("address", "Email Address"), ("name", "First Name")} <= told
    assert dry.out.splitlines()[-1] == "would be: 1 added, 1 refused of 2 rows"
    assert people(operator) == []
    assert [file.name for file in operator.folder.glob("readers*")] == ["readers.csv"]


def test_refused_rows_are_told_and_kept_to_be_mended(operator, bring):
    rows = "".join(f"nobody{n};N{n}\n" for n in range(25))
    came = bring(f"email;name\na@example.org;Ann\n{rows}", *BREAKING)
    assert came.code == 1
    lines = came.out.splitlines()
    assert sum(line.startswith("refused   readers.csv:") for line in lines) == 20
    assert lines[-2:] == ["refused   and 5 more", "1 added, 25 refused of 26 rows"]
    assert "readers.refused.csv" in came.err
    kept = (operator.folder / "readers.refused.csv").read_text()
    header, *refused = csv.reader(kept.splitlines(), delimiter=";")
    assert header == ["email", "name", "refused line", "refused because"]
    assert [row[:3] for row in refused] == [[f"nobody{n}", f"N{n}", str(n + 3)] for n in range(25)]
    again = bring(kept.replace("nobody0;", "b@example.org;"), *BREAKING, name="mended.csv")
    assert again.out.splitlines()[-1] == "1 added, 24 refused of 25 rows"


def test_refused_rows_hold_no_formula_and_come_in_mended_as_they_were(operator, bring):
    bring("email,name\n=1+1,=Ann\nnobody,'=Bo\n", *BREAKING)
    kept = (operator.folder / "readers.refused.csv").read_text()
    assert [row[:2] for row in csv.reader(kept.splitlines())][1:] == [
        ["'=1+1", "'=Ann"],
        ["nobody", "''=Bo"],
    ]
    mended = kept.replace("'=1+1,", "a@example.org,").replace("nobody,", "b@example.org,")
    assert bring(mended, *BREAKING, name="mended.csv").out == "2 added\n"
    assert [one["name"] for one in people(operator)] == ["=Ann", "'=Bo"]


def test_json_is_a_summary_for_scripts(bring):
    came = bring("email\na@example.org\nA@example.org\n", *BREAKING, "--json")
    assert came.code == 0
    summary = json.loads(came.out)
    assert summary["outcomes"] == {"added": 1, "duplicate": 1}
    assert (summary["rows"], summary["tool"], summary["refused_file"]) == (2, None, None)
    assert summary["problems"] == ["readers.csv:3: A@example.org is on line 2 already"]


def test_tags_are_put_on_everybody(operator, bring):
    bring("email,tags\na@example.org,old\n", *BREAKING, "--tag", "members", "--tag", "2026")
    assert people(operator)[0]["tags"] == ["2026", "members", "old"]


def test_a_guessed_encoding_is_said(bring):
    came = bring("email,name\na@example.org,Jürgen\n".encode("cp1252"), *BREAKING)
    assert "readers.csv: a plain list, in Windows-1252" in came.err
    assert came.out.splitlines() == ["1 added"]


def test_a_newsletter_must_be_named_by_the_command_or_the_rows(operator, bring):
    unnamed = bring("email\na@example.org\n")
    assert unnamed.code == 2
    assert "--newsletter" in unnamed.err
    assert "breaking" in unnamed.err
    named = bring("email,newsletter\na@example.org,breaking\nb@example.org,nope\n")
    assert named.out.splitlines()[-1] == "1 added, 1 refused of 2 rows"


def test_an_export_comes_in_again_and_changes_nothing(operator, bring):
    bring("email,name,tags\na@example.org,Ann,x\nb@example.org,Bo,\n", *BREAKING)
    before = people(operator)
    again = bring(operator.run("subscribers", "export").out, name="export.csv")
    assert again.out.splitlines() == ["2 known"]
    assert people(operator) == before
