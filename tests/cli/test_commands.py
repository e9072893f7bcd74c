"""Each command does what its help says, on the streams and with the exit codes promised."""

import csv
import io
import json
import shutil
import subprocess
import tomllib

import pytest

from syndicate.store.database.schema import HEAD
from tests.requirements import require

STATES = [
    "queued", "sending", "accepted", "deferred", "failed", "expired", "skipped", "unknown",
]  # fmt: skip


def test_init_makes_a_publication_and_imports_nothing(operator):
    made = {path.name for path in operator.folder.iterdir()}
    assert made == {"config.toml", "articles", ".gitignore"}
    config = (operator.folder / "config.toml").read_text()
    assert config.count("[mail]") == 1
    [schedule] = tomllib.loads(config)["schedules"]
    assert (schedule["name"], schedule["every"]) == ("breaking", "10m")
    assert schedule["select"]["max_age"] == "24h"
    assert "breaking: true" not in (operator.folder / "articles/welcome.md").read_text()[:100]
    assert operator.run("subscribers", "list", "--json").out == "[]\n"


def test_git_keeps_every_article_and_picture_and_nothing_that_the_program_makes(operator):
    require(shutil.which("git"), "git is missing")
    kept = {"articles/media/tram.jpg", "articles/feeds/atom.md", "articles/outbox/mail.md"}
    made = {"syndicate.db-wal", "media/a.jpg", "outbox/1.eml", "feeds/rss.xml", "x.refused.csv"}
    for name in kept | made:
        (operator.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (operator.folder / name).touch()
    git = ("git", "-c", "core.excludesFile=", "-C", str(operator.folder))
    subprocess.run([*git, "init", "--quiet"], check=True)
    listing = [*git, "ls-files", "--others", "--exclude-standard"]
    listed = set(subprocess.check_output(listing, text=True).split())
    assert kept <= listed
    assert made.isdisjoint(listed)


def test_init_changes_nothing_that_is_there(operator):
    before = (operator.folder / "config.toml").read_text()
    again = operator.run("init", ".")
    assert again.code == 1
    assert "exists already" in again.err
    assert (operator.folder / "config.toml").read_text() == before


def test_check_shows_three_slots_in_the_zone_of_the_schedule(operator):
    operator.configure('every = "10m"', 'cron = "0 7 * * mon-fri"\ntimezone = "Europe/Berlin"')
    checked = operator.run("check")
    assert checked.code == 0
    assert checked.out.count("07:00 CET") + checked.out.count("07:00 CEST") == 3
    [schedule] = json.loads(operator.run("check", "--json").out)["schedules"]
    assert len(schedule["next"]) == 3
    assert schedule["timezone"] == "Europe/Berlin"


def test_check_makes_no_store(operator):
    operator.run("check")
    assert not (operator.folder / "syndicate.db").exists()


def test_check_names_every_mistake_of_the_config_at_once(operator):
    operator.configure('every = "10m"', 'every = "10 mins"')
    operator.configure('newsletter = "breaking"', 'newsletter = "braking"')
    checked = operator.run("check")
    assert checked.code == 2
    assert checked.out == ""
    lines = checked.err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("config.toml:") for line in lines)
    assert any('every = "10 mins"' in line and '"10m"' in line for line in lines)


def test_check_names_every_mistake_of_the_templates(operator):
    email = operator.folder / "templates" / "email"
    email.mkdir(parents=True)
    (email / "alert.mjml").write_text("<mjml>\n<mj-body>\n{% if %}\n</mj-body>\n</mjml>\n")
    (email / "digest.mjml").write_text("<mjml>\n<mj-body>\n<mj-txt/>\n</mj-body>\n</mjml>\n")
    checked = operator.run("check")
    assert checked.code == 2
    assert "email/alert.mjml:3: " in checked.err
    assert "email/digest.mjml:3: " in checked.err
    assert "mj-text" in checked.err


