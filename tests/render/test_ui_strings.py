"""Counting, and lists of names."""

import pytest

import syndicate.render.mail.ui_strings as mail
import syndicate.render.ui_strings as pages


def test_the_context_of_a_text_is_not_shown():
    assert pages.page_strings("en").kinds["author"] == "Author"
    assert pages.page_strings("de").kinds["author"] == "Beiträge von"


@pytest.mark.parametrize(
    ("tag", "counts"),
    [
        ("en", ["No comments", "1 comment", "2 comments"]),
        ("de", ["Keine Kommentare", "1 Kommentar", "2 Kommentare"]),
    ],
)
def test_comments_are_counted(tag, counts):
    assert [pages.page_strings(tag).count_comments(count) for count in range(3)] == counts


def test_names_are_joined_as_in_a_sentence():
    assert pages.page_strings("de").all_of(["Ada", "Bo"]) == "Ada und Bo"


def test_one_story_that_is_not_named_is_one_other():
    others = mail.mail_strings("en").others
    assert others.format(count=1, publication="the Post") == "1 other at the Post"
    assert others.format(count=2, publication="the Post") == "2 others at the Post"
