"""Manuscripts: what is kept of an article's file, however it was written."""

import pytest

from syndicate.body.compiler import compile_body
from syndicate.intake.articles.parallel_parse import ImportResult, parse_file
from tests.render.pages import random_bodies

LEAD = '<figure><img src="https://pictures.example/1" alt="A"/></figure>\n\n'


def assert_cut_as_from_the_store(articles, name, body):
    file = articles.add(name, body)
    composed = parse_file(file, articles.config, save_media=True)
    if isinstance(composed, ImportResult):
        assert composed.slug
        assert "nested too deeply" in composed.reason
        return
    revision = composed.parsed.revision
    assert composed.parsed.compiled_body == compile_body(revision, slug=composed.source_file.slug)
    assert revision.body == revision.body.strip()


@pytest.mark.parametrize("seed", range(150))
def test_a_body_is_set_as_it_is_filed_like_one_from_the_store(articles, seed):
    body = random_bodies.body(seed)
    assert_cut_as_from_the_store(articles, "a.html", body)
    assert_cut_as_from_the_store(
        articles, "a.md", f"{LEAD * (seed % 2)}*First*\n\n{body}\n\n## Last"
    )


@pytest.mark.parametrize(
    "body", ["", " ", "\u00a0", "<p></p>", "text", "<p>a</p>\n \u00a0\n", LEAD]
)
def test_a_body_that_is_hardly_one_is_set_alike_too(articles, body):
    assert_cut_as_from_the_store(articles, "a.html", body)
    assert_cut_as_from_the_store(articles, "a.md", body)


def test_an_excerpt_has_no_link_that_another_generator_was_to_fill_in(articles):
    body = "A [bug]({{ site.repo }}/issues/4) and ([#5]({% link a.md %})) in [text](x y)."
    parsed = parse_file(articles.add("a.md", body), articles.config, save_media=True)
    assert not isinstance(parsed, ImportResult)
    assert parsed.parsed.revision.excerpt == "A bug and (#5) in [text](x y)."
