"""What an operator reads about editions before they go out, and what a fire left out."""

import json
from datetime import UTC, datetime, timedelta

BRIEFING = """
[[schedules]]
name = "city"
newsletter = "breaking"
cron = "0 7 * * *"
timezone = "Europe/Berlin"
approve = true
select = { sections = ["City"], max = 1 }
"""


def test_explain_says_what_would_go_out_and_why_before_anything_is_built(operator):
    operator.add(BRIEFING)
    operator.subscribe("ada@example.org,Ada")
    operator.file("ferry")
    operator.file("calm", breaking=False)
    operator.run("import", "articles")
    explained = operator.run("explain", "breaking")
    assert explained.code == 0
    assert "subject:    Breaking: Ferry" in explained.out
    assert "to:         1 reader of breaking, as of now" in explained.out
    lines = [line.split() for line in explained.out.splitlines()]
    [ferry] = [line for line in lines if "ferry" in line]
    [calm] = [line for line in lines if "calm" in line]
    assert ferry[0] == "in"
    assert calm[0] == "out"
    assert calm[-3:] == ["not", "breaking", "(select)"]
    values = json.loads(operator.run("explain", "breaking", "--json").out)
    assert (values["sends"], values["audience"], values["is_due"]) == (True, 1, True)
    assert values["articles"][0]["slug"] == "ferry"
    assert not (operator.folder / "feeds").exists()
    assert not (operator.folder / "outbox").exists()
    assert json.loads(operator.run("editions", "--json").out) == []


def test_explain_counts_those_who_subscribed_after_the_story_was_public(operator):
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("build")
    operator.subscribe("ada@example.org,Ada")
    explained = operator.run("explain", "breaking")
    assert (
        "to:         0 readers of breaking, as of now; "
        "1 more subscribed after its newest story was public\n"
    ) in explained.out
    values = json.loads(operator.run("explain", "breaking", "--json").out)
    assert (values["audience"], values["subscribed_later"]) == (0, 1)


def test_explain_needs_no_secret(operator):
    operator.catch_mail()
    operator.configure(
        "[mail]",
        '[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nsecurity = "none"\nusername = "post"\n'
        'password_env = "NOT_SET"\nfrom = "post@example.org"',
    )
    operator.add(BRIEFING)
    explained = operator.run("explain", "city", "--at", "2030-01-01")
    assert explained.code == 0
    assert explained.out.splitlines()[:2] == [
        "city, 2030-01-01 07:00 CET",
        "nothing new: no edition",
    ]


def test_explain_names_the_schedules_that_there_are(operator):
    refused = operator.run("explain", "brekaing")
    assert refused.code == 2
    assert "no schedule is called 'brekaing'" in refused.err
    assert "there is: breaking" in refused.err


def test_agenda_shows_the_coming_week_and_what_waits(operator):
    operator.add(BRIEFING)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    (operator.folder / "articles" / "tram.md").write_text(
        f"---\ntitle: The tram\ndate: {tomorrow.isoformat()}\n---\n\nIt runs.\n"
    )
    operator.run("import", "articles")
    shown = operator.run("agenda")
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert lines[0] == "Through every day"
    assert lines[1].endswith("breaking  next of every 10 m, breaking")
    assert sum("  city " in line for line in lines) in {7, 8}
    assert any("becomes public: The tram" in line for line in lines)
    values = json.loads(operator.run("agenda", "--days", "1", "--json").out)
    assert [article["slug"] for article in values["articles"]] == ["tram"]
    assert {slot["schedule"] for slot in values["slots"]} == {"city"}
    assert values["waiting"] == values["under_way"] == []


def test_fires_name_what_was_left_out(operator):
    operator.file("new")
    old = datetime.now(UTC) - timedelta(days=3)
    for number in range(7):
        (operator.folder / "articles" / f"old{number}.md").write_text(
            f"---\ntitle: Old\nbreaking: true\ndate: {old.isoformat()}\n---\n\nLong ago.\n"
        )
    operator.configure('begin_with = "24h"', 'begin_with = "all"')
    operator.run("import", "articles")
    operator.run("tick")
    assert operator.run("fires").out.rstrip().endswith(" and 2 more")
    [fire] = json.loads(operator.run("fires", "--json").out)
    assert sorted(fire["left_out"]) == [f"old{number}" for number in range(7)]


def test_explain_refuses_a_time_at_the_end_of_the_calendar(operator):
    ran = operator.run("explain", "breaking", "--at", "9999-12-31T23:59:59Z")
    assert (ran.code, ran.err[:5]) == (2, "--at ")
