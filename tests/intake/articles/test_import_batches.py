"""Many files at once: batches, worker processes, and files parsed again."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from syndicate.body.markup import id_prefix
from syndicate.intake.articles import parallel_parse
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.intake.articles.source_file import parse_article
from syndicate.store import Store
from tests.intake.article_folder import TUESDAY, ArticleFolder

NEW, REVISED, UNCHANGED, REFUSED = (
    ImportOutcome.NEW,
    ImportOutcome.REVISED,
    ImportOutcome.UNCHANGED,
    ImportOutcome.REFUSED,
)


def verdicts(filed):
    return [(one.slug, one.outcome) for one in filed]


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
    tables = ("articles", "revisions", "bodies", "addresses", "tags", "media")
    with closing(sqlite3.connect(store)) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in tables
        }


@pytest.mark.neighbours
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


@pytest.mark.neighbours
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


@pytest.mark.neighbours
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
