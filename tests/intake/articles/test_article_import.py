"""Filing: which article a file is, and what becomes of it."""

import os
import re
import sqlite3
import threading
import uuid
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from syndicate.intake.articles import matching, parallel_parse
from syndicate.intake.articles.article_import import ImportOutcome, import_articles
from syndicate.intake.articles.source_file import parse_article
from syndicate.intake.markup.sanitise import id_prefix
from syndicate.model.articles import Status
from syndicate.store import Store
from tests.intake.article_folder import MONDAY, TUESDAY, ArticleFolder
from tests.shared_folder import SHARED, needs_shared

NEW, REVISED, UNCHANGED, REFUSED = (
    ImportOutcome.NEW,
    ImportOutcome.REVISED,
    ImportOutcome.UNCHANGED,
    ImportOutcome.REFUSED,
)


def verdicts(filed):
    return [(one.slug, one.outcome) for one in filed]


# identity


def test_an_article_is_named_by_the_publication_and_its_first_slug(articles):
    articles.import_one(articles.add("harbour-tram.md"))
    article = articles.only()
    expected = uuid.uuid5(articles.config.publication.id, "harbour-tram")
    assert article.id == f"urn:uuid:{expected}"
    assert (article.slug, article.path) == ("harbour-tram", "articles/harbour-tram.md")
    assert (article.first_seen, article.date) == (MONDAY, None)


def test_the_front_matters_id_is_taken_as_it_is(articles):
    articles.import_one(articles.add("a.md", id="https://old.example/?p=7"))
    assert articles.only().id == "https://old.example/?p=7"


def test_the_same_file_again_is_unchanged_and_a_corrected_one_keeps_its_id(articles):
    articles.add("a.md")
    assert verdicts(articles.import_all()) == [("a", NEW)]
    first = articles.only()
    assert verdicts(articles.import_all(at=TUESDAY)) == [("a", UNCHANGED)]
    for number, body in enumerate(("Second.", "Third."), 2):
        articles.add("a.md", body)
        assert verdicts(articles.import_all(at=TUESDAY)) == [("a", REVISED)]
        assert (articles.only().id, articles.only().revision) == (first.id, number)


def test_an_empty_store_filled_from_the_same_files_has_the_same_ids(articles, tmp_path):
    for name in ("a.md", "b.md"):
        articles.add(name, name)
    articles.import_all()
    again = ArticleFolder(articles.config, Store.open(f"sqlite:///{tmp_path}/again.db"))
    again.import_all(at=TUESDAY)
    assert {a.id for a in again.all()} == {a.id for a in articles.all()}
    assert {a.body for a in again.all()} == {a.body for a in articles.all()}


def test_a_file_that_keeps_its_path_keeps_its_id_whatever_else_changes(articles):
    articles.import_one(articles.add("a.md"))
    before = articles.only()
    articles.add("a.md", "Other words.", slug="new-slug")
    assert verdicts(articles.import_all()) == [("new-slug", REVISED)]
    assert articles.only().id == before.id
    with articles.store.read() as tx:
        assert tx.articles.redirects() == {"a": "new-slug"}


def test_a_moved_file_that_keeps_its_slug_keeps_its_id(articles):
    file = articles.add("a.md")
    articles.import_all()
    before = articles.only()
    file.unlink()
    articles.add("2026/2026-03-01-a.md", "Other words.")
    assert verdicts(articles.import_all()) == [("a", REVISED)]
    assert (articles.only().id, articles.only().path) == (
        before.id,
        "articles/2026/2026-03-01-a.md",
    )


def test_a_renamed_file_that_keeps_its_body_keeps_its_id(articles):
    file = articles.add("a.md", "The same words.")
    articles.import_all()
    before = articles.only()
    file.rename(file.with_name("b.md"))
    assert verdicts(articles.import_all()) == [("b", REVISED)]
    assert articles.only().id == before.id


def test_a_copy_with_another_slug_is_another_article(articles):
    articles.add("a.md", "The same words.")
    articles.import_all()
    articles.add("b.md", "The same words.")
    assert verdicts(articles.import_all()) == [("a", UNCHANGED), ("b", NEW)]


def test_a_file_in_which_path_slug_and_body_are_new_is_a_new_article(articles):
    file = articles.add("a.md")
    articles.import_all()
    file.unlink()
    articles.add("b.md", "Other words.")
    assert verdicts(articles.import_all()) == [("b", NEW)]
    assert len(articles.all()) == 2