def test_check_lists_front_matter_that_means_nothing(operator):
    (operator.folder / "articles/a.md").write_text("---\ntitle: A\nlayout: post\n---\nText\n")
    operator.run("import", "articles")
    assert "'layout'" in operator.run("check").err


def test_import_says_a_line_for_each_file_and_goes_on_past_a_refused_one(operator):
    operator.file("ferry")
    (operator.folder / "articles/bad.md").write_text("---\nsection: City\n---\nText\n")
    (operator.folder / "articles/notes.txt").write_text("passed over")
    first = operator.run("import", "articles")
    assert first.code == 1
    assert [line.split()[0] for line in first.out.splitlines()] == ["refused", "new", "new"]
    assert "articles/bad.md:1: " in first.out
    assert "title" in first.out
    operator.file("ferry", title="Ferry afloat")
    (operator.folder / "articles/bad.md").unlink()
    second = operator.run("import", "articles")
    assert second.code == 0
    assert [line.split()[0] for line in second.out.splitlines()] == ["revised", "unchanged"]


def test_a_dry_run_changes_nothing(operator):
    dry = operator.run("import", "articles", "--dry-run")
    assert dry.out.split()[0] == "new"
    assert "nothing was changed" in dry.err
    assert operator.run("articles", "--json").out == "[]\n"


def test_articles_are_listed_and_shown(operator):
    operator.file("ferry")
    file = operator.folder / "articles/ferry.md"
    comments = "comments: {count: 3, url: https://talk.example/7}"
    file.write_text(file.read_text().replace("---\n", f"---\n{comments}\n", 1))
    operator.run("import", "articles")
    listed = json.loads(operator.run("articles", "--json").out)
    assert {one["slug"]: one["state"] for one in listed} == {
        "ferry": "to come",
        "welcome": "to come",
    }
    operator.run("build")
    shown = operator.run("show", "ferry")
    assert "All about Ferry." in shown.out
    assert "published" in shown.out
    value = json.loads(operator.run("show", "ferry", "--json").out)
    assert value["id"].startswith("urn:uuid:")
    assert value["section"] == "City"
    assert "comments       count: 3, url: https://talk.example/7\n" in shown.out
    assert value["comments"] == {"count": 3, "url": "https://talk.example/7", "feed": None}
    assert value["amp"].endswith("/articles/ferry/amp/")
    assert "amp_cache" not in value, "nobody can fetch it from this machine"
    unknown = operator.run("show", "nonsense")
    assert (unknown.code, unknown.out) == (1, "")
    assert "nonsense" in unknown.err


def test_show_tells_the_address_in_the_amp_cache(operator):
    operator.configure("[publication]\n", '[publication]\nurl = "https://news-post.example"\n')
    operator.file("ferry")
    operator.run("import", "articles")
    cached = (
        "https://news--post-example.cdn.ampproject.org/c/s/news-post.example/articles/ferry/amp/"
    )
    assert json.loads(operator.run("show", "ferry", "--json").out)["amp_cache"] == cached
    assert cached in operator.run("show", "ferry").out
    operator.configure("[amp]\n", "[amp]\nenabled = false\n")
    assert "amp" not in json.loads(operator.run("show", "ferry", "--json").out)


def test_build_writes_only_what_changed_and_says_so(operator):
    operator.run("import", "articles")
    first = operator.run("build", "--verbose", "--at", "2030-01-01T12:00")
    assert "written   rss.xml" in first.out
    seed = {"PYTHONHASHSEED": "7"}  # sets and names come in another order
    again = operator.run("build", "--at", "2030-01-01T12:00", env=seed)
    assert again.out.startswith("0 written, 0 deleted")
    (operator.folder / "feeds/rss.xml").write_text("changed by hand")
    (operator.folder / "feeds/atom.xml").unlink()
    assert operator.run("build", "--at", "2030-01-01T12:00").out.startswith("0 written, 0 deleted")
    mended = operator.run("build", "--all", "--verbose", "--at", "2030-01-01T12:00")
    assert mended.out.startswith("written   rss.xml\nwritten   atom.xml\n2 written")


