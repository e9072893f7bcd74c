"""Text is clean, on one line, and cut where a reader would cut it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syndicate.text import (
    count_of,
    email_error,
    is_email,
    isolate,
    one_line,
    printable,
    shorten,
    to_utf8,
    whole_sentences,
)

ANY = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("a \t\n\u200b\u2067\u2069\ufeff")
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\x00b\x1b[0m\x7f", "ab[0m"),
        ("a\tb\nc\r", "a\tb\nc\r"),
        ("\x80\x9f", ""),
        ("next\x85line", "next\nline"),
        ("\ufdd0\ufdef\ufffe\uffff", ""),
        ("\U0001fffe\U0002ffff\U0010ffff", ""),
        ("\U00020000 \U0001f600 \ufffd", "\U00020000 \U0001f600 \ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ud83da\ude00", "a"),
        ("soft\xadhyphen no\xa0break \u200d\u202e", "soft\xadhyphen no\xa0break \u200d\u202e"),
    ],
)
def test_text_is_made_printable(text: str, clean: str) -> None:
    assert printable(text) == clean


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (" Dam \t\r\n holds\u2028on\x85now\xa0", "Dam holds on now"),
        ("\ufeff\u200bDam\u2060 ", "Dam"),
        ("\u200b \ufeff", ""),
        ("un\u200bbroken", "un\u200bbroken"),
        ("gpj.\u202egnirts\u202c", "gpj.gnirts"),
        ("\u200fعربي\u200f", "\u200fعربي\u200f"),
        ("about \u2067עברית\u2069 here", "about \u2067עברית\u2069 here"),
        ("\u2067 open", "open"),
        ("\x1b[31mred", "[31mred"),
    ],
)
def test_text_is_put_on_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@given(ANY)
def test_xml_takes_every_text_and_nothing_is_left_to_clean(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert printable(line) == line
    assert "\n" not in line
    for clean in (printable(text), to_utf8(text).decode()):
        etree.Element("title").text = clean


@given(ANY, st.integers(2, 40))
def test_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == one_line(text) or short.endswith("…")


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("The dam  holds", 14, "The dam holds"),
        ("The dam holds", 13, "The dam holds"),
        ("The dam holds on", 14, "The dam…"),
        ("It holds. Nobody knows why", 12, "It holds…"),
        ("It holds – nobody knows why", 13, "It holds…"),
        ("http://dam.example/holds", 11, "http://dam…"),
        ("A http://dam.example/holds", 11, "A http://d…"),
        ("東京都議会選挙の結果", 6, "東京都議会…"),
        ("e\u0301e\u0301e\u0301e\u0301", 6, "e\u0301e\u0301…"),
        ("aa👩‍🚀👩‍🚀", 5, "aa…"),
        ("ab👍🏽cdef", 4, "ab…"),
        ("a🇩🇪🇫🇷🇩🇪", 5, "a🇩🇪…"),
        ("a\u1112\u1161\u11ab\u1112", 4, "a…"),
        ("\u0301" * 9, 4, "\u0301\u0301\u0301…"),
        ("one \u2067two three\u2069 four", 12, "one two…"),
    ],
)
def test_text_is_cut_at_a_word_or_between_characters(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@pytest.mark.parametrize(
    ("part", "around", "direction", "isolated"),
    [
        ("City opens the dam, 12 hurt!", "ltr", "", "City opens the dam, 12 hurt!"),
        ("12:30", "rtl", "", "12:30"),
        ("المدينة", "rtl", "rtl", "المدينة"),
        ("المدينة!", "ltr", "rtl", "\u2068المدينة!\u2069"),
        ("City opens", "rtl", "ltr", "\u2068City opens\u2069"),
        ("The word שלום", "ltr", "ltr", "\u2068The word שלום\u2069"),
        ("iPhone يصل", "ltr", "rtl", "\u2067iPhone يصل\u2069"),
        ("شركة Apple", "rtl", "ltr", "\u2066شركة Apple\u2069"),
        ("שלום", "ltr", "", "\u2068שלום\u2069"),
    ],
)
def test_only_what_would_be_reordered_is_isolated(part, around, direction, isolated):
    assert isolate(part, around, direction) == isolated
    assert one_line(isolated) == isolated


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        ("They would look into it.", "It rained."),
        ("Mr. Kim and Prof. Li met at 8 p.m. on the 3. floor.", "It rained."),
        ("The U.S. Senate met.", "It rained."),
        ("They left the EU.", "It rained."),
        ("“Go!” he said.", "They went."),
        ("„Geh!“, sagte er am 3. Oktober.", "Es regnete."),
        ("„Geh.“", "Es regnete."),
        ("وصلت العبّارة؟", "نعم."),
    ],
)
def test_a_sentence_is_whole(first: str, rest: str) -> None:
    assert whole_sentences(f"{first} {rest}", 100, count=1) == first
    assert whole_sentences(f"{first} {rest}", 100, count=2) == f"{first} {rest}"
    assert whole_sentences("今日は雨。明日は晴れ。", 100, count=1) == "今日は雨。"
    assert whole_sentences("word " * 30, 20, count=1) == "word word word…"


@pytest.mark.parametrize(
    "text",
    ["plain", "", "ünï – 漢 \U0001f600\n\t\r", "\x00a\x1f\x7f", "a\ufffe\uffff", "é\x01\ud800"],
)
def test_encoded_text_is_printable(text: str) -> None:
    assert to_utf8(text) == printable(text).encode()


def test_a_count_has_its_noun_in_the_singular_for_one_alone() -> None:
    assert [count_of(number, "report") for number in (0, 1, 2, 1200)] == [
        "0 reports",
        "1 report",
        "2 reports",
        "1,200 reports",
    ]


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("anna@example.org", ""),
        ("jürgen@exämple.org", ""),
        ("news@example.test", ""),
        ("anna", "must have an @-sign"),
        ("anna@localhost", "should have a period"),
        ("anna@b.local", "special-use or reserved"),
        ("an\ud800na@example.org", "unsafe characters: U+D800"),
    ],
)
def test_an_email_address_says_what_is_wrong_with_its_form(address: str, error: str) -> None:
    assert error in email_error(address)
    assert is_email(address) == (not error)
