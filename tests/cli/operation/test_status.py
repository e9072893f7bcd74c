"""`status`: what is wrong, what waits and what is next, also while no process runs."""

import json
import sqlite3
from contextlib import closing


def test_a_publication_in_order_exits_with_0_and_shows_what_is_next(operator):
    assert operator.run("status").code == 1, "there is no store yet"
    operator.file("ferry")
    operator.run("import", "articles")
    assert operator.run("tick").code == 0
    shown = operator.run("status")
    assert shown.code == 0, shown.out
    assert "nothing is wrong" in shown.err
    assert "breaking → breaking" in shown.out
    assert shown.out.splitlines()[-1].startswith("last pass  20")
    values = json.loads(operator.run("status", "--json").out)
    assert values["alarms"] == values["waiting"] == values["sending"] == []
    assert values["next"][0]["schedule"] == "breaking"


def test_what_is_wrong_is_shown_with_its_remedy_and_exits_with_1(operator):
    operator.subscribe("ada@example.org,Ada")
    own = operator.folder / "templates/email"
    own.mkdir(parents=True)
    (own / "alert.mjml").write_text("<mjml><mj-body>{{ nonsense }}</mj-body></mjml>")
    operator.file("ferry")
    operator.run("import", "articles")
    assert operator.run("tick").code == 1
    shown = operator.run("status")
    assert shown.code == 1
    first, second = shown.out.splitlines()[:2]
    assert first.startswith("wrong      the slot 20")
    assert "of breaking failed: email/alert.mjml:1" in first
    assert second.strip() == "`syndicate fires breaking` lists its slots; each pass tries again"
    listed = operator.run("status", "--json")
    assert listed.code == 1
    [alarm] = json.loads(listed.out)["alarms"]
    assert (alarm["cause"], alarm["about"]) == ("slot", "breaking")
    assert alarm["notified_at"]


def test_a_refused_breaking_story_is_shown_until_it_is_imported(operator):
    story = operator.folder / "articles/ferry.md"
    story.write_text("---\ntitle: [unclosed\nbreaking: true\n---\nText\n")
    operator.run("import", "articles")
    shown = operator.run("status")
    assert shown.code == 1
    assert "a breaking story was refused: articles/ferry.md:" in shown.out
    operator.file("ferry")
    operator.run("import", "articles")
    assert operator.run("status").code == 0


def test_a_refused_file_is_listed_and_rings_nothing(operator):
    for number in range(12):
        story = operator.folder / f"articles/broken-{number:02}.md"
        story.write_text("---\ntitle: Fares\ndate: tomorrow\n---\nText\n")
    operator.run("import", "articles")
    shown = operator.run("status")
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("refused")] == [
        f"articles/broken-{number:02}.md:3:" for number in range(10)
    ]
    assert lines[10].strip() == "and 2 more files; `syndicate status --json` has all"
    assert lines[11].strip().startswith("correct the file and save it")
    refused = json.loads(operator.run("status", "--json").out)["refused"]
    assert len(refused) == 12
    assert refused[0]["file"] == "articles/broken-00.md"
    assert refused[0]["reason"].startswith("articles/broken-00.md:3:")
    for story in (operator.folder / "articles").glob("broken-*.md"):
        story.unlink()
    shown = operator.run("status")
    assert "nothing is wrong" in shown.err
    assert "refused" not in shown.out


def test_what_waits_and_what_is_being_sent_is_shown(operator):
    operator.configure('newsletter = "breaking"', 'newsletter = "breaking"\napprove = true')
    operator.subscribe("ada@example.org,Ada")
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    shown = operator.run("status")
    assert "waiting    edition 1 of breaking: for approval until 20" in shown.out
    [waiting] = json.loads(operator.run("status", "--json").out)["waiting"]
    assert (waiting["edition"], waiting["newsletter"]) == (1, "breaking")
    assert waiting["approve_by"]
    [line] = [line for line in operator.run("editions").out.splitlines() if line.startswith(" 1 ")]
    assert line.split()[6:] == ["waiting", "Breaking:", "Ferry"], "its audience is not known yet"
    shown = operator.run("editions", "show", "1").out
    assert ", waiting; its readers are chosen at its release\n" in shown


def test_deliveries_of_unknown_outcome_are_shown_until_they_are_settled(operator):
    operator.subscribe("ada@example.org,Ada", "bo@example.org,Bo")
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    with closing(sqlite3.connect(operator.folder / "syndicate.db")) as database, database:
        database.execute("UPDATE deliveries SET state = 'unknown' WHERE subscriber = 1")
    shown = operator.run("status")
    assert shown.out.splitlines()[0] == (
        "waiting    edition 1: 1 unknown: they may have arrived; "
        "waits for `syndicate settle 1 --unknown resend|skip`"
    )
    values = json.loads(operator.run("status", "--json").out)
    assert values["unsettled"] == [{"edition": 1, "unknown": 1}]
    operator.run("settle", "1", "--unknown", "skip")
    assert json.loads(operator.run("status", "--json").out)["unsettled"] == []
