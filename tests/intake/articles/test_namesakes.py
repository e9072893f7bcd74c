"""Stories of one name: each gets a slug of its own, whatever comes first."""

import random
import uuid

import pytest

from syndicate.intake.articles import parallel_parse
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.intake.articles.slugify import slugify
from syndicate.store import ArticleWriter, Store
from tests.intake.article_folder import MONDAY, TUESDAY, ArticleFolder

NEW, REVISED, UNCHANGED, REFUSED = (
    ImportOutcome.NEW,
    ImportOutcome.REVISED,
    ImportOutcome.UNCHANGED,
    ImportOutcome.REFUSED,
)


def store_of(tmp_path, name):
    return Store.open(f"sqlite:///{tmp_path}/{name}.db")


def test_the_later_of_two_stories_of_one_name_gets_a_number_and_a_warning(articles):
    articles.add("a/2019-03-01-tram.md", "Third.", title="Tram, again")
    articles.add("b/2012-03-01-tram.md", "First.")
    articles.add("c/2013-03-01-tram.md", "Second.")
    filed = articles.import_all()
    assert [(one.slug, one.outcome) for one in filed] == [
        ("tram-3", NEW),
        ("tram", NEW),
        ("tram-2", NEW),
    ]
    assert [one.warnings for one in filed] == [
        ("articles/a/2019-03-01-tram.md: another story has the slug tram; this one gets tram-3",),
        (),
        ("articles/c/2013-03-01-tram.md: another story has the slug tram; this one gets tram-2",),
    ]
    ids = {article.slug: article.id for article in articles.all()}
    for slug, public_id in ids.items():
        assert public_id == f"urn:uuid:{uuid.uuid5(articles.config.publication.id, slug)}"
    again = articles.import_all(at=TUESDAY)
    assert {(one.outcome, one.warnings) for one in again} == {(UNCHANGED, ())}
    assert {article.slug: article.id for article in articles.all()} == ids


@pytest.mark.neighbours
@pytest.mark.parametrize("cores", [1, 2])
def test_the_order_of_files_does_not_matter(articles, tmp_path, monkeypatch, cores):
    monkeypatch.setattr(parallel_parse, "available_cores", lambda: cores)
    monkeypatch.setattr(parallel_parse, "_PARALLEL_THRESHOLD", 2)
    monkeypatch.setattr(parallel_parse, "BATCH_SIZE", 3)
    files = [
        articles.add(f"{year}/{year}-01-0{day}-tram.md", f"On {year}-{day}.")
        for year in range(2010, 2018)
        for day in (1, 2)
    ]
    files += [
        articles.add("x/tram-2.md", "It named itself."),
        articles.add("x/one.md", "By its key.", slug="tram", date="2009-01-01"),
        articles.add("x/two.md", "By its address.", permalink="/old/tram/", date="2008-01-01"),
        articles.add("x/broken.md", "<div>" * 2000, slug="tram", date="2007-01-01"),
        articles.write("x/json.md", '{"title": "Tram", "slug": "tram", "date": "2006-01-01"}\nIt.'),
    ]
    seen = []
    for seed in range(3):
        random.Random(seed).shuffle(files)
        desk = ArticleFolder(articles.config, store_of(tmp_path, f"{cores}-{seed}"))
        filed = list(import_articles(desk.store, desk.config, files, at=MONDAY))
        assert [one.path[-9:] for one in filed if one.outcome is REFUSED] == ["broken.md"]
        seen.append({article.path: (article.slug, article.id) for article in desk.all()})
        desk.store.close()
    assert all(found == seen[0] for found in seen)
    got = {str(path).removeprefix("articles/"): slug for path, (slug, _) in seen[0].items()}
    assert (got["x/json.md"], got["x/tram-2.md"]) == ("tram", "tram-2")
    assert (got["x/two.md"], got["x/one.md"]) == ("tram-4", "tram-5"), "tram-3 waits for broken.md"
    assert got["2017/2017-01-02-tram.md"] == "tram-21"


