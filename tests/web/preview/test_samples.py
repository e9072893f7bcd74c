"""What templates and edition files make of stored articles, for a preview."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from syndicate.config import Config
from syndicate.errors import Refused, TemplateError
from syndicate.render.templates import Templates
from syndicate.store import Store
from syndicate.web.preview.samples import (
    PreviewOrder,
    PreviewSample,
    SampleComposer,
    find_edition_file,
    find_template,
)
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

BRIEFING = {"name": "briefing", "newsletter": "briefing", "cron": "0 7 * * *"}
NEWSLETTERS = [{"name": "breaking"}, {"name": "briefing", "title": "The Briefing", "utm": True}]
Preview = Callable[..., PreviewSample]


@pytest.fixture
def config(publication: Callable[..., Config]) -> Config:
    return publication(newsletters=NEWSLETTERS, schedules=[BRIEFING])


@pytest.fixture
def preview(sqlite_store: Store, config: Config) -> Preview:
    """Compose a preview of a store with four stories, the tram's in the future."""
    newsroom = Newsroom(sqlite_store, config)
    for number, slug in enumerate(("ferry", "dome", "organ")):
        newsroom.file(slug, date=NOON - timedelta(hours=number), section="City")
    newsroom.file("tram", date=NOON + timedelta(days=3))

    def compose(name: str, *slugs: str, newsletter: str | None = None) -> PreviewSample:
        composer = SampleComposer(
            store=sqlite_store, config=config, templates=Templates(config.templates), at=NOON
        )
        return composer.compose(PreviewOrder(name=name, slugs=slugs, newsletter=newsletter))

    return compose


def write(config: Config, text: str, name: str = "next-briefing.md") -> None:
    folder = config.root / "editions"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def test_a_digest_has_the_newest_public_articles(preview):
    shown = preview("digest")
    assert (shown.source, shown.title) == ("email/digest.mjml", "Ferry")
    assert shown.text.index("Ferry") < shown.text.index("Dome") < shown.text.index("Organ")
    assert "Tram" not in shown.text
    assert "is subscribed to" in shown.html
    assert "ada@example.org" in shown.html


def test_each_style_can_be_shown_whatever_the_newsletter_has(preview):
    brief, letter = preview("brief"), preview("editors_letter")
    assert (brief.source, letter.source) == ("email/brief.mjml", "email/editors_letter.mjml")
    assert "\n2. Dome\n" in brief.text
    assert "\n- Dome\n" in letter.text


def test_named_articles_are_shown_in_their_order_and_even_before_they_are_public(preview):
    shown = preview("email/digest.mjml", "tram", "organ")
    assert shown.title == "Tram"
    assert "Organ" in shown.text
    assert "Ferry" not in shown.text
    assert preview("alert", "tram").title == "Tram"


def test_a_newsletter_gives_its_name_and_the_tags_of_its_links(preview):
    shown = preview("digest", newsletter="briefing")
    assert "The Briefing" in shown.html
    assert "utm_source" in shown.html
    assert "utm_source" not in preview("digest").html
    with pytest.raises(Refused, match="no newsletter is called weekly"):
        preview("digest", newsletter="weekly")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("letter", "Yes, subscribe me"),
        ("confirm", "Yes, subscribe me"),
        ("email/letter.txt", "Yes, subscribe me"),
        ("welcome", "Your preferences"),
        ("data", "See your data"),
        ("code", "123456"),
        ("proof", "Review it"),
        ("templates/email/alert.mjml", "Read on the web"),
    ],
)
def test_every_mail_can_be_shown(preview, name, words):
    shown = preview(name)
    assert shown.is_mail
    assert words in shown.html
    assert shown.text


@pytest.mark.parametrize("name", ["article", "page/article.html", "home", "amp"])
def test_pages_can_be_shown_with_what_they_load(preview, name):
    shown = preview(name, "organ", "dome") if name == "home" else preview(name, "organ")
    assert not shown.is_mail
    assert "Organ" in shown.html
    assert all(
        f"/{path}" in shown.html for path in shown.assets if "page." in path and name != "amp"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("digst", "did you mean digest"),
        ("email/parts/frame.mjml", "is a part of others"),
        ("page/article/story.html", "is a part of others"),
        ("xyzzy", "there are alert, digest"),
    ],
)
def test_what_can_not_be_shown_is_refused_with_what_can(config, name, said):
    with pytest.raises(Refused, match=said):
        find_template(name, config)


def test_every_template_of_mail_that_is_no_part_of_another_can_be_shown(config):
    whole = [name for name in Templates().names((".mjml",)) if "/parts/" not in name]
    assert len(whole) > 5
    assert all(find_template(name, config) for name in whole)


def test_an_edition_file_says_what_its_edition_carries(preview, config):
    write(config, "---\nsubject: Good evening\nstories: [organ, dome]\n---\nIt is *late*.\n")
    shown = preview("next-briefing.md")
    assert (shown.source, shown.title) == ("editions/next-briefing.md", "Good evening")
    assert "It is <em>late</em>." in shown.html
    assert "The Briefing" in shown.html
    assert "Ferry" not in shown.text
    assert shown.text.index("Organ") < shown.text.index("Dome")
    assert preview("editions/next-briefing.md", "ferry").text.count("Organ") == 0


def test_without_stories_an_edition_file_has_the_newest_but_those_it_leaves_out(preview, config):
    write(config, "---\nleave_out: [ferry]\n---\nGood evening.\n")
    shown = preview("next-briefing.md")
    assert shown.title == "Dome"
    assert "Ferry" not in shown.text


def test_the_mistakes_of_an_edition_file_are_named_with_their_line(preview, config):
    write(config, "---\nsubject: x\nstories: [fery, dome]\n---\nGood evening.\n")
    assert any("editions/next-briefing.md:3" in f for f in preview("next-briefing.md").findings)
    write(config, "---\nsubjct: x\n---\n")
    with pytest.raises(Refused, match=r"editions/next-briefing.md:2: subjct is unknown"):
        preview("next-briefing.md")
    write(config, "", name="2026-12-01-weekly.md")
    with pytest.raises(Refused, match="no schedule is called weekly"):
        preview("2026-12-01-weekly.md")
    with pytest.raises(Refused, match=r"next-none\.md: no such file"):
        find_edition_file("next-none.md", config)


def test_nothing_of_it_is_stored(preview, config, sqlite_store):
    with sqlite_store.read() as tx:
        before = tx.articles.publication_marker()
    write(config, "---\nstories: [organ]\n---\nGood evening.\n")
    preview("next-briefing.md")
    preview("digest")
    with sqlite_store.read() as tx:
        assert tx.articles.publication_marker() == before
        assert tx.edition_files.all() == []
        assert tx.editions.all() == []
    assert not config.media.exists()


def test_a_mistake_in_a_template_is_named_with_its_line(preview, config):
    (config.templates / "email").mkdir(parents=True)
    (config.templates / "email/alert.mjml").write_text("<mjml>\n{{ nothing }}\n</mjml>\n")
    with pytest.raises(TemplateError, match=r"email/alert\.mjml:2"):
        preview("alert")


def test_a_store_without_public_articles_says_how_to_get_some(sqlite_store, config):
    values: dict[str, Any] = {"store": sqlite_store, "config": config, "at": NOON}
    composer = SampleComposer(templates=Templates(), **values)
    with pytest.raises(Refused, match="syndicate import articles"):
        composer.compose(PreviewOrder(name="digest"))