def test_a_time_that_is_none_is_wrong_usage(operator):
    wrong = operator.run("build", "--at", "yesterday")
    assert wrong.code == 2
    assert "--at 'yesterday'" in wrong.err


def test_build_at_a_time_gives_no_public_numbers(operator):
    operator.run("import", "articles")
    operator.run("build", "--at", "2030-01-01T12:00")
    [article] = json.loads(operator.run("articles", "--json").out)
    assert article["number"] is None


def test_retract_withdraws_an_article_from_the_feeds_and_undo_puts_it_back(operator):
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("build")
    assert operator.run("retract", "ferry").out == "retracted ferry: Ferry\n"
    operator.run("build")
    rss = operator.folder / "feeds/rss.xml"
    atom = operator.folder / "feeds/atom.xml"
    assert "<title>[withdrawn] Ferry</title>" in rss.read_text()
    assert "All about Ferry" not in rss.read_text()
    assert "Welcome" in rss.read_text()
    assert "deleted-entry" in atom.read_text()
    operator.run("import", "articles")
    operator.run("build")
    assert "<title>[withdrawn] Ferry</title>" in rss.read_text()
    assert "All about Ferry" not in rss.read_text()
    operator.run("retract", "ferry", "--undo")
    operator.run("build")
    assert "<title>Ferry</title>" in rss.read_text()
    assert "All about Ferry" in rss.read_text()
    assert "[withdrawn]" not in rss.read_text()
    assert "deleted-entry" not in atom.read_text()


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


def test_tick_says_why_an_edition_goes_to_nobody(operator):
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("build")
    operator.subscribe("ada@example.org,Ada")
    ticked = operator.run("tick")
    assert ticked.code == 0
    assert "edition 1, 1 article" in ticked.out
    assert "nobody was subscribed to breaking before it became public" in ticked.err


def test_an_edition_that_everybody_has_is_neither_replaced_nor_called_sending(operator):
    operator.subscribe("ada@example.org,Ada")
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    refused = operator.run("replace", "1")
    assert refused.code == 1
    assert "nobody is left to replace edition 1 for: 1 accepted" in refused.err
    assert "sending" not in refused.err


def test_tick_mails_what_is_new_once_and_the_totals_add_up(operator):
    operator.subscribe("ada@example.org,Ada", "bo@example.org,Bo")
    operator.file("ferry")
    operator.run("import", "articles")
    ticked = operator.run("tick")
    assert ticked.code == 0
    assert "edition 1, 1 article" in ticked.out
    assert "delivered: 2 accepted" in ticked.out
    assert "delivered: nothing was due" in operator.run("tick").out
    assert len(list((operator.folder / "outbox").glob("*.eml"))) == 2
    [edition] = json.loads(operator.run("editions", "--json").out)
    assert edition["kind"] == "alert"
    assert edition["audience"] == 2 == sum(edition[state] for state in STATES)
    rows = json.loads(operator.run("deliveries", "1", "--json").out)
    assert {row["email"]: row["state"] for row in rows} == {
        "ada@example.org": "accepted",
        "bo@example.org": "accepted",
    }
    assert "Breaking: Ferry" in operator.run("editions").out
    assert operator.run("deliveries", "1").out.count("accepted") == 2


def test_editions_leave_out_the_states_that_nobody_is_in(operator):
    operator.subscribe("ada@example.org,", "bo@example.com,")
    operator.configure("[mail]", '[mail]\nonly = ["*@example.org"]')
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("tick")
    _, row = operator.run("editions").out.splitlines()
    assert row.split("  ")[-2:] == ["1 accepted, 1 skipped", "Breaking: Ferry"]


def test_an_edition_that_nobody_gets_says_so(operator):
    operator.file("ferry")
    operator.run("import", "articles")
    operator.run("build")
    operator.subscribe("ada@example.org,")
    sent = operator.run("send", "breaking")
    assert sent.code == 0
    assert "no recipients" in sent.err


