"""Publications are set up, checked and upgraded."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from syndicate.render.templates import Templates
from syndicate.store.database.schema import HEAD
from tests.requirements import require


def test_init_makes_a_publication_and_imports_nothing(operator):
    made = {path.name for path in operator.folder.iterdir()}
    assert made == {"config.toml", "articles", "pages", ".gitignore"}
    config = (operator.folder / "config.toml").read_text()
    assert config.count("[mail]") == 1
    [schedule] = tomllib.loads(config)["schedules"]
    assert (schedule["name"], schedule["every"]) == ("breaking", "10m")
    assert schedule["select"]["max_age"] == "24h"
    assert "breaking: true" not in (operator.folder / "articles/welcome.md").read_text()[:100]
    assert operator.run("subscribers", "list", "--json").out == "[]\n"
    assert operator.run("check").err.endswith("no mistakes\n")
    operator.run("build")
    about = (operator.folder / "feeds/about/index.html").read_text()
    assert '<h1 dir="auto">About ' in about


@pytest.mark.neighbours
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


def test_a_template_named_alone_is_copied_with_its_twin(operator):
    assert operator.run("templates", "copy", "digest").out.count("\n") == 2
    assert (operator.folder / "templates/email/digest.mjml").is_file()
    assert (operator.folder / "templates/email/digest.txt").is_file()


def test_no_kind_of_mail_shares_its_name_with_another_template():
    places = {name: Path(name).parent.as_posix() for name in Templates().names()}
    mail = {Path(name).stem for name, place in places.items() if place == "email"}
    assert {"alert", "digest", "proof"} <= mail
    assert {place for name, place in places.items() if Path(name).stem in mail} == {"email"}


def test_a_name_that_several_templates_have_is_refused_with_their_places(operator):
    copied = operator.run("templates", "copy", "footer")
    assert copied.code == 1
    assert "any of email/parts/footer.txt, page/frame/footer.html; name one" in copied.err
    assert not (operator.folder / "templates").exists()


def test_check_reports_a_mistake_in_a_file_that_is_no_template_of_ours(operator):
    folder = operator.folder / "templates/email"
    folder.mkdir(parents=True)
    (folder / "_frame.mjml").write_text("<mjml>\n{% if %}\n</mjml>\n")
    (folder / "code.mjml").write_text('{% extends "email/frame.mjml" %}\n')
    checked = operator.run("check")
    assert checked.code == 2
    assert "email/_frame.mjml:2: " in checked.err
    assert f"email/frame.mjml: no such template in {operator.folder}/templates or " in checked.err


def test_a_broken_config_is_told_in_json_too(operator):
    operator.configure('every = "10m"', 'every = "10 mins"')
    checked = operator.run("check", "--json")
    assert checked.code == 2
    broken = json.loads(checked.out)
    assert 'every = "10 mins"' in broken["mistakes"][0]
    operator.configure('every = "10 mins"', 'every = "10m"')
    assert broken.keys() == json.loads(operator.run("check", "--json").out).keys()


def test_check_tells_of_a_mirror_that_cannot_be_spoken_to(operator):
    operator.configure("[publish]", '[publish]\nmirror = "carrierpigeon://loft"')
    checked = operator.run("check")
    assert checked.code == 2
    assert "fsspec has no protocol carrierpigeon" in checked.err
