"""Where an article was before: what its file says, and who else says so."""

from datetime import UTC, datetime, timedelta

import pytest

from syndicate.intake.articles import parallel_parse
from syndicate.intake.articles.article_import import ImportOutcome
from syndicate.model.articles import Status
from syndicate.model.old_addresses import is_reserved
from tests.intake.article_folder import MONDAY, TUESDAY

NEW, REVISED, UNCHANGED, REFUSED = (
    ImportOutcome.NEW,
    ImportOutcome.REVISED,
    ImportOutcome.UNCHANGED,
    ImportOutcome.REFUSED,
)


def kept(newsroom, slug="tram"):
    """Return the old addresses of an article, and what leads to it."""
    article = newsroom.by_slug(slug)
    with newsroom.store.read() as tx:
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
    publication, newsroom, key, value, addresses
):
    newsroom.config = publication(publication={"url": "https://news.example"})
    filed = newsroom.file_one(newsroom.article("tram.md", slug="tram", **{key: value}))
    assert (filed.outcome, filed.warnings) == (NEW, ())
    assert kept(newsroom) == (set(addresses), set(addresses))


def test_toml_and_json_say_the_same(newsroom):
    newsroom.write("a.md", '+++\ntitle = "A"\naliases = ["/old/a/"]\nurl = "/x/a"\n+++\nText')
    newsroom.write("b.md", '{"title": "B", "aliases": ["/old/b/"]}\nText')
    newsroom.file()
    assert kept(newsroom, "a")[1] == {"/old/a/", "/x/a/"}
    assert kept(newsroom, "b")[1] == {"/old/b/"}


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
def test_a_relative_alias_is_beside_the_article_as_to_hugo(newsroom, name, address):
    newsroom.file_one(newsroom.article(name, aliases="[old]"))
    assert kept(newsroom)[1] == {address}


def test_an_address_under_the_publications_path_begins_there(newsroom, publication):
    newsroom.config = publication(publication={"url": "https://example.org/news"})
    newsroom.file_one(newsroom.article("tram.md", aliases="[https://example.org/news/a/, /b/]"))
    assert kept(newsroom)[1] == {"/a/", "/b/"}


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
        ("aliases", "['http://[half']", "it is no address"),
    ],
)
def test_what_nobody_can_be_led_on_from_is_left_out_with_a_warning(
    newsroom, publication, key, value, problem
):
    newsroom.config = publication(publication={"url": "https://news.example"})
    filed = newsroom.file_one(newsroom.article("tram.md", slug="tram", **{key: value}))
    [warning] = filed.warnings
    assert warning.startswith(f"articles/tram.md:4: {key} ")
    assert problem in warning
    assert kept(newsroom) == (set(), set())


def test_other_keys_are_not_taken_for_misspelt_ones(newsroom):
    assert (
        newsroom.file_one(newsroom.article("a.md", math="true", uri="x", lang="x")).warnings == ()
    )


# who else says so


@pytest.mark.parametrize(
    "address",
    ["/", "/index.html", "/signup", "/feed.xml", "/tags/x/", "/articles/", "/articles/x/amp/",
     "/newsletters/breaking/", "/media/x.png", "/%73ignup/", "/robots.txt", "/c/x"],
)  # fmt: skip
def test_an_address_of_our_own_is_refused_with_the_line(newsroom, address):
    filed = newsroom.file_one(newsroom.article("tram.md", aliases=f"[{address}]"))
    assert filed.outcome is REFUSED
    assert filed.reason.startswith("articles/tram.md:3: aliases = ")
    assert "is one of Syndicate's own" in filed.reason
    assert newsroom.all() == []


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("dry_run", [False, True])
def test_two_files_cannot_have_been_at_one_address(newsroom, monkeypatch, cores, dry_run):
    monkeypatch.setattr(parallel_parse, "available_cores", lambda: cores)
    monkeypatch.setattr(parallel_parse, "_PARALLEL_THRESHOLD", 2)
    monkeypatch.setattr(parallel_parse, "BATCH_SIZE", 2)
    newsroom.article("a.md", permalink="/old/a.html", slug="a")
    newsroom.article("b.md", aliases="[/b/, /old/a.html]")
    newsroom.article("c.md", redirect_from="/old/a.html")
    newsroom.article("d.md", redirect_from="/d")
    filed = newsroom.file(dry_run=dry_run)
    assert [one.outcome for one in filed] == [NEW, REFUSED, REFUSED, NEW]
    for refused in filed[1:3]:
        name = refused.path
        assert refused.reason == (
            f"{name}: the old address /old/a.html leads to articles/a.md; "
            "remove it from one of them"
        )