def test_empty_bodies_do_not_make_two_files_one_article(articles):
    file = articles.add("a.md", "")
    articles.import_all()
    file.unlink()
    articles.add("b.md", "")
    assert verdicts(articles.import_all()) == [("b", NEW)]


def test_two_files_do_not_both_become_the_article_whose_file_is_gone(articles):
    file = articles.add("a.md", "The same words.")
    articles.import_all()
    file.unlink()
    articles.add("b.md", "The same words.")
    articles.add("c.md", "The same words.")
    for dry_run in (True, False):
        assert verdicts(articles.import_all(dry_run=dry_run)) == [("b", REVISED), ("c", NEW)]


def test_an_article_follows_its_id_to_another_file(articles):
    file = articles.add("a.md", id="tag:x,2026:1")
    articles.import_all()
    file.unlink()
    articles.add("b.md", "Other words.", id="tag:x,2026:1")
    assert verdicts(articles.import_all()) == [("b", REVISED)]
    assert articles.only().path == "articles/b.md"


def test_two_files_that_name_themselves_may_swap_places(articles):
    articles.add("a.md", "A", id="1", slug="one")
    articles.add("b.md", "B", id="2", slug="two")
    articles.import_all()
    articles.add("a.md", "B", id="2", slug="two")
    articles.add("b.md", "A", id="1", slug="one")
    assert verdicts(articles.import_all()) == [("two", UNCHANGED), ("one", UNCHANGED)]
    assert {a.id: a.path for a in articles.all()} == {"2": "articles/a.md", "1": "articles/b.md"}
    assert verdicts(articles.import_all()) == [("two", UNCHANGED), ("one", UNCHANGED)]


@pytest.mark.parametrize("dry_run", [True, False])
def test_two_files_with_one_id_are_refused_naming_both(articles, dry_run):
    articles.add("a.md", id="1")
    articles.add("b.md", id="1")
    _, second = articles.import_all(dry_run=dry_run)
    assert second.outcome is REFUSED
    assert "articles/b.md" in second.reason
    assert "articles/a.md" in second.reason
    if not dry_run:
        assert verdicts(articles.import_all()) == [("a", UNCHANGED), ("b", REFUSED)]


def test_an_id_that_contradicts_the_articles_is_refused(articles):
    articles.import_one(articles.add("a.md"))
    before = articles.only()
    filed = articles.import_one(articles.add("a.md", id="another"))
    assert filed.outcome is REFUSED
    assert before.id in filed.reason
    assert articles.import_one(articles.add("a.md", id=before.id)).outcome is UNCHANGED


def test_an_id_that_would_be_made_for_another_is_refused(articles):
    taken = f"urn:uuid:{uuid.uuid5(articles.config.publication.id, 'b')}"
    articles.add("a.md", id=taken)
    articles.add("b.md", "Other words.")
    assert verdicts(articles.import_all()) == [("a", NEW), ("b", REFUSED)]


# slugs


@pytest.mark.parametrize("dry_run", [True, False])
def test_of_two_files_that_fight_over_a_slug_the_second_is_refused(articles, dry_run):
    articles.add("a.md", slug="tram")
    articles.add("b.md", "Other words.", slug="tram")
    first, second = articles.import_all(dry_run=dry_run)
    assert (first.outcome, second.outcome) == (NEW, REFUSED)
    assert "articles/b.md" in second.reason
    assert "articles/a.md" in second.reason


def test_a_slug_that_another_article_once_had_is_refused(articles):
    articles.import_one(articles.add("a.md", slug="tram"))
    articles.import_one(articles.add("a.md", slug="harbour-tram"))
    filed = articles.import_one(articles.add("b.md", "Other words.", slug="tram"))
    assert filed.outcome is REFUSED
    assert articles.import_one(articles.add("a.md", slug="tram")).outcome is REVISED


# states


def test_a_draft_is_first_seen_when_it_is_published(articles):
    articles.import_one(articles.add("a.md", status="draft"))
    draft = articles.only()
    assert draft.status is Status.DRAFT
    articles.import_one(articles.add("a.md"), at=TUESDAY)
    article = articles.only()
    assert (article.id, article.status, article.first_seen) == (draft.id, Status.PUBLISHED, TUESDAY)


