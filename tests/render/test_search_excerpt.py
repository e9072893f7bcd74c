"""Marked headlines and excerpts."""

import random
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from syndicate.model.articles import Article
from syndicate.model.search.query import SearchQuery
from syndicate.render.search_excerpt import LENGTH, Highlighter

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def highlighter(query):
    return Highlighter(SearchQuery.parse(query).terms)


def article(**values):
    given: dict[str, Any] = {"title": "T", "body": "", "key": 1, "id": "x", "slug": "x"}
    return Article(**given | {"first_seen": NOON, "saved_at": NOON} | values)


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("cafe", "Das Café & mehr", "Das <mark>Café</mark> &amp; mehr"),
        ("har", "Harbours <b>", "<mark>Harbours</mark> &lt;b&gt;"),
        ('"har"', "Harbour", "Harbour"),
        ("strasse", "Alte Straße", "Alte <mark>Straße</mark>"),
        ('"old harbour"', "the old, harbour", "the <mark>old, harbour</mark>"),
        ("東京", "大東京都", "大<mark>東京</mark>都"),
        ("iphone", "新iPhone発売", "新<mark>iPhone</mark>発売"),
        ("بحر", "إلى البحر", "إلى <mark>البحر</mark>"),
        ("محمد", "مُحَمَّد", "<mark>مُحَمَّد</mark>"),
        ("tram", "A tramline, a streetram", "A <mark>tramline</mark>, a streetram"),
        ("x -rain", "rain", "rain"),
    ],
)
def test_what_was_searched_for_is_marked_as_it_is_written(query, text, marked):
    assert highlighter(query).mark(text) == marked


def test_an_excerpt_is_cut_where_most_words_are():
    far = "<p>" + "Nothing here. " * 60 + "</p>"
    body = (
        f"<p>A tram.</p>{far}<h2>Late</h2><p>The tram reached the harbour &lt;today&gt;.</p>{far}"
    )
    excerpt = highlighter("tram harbour").excerpt(article(body=body))
    assert "Late · The <mark>tram</mark> reached the <mark>harbour</mark> &lt;today" in excerpt
    assert excerpt.startswith("… ")
    assert excerpt.endswith(" …")
    assert len(re.sub("<[^>]+>", "", excerpt.unescape())) <= LENGTH + 4


def test_the_summary_is_the_excerpt_where_it_matches_and_the_beginning_where_nothing_does():
    story = article(summary="About trams.", excerpt="About trams.", body="<p>A tram & more</p>")
    assert highlighter("tram").excerpt(story) == "About <mark>trams</mark>."
    assert highlighter("harbour").excerpt(story) == "About trams."


PIECES = [
    "ab",
    "ba",
    "a",
    "b",
    "ss",
    "th",
    "oe",
    "e-mail",
    "mail",
    "9",
    "A",
    "_",
    "-",
    "'",
    ".",
    " ",
]


def test_in_ascii_the_same_is_marked_as_in_any_text():
    chance, marked = random.Random(1), 0
    for _ in range(300):
        text = "|" + "".join(chance.choices(PIECES, k=chance.randint(1, 25))) + "|"
        query = SearchQuery.parse("".join(chance.choices([*PIECES, '"'], k=chance.randint(1, 6))))
        for terms in (query.terms, query.relaxed().terms):
            in_ascii = Highlighter(terms).mark(text)
            assert Highlighter(terms).mark(f"{text} 漢") == f"{in_ascii} 漢"
            marked += "<mark>" in in_ascii
    assert marked > 30
