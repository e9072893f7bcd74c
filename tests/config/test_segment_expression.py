"""The expressions of segments: what can be read, and how mistakes are told."""

from datetime import date
from pathlib import Path

import pytest

from syndicate.config import load
from syndicate.config.loading.checks import check
from syndicate.config.segment_expression import (
    MAX_DEPTH,
    AllOf,
    AnyOf,
    Comparison,
    FieldComparison,
    FieldOneOf,
    JoinedDate,
    Not,
    OneOf,
    Subject,
    find_names,
    parse,
)
from syndicate.errors import ConfigError

VIP = OneOf(Subject.TAG, ("vip",))
GERMAN = OneOf(Subject.LANGUAGE, ("de",))
BREAKING = OneOf(Subject.NEWSLETTER, ("breaking",))
CONFIG = """\
[publication]
id = "6f1c2f6e-8f0e-4a7e-9d8b-1c2d3e4f5a6b"
title = "Morning Post"
[[newsletters]]
name = "breaking"
"""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('tag = "vip"', VIP),
        ("tag='vip'", VIP),
        ('TAG IN ("a", "b")', OneOf(Subject.TAG, ("a", "b"))),
        ('tag != "vip"', Not(VIP)),
        ('field.city = "Berlin"', FieldComparison("city", Comparison.EQUAL, "Berlin")),
        ("field.age>=30", FieldComparison("age", Comparison.MORE_OR_EQUAL, 30.0)),
        ("field.debt < -1.5", FieldComparison("debt", Comparison.LESS, -1.5)),
        ('field.zip-code contains "10"', FieldComparison("zip-code", Comparison.CONTAINS, "10")),
        ('field.in in ("x")', FieldOneOf("in", ("x",))),
        ("joined before 2026-01-01", JoinedDate(True, date(2026, 1, 1))),
        ("joined after 2026-01-01", JoinedDate(False, date(2026, 1, 1))),
        ('newsletter = "breaking"', BREAKING),
        ('language = "de"', GERMAN),
        ('tag = "and or not ("', OneOf(Subject.TAG, ("and or not (",))),
    ],
)
def test_each_test_is_read(text, meant):
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            'tag = "vip" or language = "de" and newsletter = "breaking"',
            AnyOf((VIP, AllOf((GERMAN, BREAKING)))),
        ),
        (
            '(tag = "vip" or language = "de") and newsletter = "breaking"',
            AllOf((AnyOf((VIP, GERMAN)), BREAKING)),
        ),
        ('not tag = "vip" and language = "de"', AllOf((Not(VIP), GERMAN))),
        ('not (tag = "vip" and language = "de")', Not(AllOf((VIP, GERMAN)))),
        ('not not tag = "vip"', Not(Not(VIP))),
    ],
)
def test_not_binds_before_and_and_and_before_or(text, meant):
    assert parse(text) == meant


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected tag, newsletter, language, field.NAME, joined or engaged at column 1, not the end"),
        ("tag =", 'expected a value after "=" at column 6'),
        ("tag = ", 'expected a value after "=" at column 6'),
        ("tag = vip", 'expected a text in quotes after "=" at column 7, not vip'),
        ('tag "vip"', 'expected =, != or in after tag at column 5, not "vip"'),
        ('tag < "vip"', "expected =, != or in after tag at column 5, not <"),
        ('tag = "vip', 'the text that begins at column 7 has no closing "'),
        ('tag = "a" tag', "expected and, or, or the end at column 11, not tag"),
        ('(tag = "a"', 'expected ")" at column 11, not the end'),
        ("tag in ()", 'expected a value after "(" at column 9'),
        ('tag in ("a" "b")', 'expected "," or ")" at column 13, not "b"'),
        ("field.age = 3x", 'expected a text in quotes after "=" at column 13, not 3x'),
        ("field.age contains 3", "expected a text in quotes after contains at column 20, not 3"),
        ("field.age is 3", "expected =, !=, <, <=, >, >=, in or contains after field.age at column 11, not is"),
        ('field.City = "x"', '"field.City" at column 1 names no field; expected such as field.city, in small letters'),
        ("joined before yesterday", "expected a date such as 2026-01-31 at column 15, not yesterday"),
        ("joined before 2026-02-30", "2026-02-30 at column 15 is not a date"),
        ("joined after 0001-01-01", "0001-01-01 at column 14 is too far away"),
        ('tag = "a" && tag = "b"', '"&&" at column 11 can\'t be read; put texts in quotes'),
        ('email = "a"', "expected tag, newsletter, language, field.NAME, joined or engaged at column 1, not email"),
        ("engaged 90d", "expected since after engaged at column 9, not 90d"),
        ("engaged since yesterday", "yesterday at column 15 is not a duration"),
        ("engaged since 40000d", "40000d at column 15 is too long ago"),
        ('engaged since "90d"', 'expected a date such as 2026-01-31, or how long such as "90d" at column 15, not "90d"'),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_column(text, told):
    with pytest.raises(ValueError) as refusal:
        parse(text)
    assert str(refusal.value) == told