def test_a_published_article_does_not_become_a_draft_again(articles):
    articles.import_one(articles.add("a.md"))
    filed = articles.import_one(articles.add("a.md", published="false"))
    assert filed.outcome is REFUSED
    assert "syndicate retract a" in filed.reason
    assert articles.only().status is Status.PUBLISHED


@pytest.mark.parametrize("head", [{"status": "draft"}, {"draft": "true"}])
def test_a_story_to_come_may_be_a_draft_again(articles, head):
    articles.import_one(articles.add("a.md", date="2026-03-03"))
    articles.import_one(articles.add("a.md", date="2026-03-03", **head))
    assert articles.only().status is Status.DRAFT
    articles.import_one(articles.add("a.md", date="2026-03-03"))
    with articles.store.write() as tx:
        assert tx.articles.assign_numbers(TUESDAY) == 1
    filed = articles.import_one(articles.add("a.md", date="2026-03-03", **head), at=TUESDAY)
    assert filed.outcome is REFUSED


def test_a_retracted_article_stays_retracted(articles):
    articles.import_one(articles.add("a.md"))
    articles.retract("a")
    filed = articles.import_one(articles.add("a.md", "Other words."))
    assert filed.outcome is UNCHANGED
    assert "stays retracted" in filed.warnings[0]
    assert (articles.only().retracted_at, articles.only().revision) == (TUESDAY, 1)


def test_a_file_can_retract_its_article(articles):
    articles.import_one(articles.add("a.md"))
    assert (
        articles.import_one(articles.add("a.md", status="retracted"), at=TUESDAY).outcome is REVISED
    )
    assert articles.only().retracted_at == TUESDAY
    again = articles.import_one(articles.add("a.md", status="retracted"))
    assert (again.outcome, again.warnings) == (UNCHANGED, ())


# the run


def test_a_refused_file_keeps_no_other_out(articles):
    articles.add("a.md")
    articles.write("b.md", b"\xff\x00 rubbish")
    articles.write("c.md", "no front matter")
    articles.write("d.md", "---\ntitle: [\n---\n")
    articles.add("e.md", "Other words.")
    filed = articles.import_all()
    assert [one.outcome for one in filed] == [NEW, REFUSED, REFUSED, REFUSED, NEW]
    assert filed[1].reason.startswith("articles/b.md:1: byte 0xff")
    assert filed[2].reason.startswith("articles/c.md:1: no front matter")
    assert filed[3].reason.startswith("articles/d.md:")
    assert filed[1].path == "articles/b.md"


@pytest.mark.parametrize("stage", ["read_source_file", "parse_article"])
def test_a_file_that_makes_our_code_fail_is_refused_by_name_and_keeps_no_other_out(
    articles, monkeypatch, stage
):
    for name in ("a.md", "b.md", "c.md"):
        articles.add(name, f"Story {name}")
    works = getattr(parallel_parse, stage)

    def fail(file, *of, **how):
        if "b.md" in str(file):
            raise IndexError("list index out of range")
        return works(file, *of, **how)

    monkeypatch.setattr(parallel_parse, stage, fail)
    filed = articles.import_all()
    assert [one.outcome for one in filed] == [NEW, REFUSED, NEW]
    assert filed[1].reason.startswith(
        "articles/b.md: reading it failed, which is a bug in Syndicate "
        "(IndexError: list index out of range)"
    )
    assert "in fail" in filed[1].traceback
    assert filed[0].traceback == ""


def test_a_file_that_fails_on_its_way_into_the_store_keeps_no_other_out(
    store, publication, monkeypatch
):
    articles = ArticleFolder(publication(), store)
    for name in ("a.md", "b.md", "c.md"):
        articles.add(name, f"Story {name}")
    works = matching.ArticleMatcher.match

    def fail(matcher, door, source_file):
        if source_file.slug == "b":
            raise IndexError("list index out of range")
        return works(matcher, door, source_file)

    monkeypatch.setattr(matching.ArticleMatcher, "match", fail)
    filed = articles.import_all()
    assert verdicts(filed) == [("a", NEW), ("b", REFUSED), ("c", NEW)]
    assert filed[1].reason.startswith("articles/b.md: reading it failed")
    assert "in fail" in filed[1].traceback
    assert {article.slug for article in articles.all()} == {"a", "c"}


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html>",
        "<!-- no story yet -->",
        "<?php ?>",
        "\ufeff<!---->",
        "<!DOCTYPE html><!-->",
    ],
)
def test_an_html_file_that_holds_nothing_is_refused_by_name(articles, text):
    articles.write("empty.html", text)
    articles.add("tram.md")
    empty, tram = articles.import_all()
    assert (empty.outcome, tram.outcome) == (REFUSED, NEW)
    assert empty.reason.startswith("articles/empty.html:1: no front matter")
    assert empty.traceback == ""


