"""Importing articles: what becomes of a file, and what stops no other."""

import os
import re
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest

from syndicate.intake.articles import matching, parallel_parse
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportOutcome
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


def test_a_draft_is_first_seen_when_it_is_published(articles):
    articles.import_one(articles.add("a.md", status="draft"))
    draft = articles.only()
    assert draft.status is Status.DRAFT
    articles.import_one(articles.add("a.md"), at=TUESDAY)
    article = articles.only()
    assert (article.id, article.status, article.first_seen) == (draft.id, Status.PUBLISHED, TUESDAY)


def test_a_correction_is_a_revision_and_one_of_a_day_to_come_is_refused(articles):
    articles.import_one(articles.add("a.md"))
    corrections = '[{at: "2026-03-02 12:00", text: It sank.}]'
    filed = articles.import_one(articles.add("a.md", corrections=corrections), at=TUESDAY)
    assert filed.outcome is REVISED
    [correction] = articles.only().corrections
    assert (correction.at, correction.text) == (datetime(2026, 3, 2, 11, tzinfo=UTC), "It sank.")
    again = articles.import_one(articles.add("a.md", corrections=corrections), at=TUESDAY)
    assert again.outcome is UNCHANGED
    late = articles.add("a.md", corrections='[{at: "2062-03-02", text: It sank.}]')
    filed = articles.import_one(late, at=TUESDAY)
    assert filed.outcome is REFUSED
    assert "a correction is of 2062-03-01 23:00 UTC, which is in the future" in filed.reason


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


def test_the_file_of_a_retracted_article_may_become_a_draft(articles):
    articles.import_one(articles.add("a.md"))
    articles.retract("a")
    assert articles.import_one(articles.add("a.md", status="draft")).outcome is UNCHANGED


def test_a_file_can_retract_its_article(articles):
    articles.import_one(articles.add("a.md"))
    assert (
        articles.import_one(articles.add("a.md", status="retracted"), at=TUESDAY).outcome is REVISED
    )
    assert articles.only().retracted_at == TUESDAY
    again = articles.import_one(articles.add("a.md", status="retracted"))
    assert (again.outcome, again.warnings) == (UNCHANGED, ())


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

    def fail(matcher, source_file):
        if source_file.slug == "b":
            raise IndexError("list index out of range")
        return works(matcher, source_file)

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


@pytest.mark.sql
def test_filing_is_the_same_on_every_database(store, publication):
    articles = ArticleFolder(publication(), store)
    articles.add(
        "a.md", "A[^1]\n\n[^1]: Note", tags="[x, y]", extra="{deep: [1, 2.5, yes]}", authors="[Bo]"
    )
    assert verdicts(articles.import_all()) == [("a", NEW)]
    assert verdicts(articles.import_all(at=TUESDAY)) == [("a", UNCHANGED)]
    assert articles.only().extra == {"extra": {"deep": [1, 2.5, True]}}


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


@pytest.mark.sql
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
