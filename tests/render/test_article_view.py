"""What pages and mail show around an article: comments, contributors, names."""

import pytest

from syndicate.model.articles import Comments, Person
from syndicate.render.article_view import ArticleView
from syndicate.render.formatting import join_names
from tests.render.feeds.samples import an_article
from tests.render.feeds.written_feeds import CONFIG


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["No comments", "1 comment", "2 comments"]),
        ("de", ["Keine Kommentare", "1 Kommentar", "2 Kommentare"]),
    ],
)
def test_comments_are_counted(language, texts):
    for count, text in enumerate(texts):
        article = an_article(language=language, comments=Comments(count=count))
        assert ArticleView(article, CONFIG).comments == text


def test_names_are_joined_as_in_a_sentence():
    assert join_names(["Ada", "Bo"], "de-AT") == "Ada und Bo"
    assert join_names(["Ada", "Bo"], "xx") == "Ada and Bo"


@pytest.mark.parametrize(
    ("places", "credit"),
    [
        ([], ""),
        ([None, None], "A and B"),
        (["Rome", "Oslo"], "A from Rome and B from Oslo"),
        (["Rome", "Oslo", "Rome"], "A and C from Rome, and B from Oslo"),
        (["Rome", None, "Oslo", "Oslo"], "A from Rome, B, and C and D from Oslo"),
    ],
)
def test_contributors_are_grouped_by_place(places, credit):
    people = tuple(Person(name=n, place=p) for n, p in zip("ABCD", places, strict=False))
    expected = f"Reporting was contributed by {credit}." if credit else ""
    assert ArticleView(an_article(contributors=people), CONFIG).credit == expected
