"""What a reader searches for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndicate.model.search.query import MAX_QUERY, SearchQuery


def terms(text):
    return [term.words for term in SearchQuery.parse(text).terms]


def excluded(text):
    return [term.words for term in SearchQuery.parse(text).excluded]


def test_words_phrases_and_what_is_left_out():
    query = 'tram "Harbour Mouth" -rain -"wet feet" e-mail'
    assert terms(query) == [("tram",), ("harbour", "mouth"), ("e", "mail")]
    assert excluded(query) == [("rain",), ("wet", "feet")]


@pytest.mark.parametrize("quotes", ["„{}“", "“{}”", "«{}»", '"{}'])
def test_quotation_marks_of_any_language_hold_a_phrase(quotes):
    assert terms(quotes.format("alter Hafen")) == [("alter", "hafen")]


def test_the_last_word_may_go_on_unless_it_is_short_or_quoted():
    begins = [SearchQuery.parse(text).terms[-1].begins for text in ("har", "ha", '"har"', "東京都")]
    assert begins == [True, False, False, False]
    first, last = SearchQuery.parse("hafen rund").terms
    assert (first.begins, last.begins) == (False, True)
    assert all(term.begins for term in SearchQuery.parse("hafen rund").relaxed().terms)


@pytest.mark.parametrize("text", ["", " ", '"', "*", "-", '""', "(", "\0", "!?", "- -", "🙂"])
def test_what_has_no_word_has_no_terms(text):
    assert not SearchQuery.parse(text).terms


def test_a_query_is_read_up_to_its_limit():
    query = SearchQuery.parse("wort " * 2000)
    assert len(query.text) <= MAX_QUERY
    assert len(query.terms) == 8


@given(st.text())
def test_any_text_is_a_query(text):
    query = SearchQuery.parse(text)
    assert all(term.index_words for term in (*query.terms, *query.excluded))
