"""Text as the search index keeps it."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.model.search.folding import aligned, folded_words, index_text, index_words, text_of


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("The Harbour", "the harbour"),
        ("Café Ångström", "cafe angstrom"),
        ("e\u0301tude", "etude"),
        ("Straße, Łódź", "strasse, lodz"),
        ("soft\u00adhyphen", "softhyphen"),
        ("“Don’t”", " don t "),
        ("ＡＢＣ ١٢٣", "abc 123"),
        ("مُحَمَّد", "محمد"),
        ("البحر والمدينة", "بحر مدينه"),
        ("ﺍﻟﺒﺤﺮ", "بحر"),
        ("नमस्ते", "नमस्ते"),
    ],
)
def test_what_doesnt_matter_is_folded(written, kept):
    assert index_text(written) == kept


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("東京都庁", ["東京", "京都", "都庁", "庁"]),
        ("서울에서", ["서울", "울에", "에서", "서"]),
        ("iPhone東京", ["iphone", "東京", "京"]),
        ("ไทย", ["ไท", "ทย", "ย"]),
        ("ﾄﾗﾑ", ["トラ", "ラム", "ム"]),
        ("㌀", ["アパ", "パー", "ート", "ト"]),
    ],
)
def test_scripts_without_spaces_are_kept_in_pairs(written, words):
    assert index_text(written).split() == words


def test_each_character_of_a_headline_without_spaces_is_found_alone():
    assert index_text("海の日", singles=True).split() == ["海の", "の日", "日", "海", "の", "日"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("東京", "大東京都"),
        ("東京都", "東京都庁"),
        ("京", "東京"),
        ("iphone東", "iPhone東京"),
        ("서울", "서울에서"),
        ("กรุง", "กรุงเทพ"),
    ],
)
def test_the_words_of_a_query_stand_in_the_text_in_a_row(query, text):
    words, kept = list(index_words(folded_words(query))), index_text(text, singles=True).split()
    assert any(kept[start : start + len(words)] == words for start in range(len(kept)))


@given(st.text())
@example("㌀")
@example("ﾄﾗﾑ")
@example("ﺍﻟﺒﺤﺮ")
def test_fts5_divides_kept_text_as_we_do(text):
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE t USING fts5 (x, tokenize = 'ascii')")
        database.execute("CREATE VIRTUAL TABLE v USING fts5vocab (t, 'instance')")
        database.execute("INSERT INTO t VALUES (?)", (index_text(text),))
        rows = database.execute("SELECT term FROM v ORDER BY offset").fetchall()
    kept = [word for (word,) in rows]
    for word in folded_words(text):
        found = index_words([word])
        assert any(kept[i : i + len(found)] == list(found) for i in range(len(kept)))
    assert len(aligned(text)) == len(text)


def test_the_text_of_a_body_has_a_line_for_each_block_and_no_markup():
    body = '<h2 id="a">One</h2><p>t<b>w</b>o &amp; <a href="/?x=%3E" title="a > b">three</a></p>'
    assert text_of(body).split("\n") == ["", "One", "", "two & three", ""]
