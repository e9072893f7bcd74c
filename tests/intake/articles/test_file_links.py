"""Links between articles by their files, as they are stored."""

import pytest


def body(articles, text, name="city/2026-03-02-tram.md"):
    outcome = articles.import_one(articles.add(name, text))
    assert (outcome.outcome, outcome.warnings) == ("new", ())
    return articles.only().body


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("fares.md", "articles/city/fares.md"),
        ("./fares.markdown", "articles/city/fares.markdown"),
        ("../port/ferry.md#times", "articles/port/ferry.md#times"),
        ("fares%20of%20May.md", "articles/city/fares%20of%20May.md"),
        ("<fares of May.md>", "articles/city/fares%20of%20May.md"),
        ("f%C3%A4hre.md", "articles/city/f%C3%A4hre.md"),
        ("@/port/ferry.md", "articles/port/ferry.md"),
        ("../../README.md", "README.md"),
        ("../../../../x.md", "../../x.md"),
    ],
)
def test_a_link_to_a_markdown_file_names_its_path(articles, name, stored):
    assert body(articles, f"[a]({name})") == f'<p><a href="article:{stored}">a</a></p>'


@pytest.mark.parametrize(
    "address",
    [
        "https://other.example/fares.md",
        "//other.example/fares.md",
        "/docs/fares.md",
        "fares.html",
        "fares.md?plain=1",
        "../fares/",
        "#fares.md",
        "fares%00.md",
        "mailto:ann@fares.md",
    ],
)
def test_any_other_address_stays(articles, address):
    assert body(articles, f"[a]({address})") == f'<p><a href="{address}">a</a></p>'


def test_a_page_or_a_path_from_the_root_is_a_file_where_there_is_one(articles):
    articles.write("city/fares.html", "<p>no article</p>")
    articles.write("port/ferry.md", "no article")
    shown = body(articles, "[a](fares.html#b) [c](/port/ferry.md) [d](/city/fares.html)")
    assert shown == (
        '<p><a href="article:articles/city/fares.html#b">a</a> '
        '<a href="article:articles/port/ferry.md">c</a> '
        '<a href="article:articles/city/fares.html">d</a></p>'
    )


def test_a_story_in_html_links_by_files_too(articles):
    shown = body(articles, '<p><a href="fares.md" title="&quot;x&quot;">a</a></p>', "tram.html")
    assert 'href="article:articles/fares.md"' in shown


def test_an_author_cannot_write_the_stored_form(articles):
    assert "article:" not in body(articles, '[a](article:articles/x.md) <a href="article:x">b</a>')
