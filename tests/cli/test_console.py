"""What others name or answer is printed without the control characters that may be in it."""

import json
import re

import httpx
import pytest

from syndicate.cli.console import echo, echo_text, note, table_lines
from tests.cli.conftest import Operator
from tests.cli.operation.test_run import running, until

NAME = "a\x1b[31mb\nrefused   c\rd\x9b2Je\u202ef\u2028g"
"""It recolours, forges a line, goes back to its beginning, clears, and turns text around."""
ESCAPED = r"a\x1b[31mb\nrefused   c\rd\x9b2Je\u202ef\u2028g"
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202d\u202e]")
GOOD, BAD = "---\ntitle: T\n---\nx\n", "---\ntitel: T\n---\nx\n"


def shown(operator: Operator, *words: str) -> str:
    ran = operator.run(*words)
    assert not CONTROLS.search(ran.out + ran.err), words
    return ran.out + ran.err


def file(operator: Operator, name: str, text: str) -> None:
    (operator.folder / "articles" / name).write_text(text)


def test_import_prints_a_line_for_each_file_whatever_its_name(operator):
    file(operator, f"1 {NAME}.md", GOOD)
    file(operator, f"2 {NAME}.md", BAD)
    file(operator, f"3 {NAME}.md", GOOD.replace("title: T", f"title: T\nslug: {'1' * 9}\nkey: 1"))
    printed = shown(operator, "import", "articles", f"articles/4 {NAME}.md")
    assert f"new       articles/1 {ESCAPED}.md\n" in printed
    assert f"refused   articles/2 {ESCAPED}.md" in printed
    assert f"refused   articles/4 {ESCAPED}.md: no such file or folder\n" in printed
    assert "\nrefused   c" not in printed


def test_lists_and_errors_escape_names_too(operator):
    file(operator, f"{NAME}.md", GOOD)
    shown(operator, "import", "articles")
    slug = next(
        article["slug"]
        for article in json.loads(operator.run("articles", "--json").out)
        if article["path"].endswith(f"{NAME}.md")
    )
    assert f"{ESCAPED}.md\n" in shown(operator, "show", slug)
    shown(operator, "articles")
    shown(operator, "articles", "--json")
    shown(operator, "check")
    assert ESCAPED in shown(operator, "show", NAME)
    assert ESCAPED in shown(operator, "subscribers", "import", NAME, "--newsletter", "breaking")
    assert ESCAPED in shown(operator, "--config", f"{NAME}.toml", "check")


def test_cells_of_a_list_of_readers_are_escaped(operator):
    cell = "a\x1b[31m\x9b@example.org"
    (operator.folder / "r.csv").write_text(f"email,name\n{cell},Ada\nbo@example.org,B\x1b[2Jo\n")
    shown(operator, "subscribers", "import", "r.csv", "--newsletter", "breaking")
    for words in (("list",), ("list", "--json"), ("show", "bo@example.org"), ("export",)):
        shown(operator, "subscribers", *words)


@pytest.mark.slow
def test_the_log_of_run_is_a_line_an_event_whatever_a_file_is_called(operator):
    with running(operator) as process:
        file(operator, f"{NAME}.md", BAD)
        file(operator, "x\x1b[31m.md", GOOD)
        file(operator, "good.md", GOOD)
        until(lambda: httpx.get(f"{process.url}/articles/good/").is_success)
        _, _, log = process.stop()
    assert not CONTROLS.search(log)
    assert r"x\x1b[31m.md" in log
    assert r"a\x1b[31mb" in log.replace("\\\\", "\\")


def test_what_a_mail_server_answers_cannot_leave_its_cell():
    [_, line] = table_lines(("edition", "answer"), [(1, "550 no\x1b[1A\nedition 2")])
    assert line.plain == r"      1  550 no\x1b[1A\nedition 2"


def test_a_line_stays_one_line_and_a_text_keeps_its_lines(capsys):
    echo("a\nb\x1b[2J")
    note("a\nb")
    echo_text("a\nb\x1b[2J\r")
    assert capsys.readouterr() == ("a\\nb\\x1b[2J\na\nb\\x1b[2J\\r\n", "a\\nb\n")
