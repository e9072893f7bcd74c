"""What the demonstration's mail weighs: its pictures, fetched as a mail client does."""

import shutil
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from lxml import html

from syndicate import clock
from syndicate.config import Config, load
from syndicate.intake.articles.article_files import find_article_files
from syndicate.intake.articles.article_import import import_articles
from syndicate.model.articles import Article
from syndicate.model.editions import Content, EditionKind
from syndicate.publish.build.publisher import Publisher
from syndicate.render.mail.edition_content import compose_edition
from syndicate.render.templates import Templates
from syndicate.store import Store
from tests import ROOT
from tests.browser import served

pytestmark = [pytest.mark.slow, pytest.mark.neighbours]

BUDGET = 200_000
"""Bytes of all pictures of an edition."""


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Config, list[Article]]]:
    """The demonstration's articles, imported and built, and the configuration that serves them."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("config.toml", "logo.png"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "articles", folder / "articles")
    config = load(folder / "config.toml")
    with served(folder / "feeds") as url:
        text = (folder / "config.toml").read_text()
        marked = text.replace("[publication]\n", f'[publication]\nurl = "{url}"\n', 1)
        (folder / "config.toml").write_text(marked)
        config = load(folder / "config.toml")
        store = Store.of(config)
        files = find_article_files([folder / "articles"])
        imported = list(import_articles(store, config, files, at=clock.now()))
        assert [result.warnings for result in imported if result.warnings] == []
        Publisher(store, config).publish(clock.now(), number=True)
        with store.read() as tx:
            found = [tx.articles.by_slug(result.slug or "") for result in imported]
        store.close()
        yield config, [article for article in found if article is not None]


def compose(kind: EditionKind, config: Config, articles: list[Article]) -> Content:
    now = clock.now().astimezone(config.publication.timezone)
    return compose_edition(
        kind=kind,
        articles=articles,
        more=[],
        newsletter=config.newsletters[1],
        config=config,
        templates=Templates(),
        edition_date=now,
    )


def fetch_pictures(content: Content) -> dict[str, tuple[str, int]]:
    """Fetch each picture that a mail loads; return its type and its weight in bytes."""
    found = {}
    for picture in html.document_fromstring(content.html).iter("img"):
        with urlopen(picture.get("src"), timeout=10) as response:
            found[picture.get("src")] = (response.headers["Content-Type"], len(response.read()))
    return found


def test_a_briefing_of_everything_loads_200_kb_of_pictures_at_most(articles):
    config, stories = articles
    loaded = fetch_pictures(compose(EditionKind.DIGEST, config, stories))
    assert len(loaded) >= 3
    assert sum(weight for _, weight in loaded.values()) <= BUDGET
    assert {kind for kind, _ in loaded.values()} <= {"image/jpeg", "image/png"}


def test_no_storys_mail_is_heavier_either(articles):
    config, stories = articles
    for story in stories:
        loaded = fetch_pictures(compose(EditionKind.ALERT, config, [story]))
        assert len(loaded) >= 1 + (story.lead is not None), story.slug
        assert sum(weight for _, weight in loaded.values()) <= BUDGET, story.slug