@pytest.mark.parametrize(
    "number",
    ["0x" + "f" * 5000, "9" * 5000, "0b" + "1" * 50_000, "0" + "7" * 6000, "1:" * 3000 + "1"],
)
def test_a_number_too_long_for_python_is_kept_as_text(articles, number):
    filed = articles.import_one(articles.add("tram.md", size=number))
    assert filed.outcome is NEW, filed.reason
    assert articles.only().extra == {"size": number}


def test_a_dry_run_says_the_same_and_writes_nothing(articles):
    articles.add("a.md")
    articles.add("b.md", status="live")
    dry = articles.import_all(dry_run=True)
    assert articles.all() == []
    assert dry == articles.import_all()


def test_a_file_that_vanishes_before_it_is_read_is_refused(articles):
    from syndicate.intake.articles.article_import import import_articles

    gone = articles.config.root / "articles" / "a.md"
    (filed,) = import_articles(articles.store, articles.config, [gone], at=MONDAY)
    assert filed.reason.startswith("articles/a.md: can't be read")


@pytest.mark.parametrize("name", [b"\xe9t\xe9.md", b"\xe9t\xe9" + "北京.md".encode()])
def test_a_file_name_that_is_not_utf_8_is_refused_and_keeps_no_other_out(articles, name):
    articles.add("tram.md")
    articles.add(os.fsdecode(name), body="Another story.")
    refused, filed = sorted(articles.import_all(), key=lambda one: one.outcome)[::-1]
    assert (refused.outcome, filed.outcome) == (REFUSED, NEW)
    assert refused.reason.startswith("articles/\\udce9t\\udce9")
    assert "expected a file name in UTF-8" in refused.reason


def test_filing_is_the_same_on_every_database(store, publication):
    articles = ArticleFolder(publication(), store)
    articles.add(
        "a.md", "A[^1]\n\n[^1]: Note", tags="[x, y]", extra="{deep: [1, 2.5, yes]}", authors="[Bo]"
    )
    assert verdicts(articles.import_all()) == [("a", NEW)]
    assert verdicts(articles.import_all(at=TUESDAY)) == [("a", UNCHANGED)]
    assert articles.only().extra == {"extra": {"deep": [1, 2.5, True]}}


# bodies


def test_a_summary_is_whole_and_without_one_the_body_begins(articles):
    body = (
        "# Tram\n\n![x](gone.jpg)\n\n```\ncode\n```\n\n"
        + "The tram[^1] is *back*. " * 30
        + "\n\n[^1]: Note"
    )
    articles.import_one(articles.add("a.md", body))
    excerpt = articles.only().excerpt
    assert excerpt.startswith("The tram is back. The tram")
    assert excerpt.endswith("…")
    assert 260 < len(excerpt) <= 280
    articles.import_one(articles.add("a.md", body, summary="x " * 300))
    assert articles.only().excerpt == articles.only().summary == ("x " * 300).strip()


def test_a_headline_is_not_said_twice(articles):
    articles.import_one(articles.add("a.md", "# tram\n\nIt is back."))
    assert articles.only().body == "<p>It is back.</p>"


def test_an_html_document_without_front_matter_is_an_article(articles):
    articles.write(
        "tram.html",
        '<?xml version="1.0" encoding="utf-8"?><!doctype html><html><head><title>The  tram’s back</title>\n'
        '<meta name="description" content="It is."><style>p{}</style></head>\n'
        "<body class=x><h1>The tram’s back</h1><p onclick=x>Line 3</p></body></html>",
    )
    (filed,) = articles.import_all()
    article = articles.only()
    assert (filed.slug, article.title, article.summary) == ("tram", "The tram’s back", "It is.")
    assert article.body == "<p>Line 3</p>"


