"""The subject and the preheader of an edition."""

from typing import Any

import pytest

from syndicate.config import Newsletter
from tests.render.mail.samples import (
    alert,
    article,
    both,
    config,
    correction,
    digest,
    stories,
    story,
)


@pytest.mark.parametrize(
    ("title", "subject"),
    [
        ("City opens the dam", "City opens the dam"),
        ("Two\r\nBcc: x@example.org\x00\x85lines", "Two Bcc: x@example.org lines"),
        ("Emoji 👨‍👩‍👧 שלום", "Emoji 👨‍👩‍👧 שלום"),
        ("{date} %s", "{date} %s"),
    ],
)
def test_the_subject_is_the_headline_of_the_first_story(title, subject):
    first = story(title=title)
    for content in (alert(first), digest([first, *stories()], more=[article(8), article(9)])):
        assert content.subject == subject


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        ("{breaking}{lead}", "Breaking: City opens the dam after four days of rain"),
        ("{title}: {lead}", "Breaking news: City opens the dam after four days of rain"),
        ("{title}, {date}", "Breaking news, November 24, 2026"),
        ("{lead} {{}}", "City opens the dam after four days of rain {}"),
    ],
)
def test_a_newsletter_has_a_pattern_for_its_subjects(pattern, subject):
    letter = Newsletter(name="breaking", title="Breaking news", subject=pattern)
    assert {content.subject for content in both(newsletter=letter)} == {subject}


ARABIC: dict[str, Any] = {"title": "فتحت المدينة السد!", "language": "ar"}


@pytest.mark.parametrize(
    ("paper", "changes", "pattern", "subject"),
    [
        ("en", ARABIC, "{breaking}{lead}", "Breaking: \u2068فتحت المدينة السد!\u2069"),
        ("en", ARABIC, "{lead}", "فتحت المدينة السد!"),
        ("en", ARABIC, "{title}: {lead}", "Breaking news: \u2068فتحت المدينة السد!\u2069"),
        ("en", ARABIC, "{title}", "Breaking news"),
        ("ar", {"title": "City opens", "language": "en"}, "{lead}", "City opens"),
        (
            "ar",
            {"title": "City opens", "language": "en"},
            "نشرة: {lead}",
            "نشرة: \u2068City opens\u2069",
        ),
        ("ar", ARABIC, "نشرة: {lead}", "نشرة: فتحت المدينة السد!"),
        ("en", {"title": "City opens"}, "{breaking}{lead}", "Breaking: City opens"),
    ],
)
def test_a_headline_of_the_other_direction_is_isolated_in_a_subject(
    paper, changes, pattern, subject
):
    first = article(breaking=True, **changes)
    letter = Newsletter(name="breaking", title="Breaking news", subject=pattern)
    content = alert(first, newsletter=letter, config=config(language=paper))
    assert content.subject == subject


def test_a_preheader_isolates_the_headlines_of_the_other_direction():
    content = digest([article(1), article(2, **ARABIC), article(3, "Rowers win")])
    assert content.preheader == f"\u2068{ARABIC['title']}\u2069 · Rowers win"


def test_a_correction_isolates_its_headline_too():
    assert correction(article(**ARABIC), "It was Monday.").subject == (
        f"Correction: \u2068{ARABIC['title']}\u2069"
    )
    assert correction(article(), "It was Monday.").subject == "Correction: City opens the dam"


@pytest.mark.parametrize(
    ("title", "breaking", "subject"),
    [
        ("City opens the dam", True, "Breaking: City opens the dam"),
        ("BREAKING: City opens", True, "BREAKING: City opens"),
        ("City opens the dam", False, "City opens the dam"),
    ],
)
def test_only_what_is_breaking_is_called_so_and_once(title, breaking, subject):
    letter = Newsletter(name="breaking", subject="{breaking}{lead}")
    assert alert(article(title=title, breaking=breaking), newsletter=letter).subject == subject


def test_only_a_headline_that_no_inbox_shows_is_shortened():
    long = story(title="word " * 60)
    letter = Newsletter(name="news", subject="Morning: {lead} ({date})")
    for content in (alert(long, newsletter=letter), digest([long, article(8)], newsletter=letter)):
        assert 190 < len(content.subject) <= 200
        assert content.subject.endswith("…(November 24, 2026)".replace("…", "… "))


def test_the_preheader_tells_what_the_subject_does_not():
    assert alert(story()).preheader == "The city opened the flood gates early on Tuesday."
    assert digest(stories()).preheader == (
        "Parliament keeps the night trains · Every bee on campus was counted"
    )
