"""Stories of one name: each gets a slug of its own, whatever comes first."""

import random
import uuid

import pytest

from syndicate.intake.articles import parallel_parse
from syndicate.intake.articles.article_import import ImportOutcome, import_articles
from syndicate.intake.articles.slugify import slugify
from syndicate.store import Store
from tests.intake.article_folder import MONDAY, TUESDAY, Newsroom

NEW, REVISED, UNCHANGED, REFUSED = (
    ImportOutcome.NEW,
    ImportOutcome.REVISED,
    ImportOutcome.UNCHANGED,
    ImportOutcome.REFUSED,
)


def store_of(tmp_path, name):
    return Store.open(f"sqlite:///{tmp_path}/{name}.db")


def test_the_later_of_two_stories_of_one_name_gets_a_number_and_a_warning(newsroom):
    newsroom.article("a/2019-03-01-tram.md", "Third.", title="Tram, again")
    newsroom.article("b/2012-03-01-tram.md", "First.")
    newsroom.article("c/2013-03-01-tram.md", "Second.")
    filed = newsroom.file()
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
    ids = {article.slug: article.id for article in newsroom.all()}
    for slug, public_id in ids.items():
        assert public_id == f"urn:uuid:{uuid.uuid5(newsroom.config.publication.id, slug)}"
    again = newsroom.file(at=TUESDAY)
    assert {(one.outcome, one.warnings) for one in again} == {(UNCHANGED, ())}
    assert {article.slug: article.id for article in newsroom.all()} == ids


@pytest.mark.parametrize("cores", [1, 2])
def test_the_order_of_files_does_not_matter(newsroom, tmp_path, monkeypatch, cores):
    monkeypatch.setattr(parallel_parse, "available_cores", lambda: cores)
    monkeypatch.setattr(parallel_parse, "_PARALLEL_THRESHOLD", 2)
    monkeypatch.setattr(parallel_parse, "BATCH_SIZE", 3)
    files = [
        newsroom.article(f"{year}/{year}-01-0{day}-tram.md", f"On {year}-{day}.")
        for year in range(2010, 2018)
        for day in (1, 2)
    ]
    files += [
        newsroom.article("x/tram-2.md", "It named itself."),
        newsroom.article("x/one.md", "By its key.", slug="tram", date="2009-01-01"),
        newsroom.article("x/two.md", "By its address.", permalink="/old/tram/", date="2008-01-01"),
        newsroom.article("x/broken.md", "<div>" * 2000, slug="tram", date="2007-01-01"),
        newsroom.write("x/json.md", '{"title": "Tram", "slug": "tram", "date": "2006-01-01"}\nIt.'),
    ]
    seen = []
    for seed in range(4):
        random.Random(seed).shuffle(files)
        desk = Newsroom(newsroom.config, store_of(tmp_path, f"{cores}-{seed}"))
        filed = list(import_articles(desk.store, desk.config, files, at=MONDAY))
        assert [one.path[-9:] for one in filed if one.outcome is REFUSED] == ["broken.md"]
        seen.append({article.path: (article.slug, article.id) for article in desk.all()})
        desk.store.close()
    assert all(found == seen[0] for found in seen)
    got = {str(path).removeprefix("articles/"): slug for path, (slug, _) in seen[0].items()}
    assert (got["x/json.md"], got["x/tram-2.md"]) == ("tram", "tram-2")
    assert (got["x/two.md"], got["x/one.md"]) == ("tram-4", "tram-5"), "tram-3 waits for broken.md"
    assert got["2017/2017-01-02-tram.md"] == "tram-21"


