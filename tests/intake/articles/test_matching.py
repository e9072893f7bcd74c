"""Which article a file is: its id, its path, its slug, its body."""

import uuid

import pytest

from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.store import Store
from tests.intake.article_folder import MONDAY, TUESDAY, ArticleFolder

NEW, REVISED, UNCHANGED, REFUSED = (
    ImportOutcome.NEW,
    ImportOutcome.REVISED,
    ImportOutcome.UNCHANGED,
    ImportOutcome.REFUSED,
)


def verdicts(filed):
    return [(one.slug, one.outcome) for one in filed]


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
    renamed = articles.only()
    assert renamed.id == before.id
    with articles.store.read() as tx:
        assert tx.published.old_addresses([renamed.key]) == {renamed.key: ["/articles/a/"]}


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