@pytest.mark.parametrize("word", ["(", "not "])
def test_what_is_too_deep_or_too_long_is_refused_and_no_crash(word):
    with pytest.raises(ValueError, match=f"nested more than {MAX_DEPTH} deep"):
        parse(word * 900 + 'tag = "a"')
    with pytest.raises(ValueError, match="at most 4000 characters"):
        parse(word * 5000)


def test_what_an_expression_names_is_found_in_all_of_its_corners():
    found = parse('not (newsletter in ("a", "b") and tag = "c") or newsletter != "d"')
    assert find_names(found, Subject.NEWSLETTER) == ["a", "b", "d"]


def mistakes(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG + text)
    with pytest.raises(ConfigError) as refusal:
        load(path)
    return str(refusal.value).splitlines()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[[segments]]\nname = \"x\"\nwhere = 'tag ='\n",
            "config.toml:8: segments.x.where = 'tag =' — expected a value after \"=\" at column 6",
        ),
        (
            '[[segments]]\nname = "x"\nwhere = \'not newsletter = "braking"\'\n',
            (
                "config.toml:8: segments.x.where = 'not newsletter = \"braking\"' — "
                'newsletter = "braking": there is no such newsletter; did you mean breaking?'
            ),
        ),
        (
            '[[segments]]\nname = "x"\n',
            (
                "config.toml:6: segments.x.where — missing: Who is in it, as an expression; "
                "docs/audience.md explains it."
            ),
        ),
        (
            '[[schedules]]\nname = "s"\nnewsletter = "breaking"\nevery = "1h"\nsegment = "members"\n',
            (
                'config.toml:10: schedules.s.segment = "members" — there is no segment; '
                "add [[segments]]"
            ),
        ),
        (
            (
                '[[segments]]\nname = "members"\nwhere = \'tag = "a"\'\n'
                '[[schedules]]\nname = "s"\nnewsletter = "breaking"\nevery = "1h"\nsegment = "member"\n'
            ),
            (
                'config.toml:13: schedules.s.segment = "member" — there is no such segment; '
                "did you mean members?"
            ),
        ),
    ],
)
def test_a_mistake_in_the_file_is_told_with_line_and_key(tmp_path, text, told):
    assert mistakes(tmp_path, text) == [told]


def test_two_segments_of_one_name_are_refused(tmp_path):
    twice = '[[segments]]\nname = "x"\nwhere = \'tag = "a"\'\n' * 2
    assert mistakes(tmp_path, twice) == [
        'config.toml:10: segments.x.name = "x" — there are two segments of that name'
    ]


def test_who_engaged_can_be_asked_where_clicks_are_known_by_reader():
    asked = {"segments": [{"name": "keen", "where": "not engaged since 30d"}]}
    off = [told for _, told in check({**asked, "newsletters": [{"name": "news"}]}, Path())]
    assert off == ['engaged needs a newsletter with tracking = "readers", and there is none']
    on = {"name": "news", "tracking": "readers"}
    assert list(check({**asked, "newsletters": [on]}, Path())) == []
