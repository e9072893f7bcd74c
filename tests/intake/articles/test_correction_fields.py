"""Corrections in front matter."""

from datetime import UTC, datetime
from pathlib import PurePath

import pytest

from syndicate.intake.articles.article_fields import read_fields
from syndicate.intake.articles.front_matter import split_front_matter
from syndicate.model.articles import Correction
from tests.intake.articles.front_matters import BERLIN, fields, refusal

CORRECTED = (
    Correction(at=datetime(2026, 11, 30, 23, 0, tzinfo=UTC), text="It sank on Sunday."),
    Correction(at=datetime(2026, 12, 1, 13, 5, tzinfo=UTC), text="40 people, not 400: all safe."),
)


@pytest.mark.parametrize(
    "written",
    [
        (
            b"---\ntitle: x\ncorrections:\n- at: 2026-12-01 14:05\n"
            b'  text: "40 people, not 400: all safe."\n'
            b"- {at: 2026-12-01, text: It sank on Sunday.}\n---\n"
        ),
        (
            b'+++\ntitle = "x"\n[[corrections]]\nat = 2026-12-01T14:05:00\n'
            b'text = "40 people, not 400:\\n all safe."\n'
            b'[[corrections]]\nat = 2026-12-01\ntext = "It sank on Sunday."\n+++\n'
        ),
        (
            b'{"title": "x", "corrections": [{"at": "2026-12-01 14:05", "text":'
            b' "40 people, not 400: all safe."}, {"at": "2026-12-01", "text": "It sank on Sunday."}]}'
        ),
    ],
    ids=["yaml", "toml", "json"],
)
def test_corrections_are_read_oldest_first_in_every_format(written):
    read = read_fields(split_front_matter(written, "a.md"), PurePath("a.md"), BERLIN)
    assert read.revision.corrections == CORRECTED
    assert read.warnings == ()


def test_one_correction_needs_no_list():
    read = fields("corrections: {at: 2026-12-01, text: It sank on Sunday.}")
    assert read.revision.corrections == CORRECTED[:1]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("corrections: It sank", 'a.md:3: corrections = "It sank" — expected tables such as {at'),
        ("corrections:\n- It sank", 'a.md:4: corrections = "It sank" — expected tables'),
        ("corrections:\n- text: x", "a.md:4: corrections = a table — expected an `at` in each"),
        (
            "corrections:\n- at: Sunday\n  text: x",
            'a.md:4: corrections.at = "Sunday" — expected 2019-02-28',
        ),
        (
            "corrections:\n- {at: 2026-12-01, text: ' '}",
            'a.md:4: corrections.text = " " — expected a sentence of at most 2000 characters',
        ),
        (
            f"corrections:\n- at: 2026-12-01\n  text: {'x' * 2001}",
            f'a.md:5: corrections.text = "{"x" * 80}" — expected a sentence',
        ),
        ("corrections:\n- at: 2026-12-01", "a.md:4: corrections.text = a table — expected a sent"),
        (
            "corrections:\n- at: 2026-12-01\n  text: [x]",
            "a.md:5: corrections.text = a list — expected text",
        ),
    ],
)
def test_a_correction_without_its_time_or_text_is_refused_with_its_line(written, expected):
    assert refusal(f"title: x\n{written}").startswith(expected)


def test_an_unknown_key_of_a_correction_is_warned_about():
    read = fields("corrections:\n- {at: 2026-12-01, text: x, by: Ada}")
    assert read.warnings == ("a.md:4: corrections.by is unknown; known are at, text",)
