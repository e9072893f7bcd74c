"""Where an article was before: what its file says, and who else says so."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.clock import EPOCH
from syndicate.intake.articles import parallel_parse
from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.model.articles import Status
from syndicate.model.old_addresses import is_reserved
from tests.intake.article_folder import MONDAY, TUESDAY

NEW, REVISED, UNCHANGED, REFUSED = (
    ImportOutcome.NEW,
    ImportOutcome.REVISED,
    ImportOutcome.UNCHANGED,
    ImportOutcome.REFUSED,
)


def kept(articles, slug="tram"):
    """Return the old addresses of an article, and what leads to it."""
    article = articles.by_slug(slug)
    with articles.store.read() as tx:
        leading = tx.published.old_addresses([article.key]).get(article.key, [])
    return set(article.old_addresses), set(leading)


# what a file says


@pytest.mark.parametrize(
    ("key", "value", "addresses"),
    [
        ("permalink", "/2019/05/tram.html", ["/2019/05/tram.html"]),
        ("permalink", "/2019/05/tram/", ["/2019/05/tram/"]),
        ("permalink", "/2019/05/tram/index.html", ["/2019/05/tram/"]),
        ("permalink", "2019/tram", ["/2019/tram/"]),
        ("url", "/posts/tram", ["/posts/tram/"]),
        ("url", "posts//tram/", ["/posts/tram/"]),
        ("path", "blog/tram", ["/blog/tram/"]),
        ("aliases", "[/a/, /b.html, /a]", ["/a/", "/b.html"]),
        ("redirect_from", "/a", ["/a/"]),
        ("redirect_from", "[/a/b, '/2019/%C3%A9t%C3%A9/']", ["/a/b/", "/2019/été/"]),
        ("aliases", "[https://news.example/old/tram]", ["/old/tram/"]),
        ("aliases", "[HTTP://NEWS.example/old/tram.html]", ["/old/tram.html"]),
        ("Aliases", "[/a/]", ["/a/"]),
        ("aliases", "[/articles/tram-old/, /articles/2019/tram/, /articles/tram.html]",
         ["/articles/tram-old/", "/articles/2019/tram/", "/articles/tram.html"]),
        ("aliases", "[]", []),
        ("aliases", "", []),
        ("permalink", "false", []),
    ],
)  # fmt: skip
def test_each_key_of_jekyll_and_hugo_names_old_addresses(
    publication, articles, key, value, addresses
):
    articles.config = publication(publication={"url": "https://news.example"})
    filed = articles.import_one(articles.add("tram.md", slug="tram", **{key: value}))
    assert (filed.outcome, filed.warnings) == (NEW, ())
    assert kept(articles) == (set(addresses), set(addresses))


def test_toml_and_json_say_the_same(articles):
    articles.write("a.md", '+++\ntitle = "A"\naliases = ["/old/a/"]\nurl = "/x/a"\n+++\nText')
    articles.write("b.md", '{"title": "B", "aliases": ["/old/b/"]}\nText')
    articles.import_all()
    assert kept(articles, "a")[1] == {"/old/a/", "/x/a/"}
    assert kept(articles, "b")[1] == {"/old/b/"}


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("posts/tram.md", "/posts/old/"),
        ("posts/tram/index.md", "/posts/old/"),
        ("content/posts/tram.md", "/posts/old/"),
        ("_posts/tram.md", "/old/"),
        ("tram.md", "/old/"),
    ],
)
def test_a_relative_alias_is_beside_the_article_as_to_hugo(articles, name, address):
    articles.import_one(articles.add(name, aliases="[old]"))
    assert kept(articles)[1] == {address}


def test_an_address_under_the_publications_path_begins_there(articles, publication):
    articles.config = publication(publication={"url": "https://example.org/news"})
    articles.import_one(articles.add("tram.md", aliases="[https://example.org/news/a/, /b/]"))
    assert kept(articles)[1] == {"/a/", "/b/"}


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("permalink", "/:categories/:title/", "is a pattern"),
        ("permalink", "pretty", "is a pattern"),
        ("permalink", '"/posts/{{ slug }}/"', "is a pattern"),
        ("permalink", "{a: b}", "is not a path"),
        ("url", "https://elsewhere.example/tram/", "it is not in https://news.example"),
        ("aliases", "['/?p=12']", "a file can't answer for what follows ? or #"),
        ("aliases", "['/a#b']", "a file can't answer for what follows ? or #"),
        ("aliases", "[/../etc/passwd]", "a part of it begins with a dot"),
        ("aliases", "[/%2e%2e/x]", "a part of it begins with a dot"),
        ("aliases", "[/.well-known/x]", "a part of it begins with a dot"),
        ("aliases", "['/a%00b']", "it has characters"),
        ("aliases", "['/a%0ab']", "it has characters"),
        ("aliases", "['/a\\b']", "it has characters"),
        ("aliases", f"[/{'a' * 300}/]", "it is too long"),
        ("aliases", "['http://[half']", "it is not an address"),
    ],
)
def test_what_nobody_can_be_led_on_from_is_left_out_with_a_warning(
    articles, publication, key, value, problem
):
    articles.config = publication(publication={"url": "https://news.example"})
    filed = articles.import_one(articles.add("tram.md", slug="tram", **{key: value}))
    [warning] = filed.warnings
    assert warning.startswith(f"articles/tram.md:4: {key} ")
    assert problem in warning
    assert kept(articles) == (set(), set())


def test_other_keys_are_not_taken_for_misspelt_ones(articles):
    assert articles.import_one(articles.add("a.md", math="true", uri="x", lang="x")).warnings == ()


# who else says so


@pytest.mark.parametrize(
    "address",
    ["/", "/index.html", "/signup", "/feed.xml", "/tags/x/", "/articles/", "/articles/x/amp/",
     "/newsletters/breaking/", "/media/x.png", "/%73ignup/", "/robots.txt", "/c/x"],
)  # fmt: skip
def test_an_address_of_our_own_is_refused_with_the_line(articles, address):
    filed = articles.import_one(articles.add("tram.md", aliases=f"[{address}]"))
    assert filed.outcome is REFUSED
    assert filed.reason.startswith("articles/tram.md:3: aliases = ")
    assert "is one of Syndicate's own" in filed.reason
    assert articles.all() == []


@pytest.mark.neighbours
@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("dry_run", [False, True])
def test_two_files_cannot_have_been_at_one_address(articles, monkeypatch, cores, dry_run):
    monkeypatch.setattr(parallel_parse, "available_cores", lambda: cores)
    monkeypatch.setattr(parallel_parse, "_PARALLEL_THRESHOLD", 2)
    monkeypatch.setattr(parallel_parse, "BATCH_SIZE", 2)
    articles.add("a.md", permalink="/old/a.html", slug="a")
    articles.add("b.md", aliases="[/b/, /old/a.html]")
    articles.add("c.md", redirect_from="/old/a.html")
    articles.add("d.md", redirect_from="/d")
    filed = articles.import_all(dry_run=dry_run)
    assert [one.outcome for one in filed] == [NEW, REFUSED, REFUSED, NEW]
    for refused in filed[1:3]:
        name = refused.path
        assert refused.reason == (
            f"{name}: the old address /old/a.html leads to articles/a.md; "
            "remove it from one of them"
        )


def test_nor_one_file_where_another_article_is_or_was(articles):
    articles.import_one(articles.add("a.md", aliases="[/old/]"))
    articles.import_one(articles.add("a.md", aliases="[/old/]", slug="harbour"))
    for address, wanted in (("/old", "/old/"), ("/articles/a/", None), ("/articles/harbour", None)):
        filed = articles.import_one(articles.add("b.md", "B", aliases=f"[{address}]"))
        assert filed.outcome is REFUSED
        assert (
            f"address {wanted or address.rstrip('/') + '/'} leads to articles/a.md" in filed.reason
        )


# later


def test_an_address_leads_on_for_as_long_as_the_file_names_it(articles):
    file = articles.add("tram.md", aliases="[/a/, /b/]")
    articles.import_one(file)
    assert articles.import_one(file, at=TUESDAY).outcome is UNCHANGED
    articles.add("tram.md", aliases="[/b/, /d/]")
    assert articles.import_one(file, at=TUESDAY).outcome is REVISED
    assert kept(articles)[1] == {"/b/", "/d/"}
    assert articles.import_one(articles.add("other.md", "Other", aliases="[/a/]")).outcome is NEW
    articles.add("tram.md", slug="harbour-tram")
    articles.import_one(file, at=TUESDAY)
    assert kept(articles, "harbour-tram")[1] == {"/articles/tram/"}


def test_an_alias_that_is_the_articles_own_address_leads_nowhere(articles):
    articles.import_one(articles.add("tram.md", permalink="/articles/tram/"))
    assert kept(articles)[1] == set()
    assert not is_reserved("/articles/tram/")


# other keys of Hugo and Jekyll


@pytest.mark.parametrize("key", ["lastmod", "last_modified_at", "updated", "LastMod"])
def test_it_is_known_when_it_was_last_changed(articles, key):
    articles.import_one(articles.add("a.md", date="2026-01-01", **{key: "2026-02-03 04:05 +0000"}))
    assert articles.only().updated == datetime(2026, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"publishDate": "2026-01-02 00:00 +0000"}, datetime(2026, 1, 2, tzinfo=UTC)),
        (
            {"date": "2026-01-01 00:00 +0000", "publishDate": "2026-05-02 00:00 +0000"},
            datetime(2026, 5, 2, tzinfo=UTC),
        ),
        (
            {"date": "2026-01-03 00:00 +0000", "publishDate": "2026-01-02 00:00 +0000"},
            datetime(2026, 1, 3, tzinfo=UTC),
        ),
    ],
)
def test_nothing_is_public_before_its_publish_date(articles, given, expected):
    articles.import_one(articles.add("a.md", **given))
    assert articles.only().date == expected
    with articles.store.read() as tx:
        assert tx.published.since(EPOCH, expected - timedelta(seconds=1), limit=9) == []
        assert [article.slug for article in tx.published.since(EPOCH, expected, limit=9)] == ["a"]


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        ({"description": "So it is."}, "So it is."),
        ({"excerpt": "So it was."}, "So it was."),
        ({"excerpt": "C", "description": "B", "summary": "A"}, "A"),
        ({"excerpt": "C", "description": "B"}, "B"),
        ({"excerpt": "false"}, ""),
    ],
)
def test_a_description_or_excerpt_is_the_summary(articles, given, summary):
    articles.import_one(articles.add("a.md", **given))
    assert articles.only().summary == summary
    assert articles.only().extra == {}


def test_a_draft_keeps_its_old_addresses_for_later(articles):
    articles.import_one(articles.add("tram.md", draft="true", aliases="[/a/]"))
    assert articles.only().status is Status.DRAFT
    assert kept(articles)[1] == {"/a/"}
    assert articles.only().first_seen == MONDAY