def test_an_edition_that_does_not_exist_is_refused(operator):
    refused = operator.run("deliveries", "7")
    assert refused.code == 1
    assert "no edition 7" in refused.err


def test_a_tick_whose_template_fails_exits_with_one(operator):
    own = operator.folder / "templates/email"
    own.mkdir(parents=True)
    (own / "alert.mjml").write_text("<mjml><mj-body>{{ nonsense }}</mj-body></mjml>")
    operator.subscribe("ada@example.org,")
    operator.file("ferry")
    operator.run("import", "articles")
    failed = operator.run("tick")
    assert failed.code == 1
    assert "failed: email/alert.mjml:1: " in failed.out
    assert not (operator.folder / "outbox").exists()


def test_send_goes_out_now_and_a_test_copy_beside_the_ledger(operator):
    operator.subscribe("ada@example.org,")
    operator.file("ferry")
    operator.run("import", "articles")
    copy = operator.run("send", "breaking", "--to", "me@example.org")
    assert "sent a test copy to me@example.org" in copy.out
    assert operator.run("editions", "--json").out == "[]\n"
    sent = operator.run("send", "breaking")
    assert sent.out.startswith("edition 1: Breaking: Ferry\n")
    assert "nothing new" in operator.run("send", "breaking").out
    assert operator.run("send", "breaking", "--article", "welcome").out.startswith("edition 2: ")


def test_send_asks_which_schedule_where_there_are_several(operator):
    config = operator.folder / "config.toml"
    more = '\n[[schedules]]\nname = "weekly"\nnewsletter = "breaking"\ncron = "0 7 * * mon"\n'
    config.write_text(config.read_text() + more)
    which = operator.run("send", "breaking")
    assert which.code == 2
    assert "breaking, weekly" in which.err
    assert operator.run("send", "breaking", "--schedule", "weekly").code == 0


def test_migrate_says_what_ran(operator):
    ran = operator.run("migrate").out.splitlines()
    assert ran == [f"migrated to {HEAD}"]
    assert operator.run("migrate").out == "up to date\n"


def test_a_template_is_copied_to_be_edited_and_then_wins(operator):
    copied = operator.run("templates", "copy", "page/article.html")
    assert copied.out.strip().endswith("templates/page/article.html")
    own = operator.folder / "templates/page/article.html"
    own.write_text("<!doctype html><title>{{ article.title }}</title><p>Our own page")
    operator.run("import", "articles")
    operator.run("build")
    page = operator.folder / "feeds/articles/welcome/index.html"
    assert "Our own page" in page.read_text()
    assert operator.run("templates", "copy", "page/article.html").code == 1
    unknown = operator.run("templates", "copy", "page/nonsense.html")
    assert unknown.code == 1
    assert "email/digest.mjml" in unknown.err


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


@pytest.mark.parametrize(
    "words", [("nonsense",), ("build", "--nonsense"), ("send",), ("deliveries", "x"), ("show",)]
)
def test_wrong_usage_exits_with_two(operator, words):
    wrong = operator.run(*words)
    assert wrong.code == 2
    assert wrong.out == ""
    assert wrong.err


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


def test_a_template_named_alone_is_copied_with_its_twin(operator):
    assert operator.run("templates", "copy", "digest").out.count("\n") == 2
    assert (operator.folder / "templates/email/digest.mjml").is_file()
    assert (operator.folder / "templates/email/digest.txt").is_file()


def test_a_broken_config_is_told_in_json_too(operator):
    operator.configure('every = "10m"', 'every = "10 mins"')
    checked = operator.run("check", "--json")
    assert checked.code == 2
    assert 'every = "10 mins"' in json.loads(checked.out)["mistakes"][0]


