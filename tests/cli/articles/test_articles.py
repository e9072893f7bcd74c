"""Articles are imported, listed, published and taken back."""

import json
import re

import pytest


@pytest.mark.neighbours
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
    assert re.search(r"^published +20\d\d-\d\d-\d\d \d\d:\d\d UTC$", shown.out, re.MULTILINE)
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


@pytest.mark.neighbours
def test_build_writes_only_what_changed_and_says_so(operator):
    operator.run("import", "articles")
    first = operator.run("build", "--verbose", "--at", "2030-01-01T12:00")
    assert "written   rss.xml" in first.out
    seed = {"PYTHONHASHSEED": "7"}  # sets and names come in another order
    again = operator.run("build", "--at", "2030-01-01T12:00", env=seed, own_python=True)
    assert again.out.startswith("0 written, 0 deleted")
    (operator.folder / "feeds/rss.xml").write_text("changed by hand")
    (operator.folder / "feeds/atom.xml").unlink()
    assert operator.run("build", "--at", "2030-01-01T12:00").out.startswith("0 written, 0 deleted")
    mended = operator.run("build", "--all", "--verbose", "--at", "2030-01-01T12:00")
    assert mended.out.startswith("written   rss.xml\nwritten   atom.xml\n2 written")


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