def test_what_is_in_the_store_keeps_its_slug_and_id(newsroom):
    newsroom.file_one(newsroom.article("2019-03-01-tram.md", "The newer."))
    before = newsroom.one()
    filed = newsroom.file_one(newsroom.article("2012-03-01-tram.md", "The older."))
    assert (filed.slug, filed.outcome, len(filed.warnings)) == ("tram-2", NEW, 1)
    newsroom.article("2019-03-01-tram.md", "The newer, corrected.")
    newsroom.article("2012-03-01-tram.md", "The older, corrected.")
    newsroom.article("2011-03-01-tram.md", "The oldest.")
    for dry_run in (True, False):
        filed = newsroom.file(dry_run=dry_run)
        assert [(one.slug, one.outcome) for one in filed] == [
            ("tram-3", NEW),
            ("tram-2", REVISED),
            ("tram", REVISED),
        ]
    after = newsroom.by_slug("tram")
    assert (after.id, after.path) == (before.id, "articles/2019-03-01-tram.md")
    with newsroom.store.read() as tx:
        assert tx.articles.redirects() == {}


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_same_story_twice_is_refused_naming_both_files(newsroom, dry_run):
    newsroom.article("a/2012-03-01-tram.md")
    newsroom.article("b/2012-03-01-tram.md")
    newsroom.article("c/2013-03-01-tram.md")
    first, second, third = newsroom.file(dry_run=dry_run)
    assert (first.slug, second.outcome, third.slug) == ("tram", REFUSED, "tram-2")
    assert (
        "articles/b/2012-03-01-tram.md: the slug tram is or was that of articles/a/"
        in second.reason
    )
    if not dry_run:
        copy = newsroom.article("d/2013-03-01-tram.md")
        assert "articles/c/2013-03-01-tram.md" in newsroom.file_one(copy).reason


def test_undated_stories_of_one_name_are_told_apart_by_their_titles(newsroom):
    newsroom.article("city/overview.md", title="The city")
    newsroom.article("port/overview.md", title="The port")
    assert [(one.slug, one.outcome) for one in newsroom.file()] == [
        ("overview", NEW),
        ("overview-2", NEW),
    ]


def test_moved_files_of_one_name_keep_their_slugs_and_ids(newsroom):
    files = [
        newsroom.article(f"a/{year}-03-01-tram.md", f"In {year}.", title=f"Tram {year}")
        for year in (2012, 2013, 2014)
    ]
    newsroom.file()
    before = {article.title: (article.slug, article.id) for article in newsroom.all()}
    for file, moved in zip(files, ("b/z", "b/x", "b/y"), strict=True):
        file.unlink()
        newsroom.article(f"{moved}/{file.name}", "New words.", title=f"Tram {file.name[:4]}")
    assert {one.outcome for one in newsroom.file()} == {REVISED}
    assert {article.title: (article.slug, article.id) for article in newsroom.all()} == before


def test_an_article_whose_new_slug_is_another_story_s_gets_a_number(newsroom):
    newsroom.file_one(newsroom.article("2012-03-01-tram.md"))
    newsroom.file_one(newsroom.article("2013-03-01-ferry.md", title="Ferry"))
    filed = newsroom.file_one(newsroom.article("2013-03-01-ferry.md", title="Ferry", slug="tram"))
    assert (filed.slug, filed.outcome, len(filed.warnings)) == ("tram-2", REVISED, 1)
    with newsroom.store.read() as tx:
        assert tx.articles.redirects() == {"ferry": "tram-2"}


def test_the_longest_slugs_stay_as_long_with_a_number(newsroom):
    title = slugify("x" * 150)
    newsroom.article(f"a/2012-03-01-{title}.md")
    newsroom.article(f"b/2013-03-01-{title}.md")
    newsroom.file()
    first, second = (newsroom.all()[at].slug for at in (1, 0))
    assert (len(first), second) == (100, f"{first[:98]}-2")


def test_a_column_of_one_name_comes_in_whole(newsroom):
    for day in range(300):
        newsroom.article(f"{2000 + day // 12}-{1 + day % 12:02}-01-briefing.md", f"Day {day}.")
    files = sorted((newsroom.config.root / "articles").iterdir(), reverse=True)
    filed = list(import_articles(newsroom.store, newsroom.config, files, at=MONDAY))
    assert [one.slug for one in filed] == [
        *(f"briefing-{number}" for number in range(300, 1, -1)),
        "briefing",
    ]