def test_nor_one_file_where_another_article_is_or_was(newsroom):
    newsroom.file_one(newsroom.article("a.md", aliases="[/old/]"))
    newsroom.file_one(newsroom.article("a.md", aliases="[/old/]", slug="harbour"))
    for address, wanted in (("/old", "/old/"), ("/articles/a/", None), ("/articles/harbour", None)):
        filed = newsroom.file_one(newsroom.article("b.md", "B", aliases=f"[{address}]"))
        assert filed.outcome is REFUSED
        assert (
            f"address {wanted or address.rstrip('/') + '/'} leads to articles/a.md" in filed.reason
        )


# later


def test_an_address_leads_on_for_as_long_as_the_file_names_it(newsroom):
    file = newsroom.article("tram.md", aliases="[/a/, /b/]")
    newsroom.file_one(file)
    assert newsroom.file_one(file, at=TUESDAY).outcome is UNCHANGED
    newsroom.article("tram.md", aliases="[/b/, /d/]")
    assert newsroom.file_one(file, at=TUESDAY).outcome is REVISED
    assert kept(newsroom)[1] == {"/b/", "/d/"}
    assert newsroom.file_one(newsroom.article("other.md", "Other", aliases="[/a/]")).outcome is NEW
    newsroom.article("tram.md", slug="harbour-tram")
    newsroom.file_one(file, at=TUESDAY)
    assert kept(newsroom, "harbour-tram")[1] == {"/articles/tram/"}


def test_an_alias_that_is_the_articles_own_address_leads_nowhere(newsroom):
    newsroom.file_one(newsroom.article("tram.md", permalink="/articles/tram/"))
    assert kept(newsroom)[1] == set()
    assert not is_reserved("/articles/tram/")


# other keys of Hugo and Jekyll


@pytest.mark.parametrize("key", ["lastmod", "last_modified_at", "updated", "LastMod"])
def test_it_is_known_when_it_was_last_changed(newsroom, key):
    newsroom.file_one(
        newsroom.article("a.md", date="2026-01-01", **{key: "2026-02-03 04:05 +0000"})
    )
    assert newsroom.one().updated == datetime(2026, 2, 3, 4, 5, tzinfo=UTC)


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
def test_nothing_is_public_before_its_publish_date(newsroom, given, expected):
    newsroom.file_one(newsroom.article("a.md", **given))
    assert newsroom.one().date == expected
    with newsroom.store.read() as tx:
        assert tx.articles.public(expected - timedelta(seconds=1)) == []
        assert [article.slug for article in tx.articles.public(expected)] == ["a"]


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
def test_a_description_or_excerpt_is_the_summary(newsroom, given, summary):
    newsroom.file_one(newsroom.article("a.md", **given))
    assert newsroom.one().summary == summary
    assert newsroom.one().extra == {}


def test_a_draft_keeps_its_old_addresses_for_later(newsroom):
    newsroom.file_one(newsroom.article("tram.md", draft="true", aliases="[/a/]"))
    assert newsroom.one().status is Status.DRAFT
    assert kept(newsroom)[1] == {"/a/"}
    assert newsroom.one().first_seen == MONDAY