def test_html_with_front_matter_is_taken_as_html(articles):
    articles.add("a.htm", "<p>Not *Markdown*")
    articles.import_all()
    assert articles.only().body == "<p>Not *Markdown*</p>"


def test_html_without_a_title_is_refused(articles):
    articles.write("a.html", "<p>x")
    articles.write("b.html", "")
    assert verdicts(articles.import_all()) == [("", REFUSED), ("", REFUSED)]


# real articles


@needs_shared
def test_real_articles_come_in_and_keep_their_ids(articles, tmp_path):
    assert SHARED is not None
    paths = [SHARED / "real" / "hanoi-summit.md", SHARED / "real" / "posts"]
    filed = articles.import_all(*paths)
    assert {one.outcome for one in filed} == {NEW}
    assert len(filed) == 103
    assert {one.outcome for one in articles.import_all(*paths, at=TUESDAY)} == {UNCHANGED}
    for article in articles.all():
        assert re.fullmatch("[a-z0-9-]+", article.slug)
        assert article.title
        assert article.excerpt
        assert article.date is not None
    hanoi = articles.by_slug("trump-kim-talks-hanoi")
    assert hanoi is not None
    assert hanoi.date == datetime(2019, 2, 28, 7, 5, tzinfo=UTC)
    assert hanoi.figures[0].credit == "AP"
    assert [(f.width, f.height) for f in hanoi.figures] == [(1600, 1067), (1200, 800), (1080, 1350)]
    assert hanoi.contributors[-1].place == "Seoul, South Korea"
    again = ArticleFolder(articles.config, Store.open(f"sqlite:///{tmp_path}/again.db"))
    again.import_all(*paths)
    assert {a.id: a.slug for a in again.all()} == {a.id: a.slug for a in articles.all()}


def test_two_processes_that_file_one_folder_at_once_file_each_article_once(store, articles):
    files = [articles.add(f"a{number:02}.md", f"Text {number}") for number in range(30)]
    start = threading.Barrier(2)
    told: list[ImportOutcome] = []

    def file_all() -> None:
        start.wait()
        filed = import_articles(store, articles.config, files, at=MONDAY)
        told.extend(one.outcome for one in filed)

    threads = [threading.Thread(target=file_all) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(told) == {NEW: 30, UNCHANGED: 30}


# many files


def many(articles, count=140):
    """Write more files than one process reads, with everything that a batch may stumble over."""
    for number in range(count):
        articles.add(
            f"a{number:03}.md", f"Story *{number}*[^1]\n\n[^1]: Note", tags=f"[t{number % 7}, t, t]"
        )
    articles.write("a050.md", "---\ntitle: [\n---\n")
    articles.add("a060.md", "Other words.", slug="a005")
    articles.add("a070.md", "Named.", id="tag:x,2026:1", authors="[Bo]")
    articles.add("a080.md", "<div>" * 2000)
    articles.add("a090.md", "Named.", id="tag:x,2026:1")


def rows(store):
    """Return all that was saved of articles, as it stands in the tables."""
    tables = ("articles", "revisions", "galleys", "addresses", "tags", "media")
    with closing(sqlite3.connect(store)) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in tables
        }


def test_many_files_come_in_alike_from_one_process_and_from_several(
    articles, tmp_path, monkeypatch
):
    many(articles)
    saved, told = [], []
    for cores in (1, 2):
        monkeypatch.setattr(parallel_parse, "available_cores", lambda cores=cores: cores)
        file = tmp_path / f"{cores}.db"
        store = Store.open(f"sqlite:///{file}")
        told.append(ArticleFolder(articles.config, store).import_all())
        store.close()
        saved.append(rows(file))
    assert saved[0] == saved[1]
    assert told[0] == told[1]
    assert len(saved[0]["articles"]) == 136


def test_in_a_batch_a_refused_file_keeps_no_other_out(articles):
    many(articles)
    filed = articles.import_all()
    assert [one.path for one in filed] == sorted(one.path for one in filed)
    refused = {one.path: one.reason for one in filed if one.outcome is REFUSED}
    assert {path[-7:-3] for path in refused} == {"a050", "a060", "a080", "a090"}
    assert "articles/a050.md:3: broken YAML" in refused["articles/a050.md"]
    assert "articles/a005.md" in refused["articles/a060.md"]
    assert Counter(one.outcome for one in filed) == {NEW: 136, REFUSED: 4}
    assert Counter(one.outcome for one in articles.import_all(at=TUESDAY)) == {
        UNCHANGED: 136,
        REFUSED: 4,
    }


