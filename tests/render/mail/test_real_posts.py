"""Editions of what real newsrooms and bloggers wrote."""

from dataclasses import fields
from pathlib import Path

import pytest

from syndicate.body import markup
from syndicate.intake.articles.source_file import parse_article, read_source_file
from syndicate.model.articles import Article, Revision
from syndicate.render.mail.context import MAX_BYTES
from tests.render.mail.samples import AT, alert, config, digest, said, tree
from tests.shared_folder import SHARED, needs_shared

pytestmark = needs_shared

FILES = (
    sorted([*(SHARED / "real/posts").glob("*.m*"), SHARED / "real/hanoi-summit.md"])
    if SHARED
    else []
)


def filed(file: Path) -> Article:
    manuscript = read_source_file(file, config())
    revision = parse_article(
        manuscript, f"urn:example:{file.name}", config(), save_media=False
    ).revision
    values = {field.name: getattr(revision, field.name) for field in fields(Revision)}
    return Article(
        **values, key=1, id=file.name, slug=manuscript.slug, first_seen=AT, saved_at=AT, number=1
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_real_post_arrives_whole(file):
    article = filed(file)
    content = alert(article)
    text_part = "".join(said(content).split())
    words = markup.to_text(markup.parse(article.body)).split()
    if "rest of this story on the web" not in said(content):
        assert [word for word in words if word not in text_part] == []
    assert len(content.html.encode()) <= MAX_BYTES
    assert all(
        url.startswith(("http", "mailto:", "SLOT")) for url in tree(content).xpath("//@href|//@src")
    )


def test_all_of_them_together_make_a_digest():
    articles = [filed(file) for file in FILES]
    content = digest(articles[:50], more=articles[50:])
    assert len(content.html.encode()) <= MAX_BYTES
    assert content.subject == articles[0].title