def test_what_is_in_the_store_keeps_its_slug_and_id(articles):
    articles.import_one(articles.add("2019-03-01-tram.md", "The newer."))
    before = articles.only()
    filed = articles.import_one(articles.add("2012-03-01-tram.md", "The older."))
    assert (filed.slug, filed.outcome, len(filed.warnings)) == ("tram-2", NEW, 1)
    articles.add("2019-03-01-tram.md", "The newer, corrected.")
    articles.add("2012-03-01-tram.md", "The older, corrected.")
    articles.add("2011-03-01-tram.md", "The oldest.")
    for dry_run in (True, False):
        filed = articles.import_all(dry_run=dry_run)
        assert [(one.slug, one.outcome) for one in filed] == [
            ("tram-3", NEW),
            ("tram-2", REVISED),
            ("tram", REVISED),
        ]
    after = articles.by_slug("tram")
    assert (after.id, after.path) == (before.id, "articles/2019-03-01-tram.md")
    keys = [article.key for article in articles.all()]
    with articles.store.read() as tx:
        assert tx.published.old_addresses(keys) == {}


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_same_story_twice_is_refused_naming_both_files(articles, dry_run):
    articles.add("a/2012-03-01-tram.md")
    articles.add("b/2012-03-01-tram.md")
    articles.add("c/2013-03-01-tram.md")
    first, second, third = articles.import_all(dry_run=dry_run)
    assert (first.slug, second.outcome, third.slug) == ("tram", REFUSED, "tram-2")
    assert (
        "articles/b/2012-03-01-tram.md: the slug tram is or was that of articles/a/"
        in second.reason
    )
    if not dry_run:
        copy = articles.add("d/2013-03-01-tram.md")
        assert "articles/c/2013-03-01-tram.md" in articles.import_one(copy).reason


def test_undated_stories_of_one_name_are_told_apart_by_their_titles(articles):
    articles.add("city/overview.md", title="The city")
    articles.add("port/overview.md", title="The port")
    assert [(one.slug, one.outcome) for one in articles.import_all()] == [
        ("overview", NEW),
        ("overview-2", NEW),
    ]


def test_moved_files_of_one_name_keep_their_slugs_and_ids(articles):
    files = [
        articles.add(f"a/{year}-03-01-tram.md", f"In {year}.", title=f"Tram {year}")
        for year in (2012, 2013, 2014)
    ]
    articles.import_all()
    before = {article.title: (article.slug, article.id) for article in articles.all()}
    for file, moved in zip(files, ("b/z", "b/x", "b/y"), strict=True):
        file.unlink()
        articles.add(f"{moved}/{file.name}", "New words.", title=f"Tram {file.name[:4]}")
    assert {one.outcome for one in articles.import_all()} == {REVISED}
    assert {article.title: (article.slug, article.id) for article in articles.all()} == before


def test_an_article_whose_new_slug_is_another_story_s_gets_a_number(articles):
    articles.import_one(articles.add("2012-03-01-tram.md"))
    articles.import_one(articles.add("2013-03-01-ferry.md", title="Ferry"))
    filed = articles.import_one(articles.add("2013-03-01-ferry.md", title="Ferry", slug="tram"))
    assert (filed.slug, filed.outcome, len(filed.warnings)) == ("tram-2", REVISED, 1)
    key = articles.by_slug("tram-2").key
    with articles.store.read() as tx:
        assert tx.published.old_addresses([key]) == {key: ["/articles/ferry/"]}


def test_the_longest_slugs_stay_as_long_with_a_number(articles):
    title = slugify("x" * 150)
    articles.add(f"a/2012-03-01-{title}.md")
    articles.add(f"b/2013-03-01-{title}.md")
    articles.import_all()
    first, second = (articles.all()[at].slug for at in (1, 0))
    assert (len(first), second) == (100, f"{first[:98]}-2")


def test_a_column_of_one_name_comes_in_whole(articles, monkeypatch):
    monkeypatch.setattr(parallel_parse, "BATCH_SIZE", 10)
    for day in range(35):
        articles.add(f"{2000 + day // 12}-{1 + day % 12:02}-01-briefing.md", f"Day {day}.")
    files = sorted((articles.config.root / "articles").iterdir(), reverse=True)
    filed = list(import_articles(articles.store, articles.config, files, at=MONDAY))
    assert [one.slug for one in filed] == [
        *(f"briefing-{number}" for number in range(35, 1, -1)),
        "briefing",
    ]


def test_namesakes_are_looked_up_many_at_a_time(articles, monkeypatch):
    asked, works = [], ArticleWriter.find_many

    def find_many(self, names):
        asked.append(names)
        return works(self, names)

    monkeypatch.setattr(ArticleWriter, "find_many", find_many)
    for year in range(1990, 2030):
        articles.add(f"{year}-03-01-tram.md", f"In {year}.")
    assert {one.outcome for one in articles.import_all()} == {NEW}
    assert len(asked) < 12 * 40  # not as many for each as there are before it