def test_a_value_that_the_database_cannot_hold_refuses_its_own_file_alone(
    store, publication, monkeypatch
):
    articles = ArticleFolder(publication(), store)
    for name in ("a.md", "b.md", "c.md"):
        articles.add(name, f"Story {name}")

    def parse_badly(source_file, *of, **how):
        parsed = parse_article(source_file, *of, **how)
        if source_file.slug != "b":
            return parsed
        return replace(parsed, revision=replace(parsed.revision, title="\ud800"))

    monkeypatch.setattr(parallel_parse, "parse_article", parse_badly)
    filed = articles.import_all()
    assert verdicts(filed) == [("a", NEW), ("b", REFUSED), ("c", NEW)]
    assert "can't hold a value" in filed[1].reason
    assert {article.slug for article in articles.all()} == {"a", "c"}


def test_what_the_store_says_already_is_not_a_change(articles):
    articles.add("a.md")
    articles.add("b.md", "Draft.", status="draft")
    articles.import_all()
    with articles.store.read() as tx:
        before = tx.published.newest_change()
    articles.import_all(at=TUESDAY)
    with articles.store.read() as tx:
        assert tx.published.newest_change() == before


def test_a_renamed_file_of_a_batch_is_set_for_the_id_that_it_keeps(articles):
    articles.add("a.md", "A[^1]\n\n[^1]: Note")
    articles.import_all()
    before = articles.only()
    articles.add("a.md", "A[^1]\n\n[^1]: Note", slug="b")
    assert verdicts(articles.import_all()) == [("b", REVISED)]
    assert (articles.only().id, articles.only().body) == (before.id, before.body)


def test_nobody_waits_for_the_store_while_a_file_is_set_again(articles, monkeypatch):
    articles.import_one(articles.add("tram.md"))
    works, looked = parallel_parse.parse_for_id, []

    def look(*of, **how):
        with articles.store.write() as tx:  # on SQLite only one can write
            looked.append(tx.articles.by_slug("tram"))
        return works(*of, **how)

    articles.add("tram.md", slug="harbour-tram")
    monkeypatch.setattr(parallel_parse, "parse_for_id", look)
    assert articles.import_one(articles.config.root / "articles/tram.md").outcome is REVISED
    assert len(looked) == 2
    assert articles.only().slug == "harbour-tram"


@pytest.mark.parametrize("limited", [False, True])
def test_files_that_are_set_again_come_in_alike_from_other_processes(articles, limited):
    articles.import_one(articles.add("tram.md", body="## A heading"))
    articles.add("tram.md", body="## A heading", slug="harbour-tram")
    files = [articles.config.root / "articles/tram.md"]
    (filed,) = import_articles(articles.store, articles.config, files, at=TUESDAY, limited=limited)
    article = articles.only()
    assert (filed.outcome, article.slug) == (REVISED, "harbour-tram")
    assert id_prefix(article.id) in article.body


def test_inside_a_batch_a_file_that_gives_its_place_away_is_followed(articles):
    articles.add("a.md", "A", id="1", slug="one")
    articles.add("b.md", "B", slug="two")
    articles.import_all()
    articles.add("b.md", "A", id="1", slug="one")
    articles.add("c.md", "B", slug="two")
    (articles.config.root / "articles" / "a.md").unlink()
    names = {two.slug: two.id for two in articles.all()}
    assert verdicts(articles.import_all()) == [("one", UNCHANGED), ("two", UNCHANGED)]
    assert {a.slug: a.id for a in articles.all()} == names
    assert {a.slug: a.path for a in articles.all()} == {
        "one": "articles/b.md",
        "two": "articles/c.md",
    }


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_a_file_of_an_earlier_batch_took_is_taken(articles, monkeypatch, dry_run):
    monkeypatch.setattr(parallel_parse, "BATCH_SIZE", 1)
    first, second = articles.add("a.md", slug="tram"), articles.add("b.md", slug="tram")
    told = articles.import_all(first, second, dry_run=dry_run)
    assert [one.outcome for one in told] == [ImportOutcome.NEW, ImportOutcome.REFUSED]
    assert "a.md" in told[1].reason
