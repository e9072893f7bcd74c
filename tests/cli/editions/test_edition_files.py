"""Edition files as editors meet them: `import`, `tick`, `send --to`, `fires`, `check`."""

from email import message_from_bytes, policy

import pytest

from tests.cli.conftest import Operator

DAILY = """
[[newsletters]]
name = "briefing"

[[schedules]]
name = "briefing"
newsletter = "briefing"
cron = "0 7 * * *"
timezone = "Europe/Berlin"
"""


@pytest.fixture
def editor(operator: Operator) -> Operator:
    """A publication with a briefing, a story and a folder of edition files."""
    operator.add(DAILY)
    operator.file("ferry")
    assert operator.run("import", "articles").code == 0
    (operator.folder / "editions").mkdir()
    return operator


def write(editor: Operator, name: str, text: str) -> None:
    (editor.folder / "editions" / name).write_text(text)


def subjects(editor: Operator) -> list[str]:
    files = sorted((editor.folder / "outbox").glob("*.eml"))
    messages = (message_from_bytes(file.read_bytes(), policy=policy.default) for file in files)
    return [str(message["subject"]) for message in messages]


def test_edition_files_are_imported_beside_articles_and_are_none(editor):
    write(editor, "next-briefing.md", "---\nsubject: Fog\nstories: [ferry]\n---\nHello.\n")
    write(editor, "2026-12-01-breifing.md", "Hello.\n")
    ran = editor.run("import", "articles", "editions")
    assert ran.code == 1
    lines = ran.out.splitlines()
    refused = (
        "refused   editions/2026-12-01-breifing.md: no schedule is called breifing; "
        "did you mean briefing?"
    )
    assert "new       editions/next-briefing.md" in lines
    assert refused in lines
    assert "next-briefing" not in editor.run("articles").out
    again = editor.run("import", "editions/next-briefing.md").out.splitlines()
    assert again == [refused, "unchanged editions/next-briefing.md"]


def test_a_test_copy_of_a_draft_says_which_file_it_is_made_from(editor):
    write(editor, "next-briefing.md", "---\nsubject: Fog\nstories: [ferry]\nstatus: draft\n---\n")
    ran = editor.run("send", "briefing", "--to", "me@example.org")
    assert ran.out.startswith("sent a test copy to me@example.org, by editions/next-briefing.md: ")
    assert "editions/next-briefing.md is a draft" in ran.err
    assert subjects(editor) == ["[Test] Fog"]
    later = editor.run("send", "briefing", "--to", "me@example.org", "--at", "2126-12-01")
    assert "nothing is new for briefing" in later.err
    assert editor.run("send", "briefing", "--at", "2126-12-01").code == 2


def test_a_send_by_hand_says_that_the_file_is_kept_for_its_slot(editor):
    write(editor, "next-briefing.md", "---\nsubject: Fog\nstories: [ferry]\n---\n")
    ran = editor.run("send", "briefing")
    assert "editions/next-briefing.md is for the slot of " in ran.err
    assert not (editor.folder / "outbox").exists()


def test_a_tick_reports_a_mistake_once(editor):
    write(editor, "2126-12-01-briefing.md", "---\nsubjet: Fog\n---\n")
    reported = "editions/2126-12-01-briefing.md:2: subjet is unknown; did you mean subject?"
    assert reported in editor.run("tick").err
    assert reported not in editor.run("tick").err


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("articles", "the folder of the articles"),
        ("./articles/", "the folder of the articles"),
        (".", "above the articles"),
    ],
)
def test_the_folder_of_articles_is_no_folder_of_editions(editor, folder, reason):
    editor.configure('# editions = "editions"', f'editions = "{folder}"')
    ran = editor.run("check")
    assert ran.code == 2
    assert f'intake.editions = "{folder}" — {reason}; expected another' in ran.err
