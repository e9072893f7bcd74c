"""Each command does what its help says, on the streams and with the exit codes promised."""

import csv
import io
import json

import pytest


def test_a_time_that_is_none_is_wrong_usage(operator):
    wrong = operator.run("build", "--at", "yesterday")
    assert wrong.code == 2
    assert "--at 'yesterday'" in wrong.err


def test_subscribers_come_in_and_go_out_as_csv(operator):
    came = operator.subscribe("ada@example.org,Ada Lind", "not an address,X", "ADA@example.org,")
    assert came.code == 1
    assert "readers.csv:3: " in came.out
    listed = json.loads(operator.run("subscribers", "list", "--json").out)
    assert [one["email"] for one in listed] == ["ada@example.org"]
    assert listed[0]["subscriptions"][0]["state"] == "confirmed"
    [row] = csv.DictReader(io.StringIO(operator.run("subscribers", "export").out))
    assert (row["email"], row["name"], row["newsletter"]) == (
        "ada@example.org",
        "Ada Lind",
        "breaking",
    )
    assert "readers.csv" in row["source"]


def test_a_csv_with_another_header_is_refused_and_nobody_is_subscribed(operator):
    (operator.folder / "readers.csv").write_text("phone\n0431\n")
    refused = operator.run("subscribers", "import", "readers.csv", "--newsletter", "breaking")
    assert refused.code == 1
    assert "readers.csv:1: " in refused.err
    assert operator.run("subscribers", "list", "--json").out == "[]\n"


def test_a_newsletter_that_does_not_exist_is_wrong_usage(operator):
    (operator.folder / "readers.csv").write_text("email\nada@example.org\n")
    wrong = operator.run("subscribers", "import", "readers.csv", "--newsletter", "nope")
    assert wrong.code == 2
    assert "'nope'" in wrong.err
    assert "breaking" in wrong.err


def test_paths_in_a_config_are_relative_to_it(operator, elsewhere):
    config = str(operator.folder / "config.toml")
    outside = elsewhere()
    assert outside.run("--config", config, "import", str(operator.folder / "articles")).code == 0
    outside.run("--config", config, "build")
    assert (operator.folder / "syndicate.db").exists()
    assert (operator.folder / "feeds/rss.xml").exists()
    assert {path.name for path in outside.folder.iterdir()} == {"post"}


def test_a_missing_config_says_how_to_make_one(elsewhere):
    missing = elsewhere().run("build")
    assert missing.code == 2
    assert "syndicate init DIR" in missing.err


def test_the_help_names_values_by_words_and_not_by_types_of_python(operator):
    imported = operator.run("subscribers", "import", "--help").out
    assert "--tag TEXT " in imported
    assert "SLUG" in operator.run("show", "--help").out.splitlines()[0]
    agenda = operator.run("agenda", "--help").out
    assert "--days N " in agenda
    assert "--unknown <resend|skip> " in operator.run("settle", "--help").out


@pytest.mark.parametrize(
    "words", [("nonsense",), ("build", "--nonsense"), ("send",), ("deliveries", "x"), ("show",)]
)
def test_wrong_usage_exits_with_two(operator, words):
    wrong = operator.run(*words)
    assert wrong.code == 2
    assert wrong.out == ""
    assert wrong.err


@pytest.mark.neighbours
def test_an_exported_port_is_the_port_of_every_address(operator):
    operator.run("import", "articles")
    operator.run("build", env={"PORT": "8765"})
    assert "http://127.0.0.1:8765/rss.xml" in (operator.folder / "feeds/rss.xml").read_text()
    wrong = operator.run("build", env={"PORT": "http"})
    assert wrong.code == 2
    assert "PORT = 'http'" in wrong.err


def test_a_store_that_is_no_database_is_said_plainly(operator):
    (operator.folder / "syndicate.db").write_text("These are notes. " * 100)
    said = operator.run("articles")
    assert said.code == 1
    assert "not a SQLite database" in said.err


def test_a_path_that_does_not_exist_is_named(operator):
    said = operator.run("import", "nowhere", "articles")
    assert said.code == 1
    assert [line.split()[:2] for line in said.out.splitlines()] == [
        ["refused", "nowhere:"],
        ["new", "articles/welcome.md"],
    ]