def test_a_newsletter_that_is_added_to_an_old_paper_mails_no_archive(operator):
    operator.subscribe("ada@example.org,Ada")
    for year in range(2011, 2016):
        operator.file(f"{year}-05-01-old-{year}", breaking=False)
    operator.run("import", "articles")
    operator.run("tick")
    operator.add(
        '[[newsletters]]\nname = "weekly"\n'
        '[[schedules]]\nname = "weekly"\nnewsletter = "weekly"\nevery = "10s"\n'
    )
    add = ("subscribers", "add", "bo@example.org", "--newsletter", "weekly", "--source", "asked")
    assert operator.run(*add).code == 0
    assert "first seen" in operator.run("tick").out
    assert json.loads(operator.run("editions", "--json").out) == []


def test_the_first_breaking_story_of_a_newcomer_goes_out_and_an_old_one_does_not(operator):
    operator.subscribe("ada@example.org,Ada")
    operator.file("2011-05-01-old")
    operator.file("ferry")
    operator.run("import", "articles")
    assert "edition 1, 1 article" in operator.run("tick").out
    [edition] = json.loads(operator.run("editions", "--json").out)
    assert edition["subject"] == "Breaking: Ferry"


def test_a_day_of_missed_slots_is_told_in_one_line(operator):
    operator.run("tick", "--at", "2030-01-01T12:00")
    ticked = operator.run("tick", "--at", "2030-01-02T12:00")
    assert "breaking: 143 older slots were missed and skipped" in ticked.out
    assert ticked.out.count("breaking 2030-01-02 12:00 UTC: skipped: 0 new") == 1
    assert len(ticked.out.splitlines()) == 4


def test_of_many_missed_slots_the_oldest_that_is_recorded_says_how_many_there_were(operator):
    operator.run("tick", "--at", "2030-01-01T12:00")
    operator.run("tick", "--at", "2030-06-01T12:00")
    listed = operator.run("fires", "breaking", "--limit", "200").out.splitlines()
    assert "covered by 2030-06-01 12:00, and 21,643 older slots with it" in listed[-2]


def test_what_became_of_each_slot_is_listed(operator):
    operator.run("tick", "--at", "2030-01-01T12:00")
    listed = operator.run("fires")
    assert listed.out.splitlines()[-1] == "breaking  2030-01-01 12:00 UTC  skipped: 0 new"
    [fire] = json.loads(operator.run("fires", "breaking", "--json").out)
    assert (fire["outcome"], fire["reason"]) == ("skipped", "0 new")
    assert operator.run("fires", "nonsense").code == 2
    operator.configure('name = "breaking"', 'name = "flash"')
    operator.configure('newsletter = "breaking"', 'newsletter = "flash"')
    assert operator.run("fires").out == "schedule  slot  outcome\n"
    assert operator.run("fires", "breaking").out == listed.out, "a schedule that is gone"


def test_a_build_brings_the_mirror_along_and_says_so(operator):
    www = operator.folder / "www"
    operator.configure("[publish]", f'[publish]\nmirror = "file://{www}"')
    operator.run("import", "articles")
    assert "mirror" not in operator.run("build", "--at", "2030-01-01").out
    assert not www.exists()
    built = operator.run("build")
    assert built.code == 0
    [told] = [line for line in built.out.splitlines() if line.startswith("mirror: ")]
    assert told.endswith(" uploaded, 0 deleted")
    assert (www / "rss.xml").read_bytes() == (operator.folder / "feeds/rss.xml").read_bytes()
    assert "mirror: 0 uploaded, 0 deleted" in operator.run("tick").out


def test_a_mirror_that_fails_is_an_error_after_everything_is_published(operator):
    (operator.folder / "www").write_text("in the way")
    operator.configure("[publish]", f'[publish]\nmirror = "file://{operator.folder}/www"')
    operator.run("import", "articles")
    built = operator.run("build")
    assert built.code == 1
    assert "the next build tries again" in built.err
    assert (operator.folder / "feeds/rss.xml").is_file()


def test_check_tells_of_a_mirror_that_cannot_be_spoken_to(operator):
    operator.configure("[publish]", '[publish]\nmirror = "carrierpigeon://loft"')
    checked = operator.run("check")
    assert checked.code == 2
    assert "fsspec has no protocol carrierpigeon" in checked.err
