"""Whole publications, from files to every output: what comes of their files, and stays so.

Checkers that know nothing of us judge the same ones in `test_nasty_articles.py`.
"""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from lxml import etree

from syndicate.config import Config
from syndicate.intake.articles.article_import import import_articles
from syndicate.intake.articles.parallel_parse import ImportOutcome
from syndicate.model.deliveries import DeliveryTotals
from syndicate.publish.build.publisher import Publisher
from syndicate.schedule.wiring import Services
from syndicate.store import Store
from tests.end_to_end.built_publication import CONFIG, NOW, Publication, bring_up
from tests.render.sitemaps.schema import complaints
from tests.shared_folder import SHARED, needs_shared

LATER = datetime(2026, 11, 24, 12, 10, tzinfo=UTC)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["demonstration", pytest.param("real", marks=needs_shared)])
def publication(request: pytest.FixtureRequest, demonstration: Publication) -> Publication:
    """One of them; the demonstration is named, so that one process builds it for all."""
    made: Publication = request.getfixturevalue(request.param)
    return made


def test_every_file_is_taken_in_and_comes_out(publication):
    assert {one.outcome for one in publication.filed} == {ImportOutcome.NEW}
    assert not publication.built.failed
    assert not publication.built.warnings
    for one in publication.filed:
        assert (publication.output / "articles" / one.slug / "index.html").is_file()
        assert (publication.output / "articles" / one.slug / "amp/index.html").is_file()


def test_every_feed_is_read_without_a_complaint_and_says_the_same(publication):
    titles = []
    for name in ("rss.xml", "atom.xml"):
        feed = feedparser.parse((publication.output / name).read_bytes())
        assert not feed.bozo, feed.get("bozo_exception")
        titles.append([(entry.id, entry.title, entry.link) for entry in feed.entries])
    items = json.loads((publication.output / "feed.json").read_bytes())["items"]
    titles.append([(item["id"], item["title"], item["url"]) for item in items])
    assert len(titles[0]) == len(publication.filed)
    assert titles[0] == titles[1] == titles[2]


@needs_shared
def test_atom_keeps_the_grammar_of_rfc_4287(publication):
    assert SHARED is not None
    grammar = etree.RelaxNG(file=str(SHARED / "schema/atom.rng"))
    feed = etree.parse(publication.output / "atom.xml")
    assert grammar.validate(feed), grammar.error_log


@needs_shared
def test_every_sitemap_is_valid_and_the_articles_in_them_are_those_there_are(publication):
    index = (publication.output / "sitemap.xml").read_bytes()
    assert complaints(index) == []
    named: list[str] = []
    for path in paths_in(index, publication.config):
        sitemap = (publication.output / path).read_bytes()
        assert complaints(sitemap) == []
        if path.startswith("sitemaps/articles-"):
            named += paths_in(sitemap, publication.config)
    assert sorted(named) == sorted(f"articles/{one.slug}/" for one in publication.filed)


def test_the_same_time_gives_the_same_bytes(publication, tmp_path):
    before = contents(publication.output)
    assert Publisher(publication.store, publication.config).publish(NOW, number=False).written == []
    shutil.move(publication.output, tmp_path / "before")
    Publisher(publication.store, publication.config).publish(NOW, number=False)
    assert contents(publication.output) == before


@needs_shared
def test_an_empty_store_that_is_filled_again_has_the_same_ids_and_bytes(real, tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    again = bring_up(tmp_path, list(reversed(real.files)))
    assert ids(again.store) == ids(real.store)
    again.store.close()
    ours, theirs = contents(real.output), contents(again.output)
    assert {name for name in ours | theirs if ours.get(name) != theirs.get(name)} == set()


@needs_shared
def test_three_revisions_of_a_real_article_keep_its_id(tmp_path):
    assert SHARED is not None
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "articles").mkdir()
    file = tmp_path / "articles/hanoi-summit.md"
    shutil.copy(SHARED / "real/hanoi-summit.md", file)
    shutil.copytree(SHARED / "real/photos", tmp_path / "articles/photos")
    first = bring_up(tmp_path, [file])
    seen = ids(first.store)
    for old, new in (
        ("Abruptly", "Suddenly"),
        ("2nd L", "second from left"),
        ("breaking: true", ""),
    ):
        file.write_text(file.read_text().replace(old, new))
        [filed] = import_articles(first.store, first.config, [file], at=NOW)
        assert filed.outcome is ImportOutcome.REVISED
    assert ids(first.store) == seen
    with first.store.read() as tx:
        assert tx.articles.all()[0].revision == 4
    first.store.close()


@needs_shared
def test_without_max_age_everything_real_is_in_one_digest(real):
    ticked = Services(real.store, real.config).tick(at=LATER)
    [fire] = ticked.fires
    assert (
        str(fire)
        == f"edition 1, {len(real.filed)} articles, {len(real.filed) - 100} of them in a line"
    )
    with real.store.read() as tx:
        [edition] = tx.editions.all()
        content = tx.editions.content(edition.content)
        assert tx.deliveries.totals(edition.key) == DeliveryTotals(accepted=1)
    assert len(content.html.encode()) < 102_000
    assert "Liquid error" not in content.html


def paths_in(sitemap: bytes, config: Config) -> list[str]:
    """What a sitemap or an index names, relative to the publication."""
    found = etree.fromstring(sitemap).xpath("/*/*/*[local-name() = 'loc']/text()")
    return [address.removeprefix(f"{config.url}/") for address in found]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def ids(store: Store) -> dict[str, Any]:
    with store.read() as tx:
        return {article.slug: article.id for article in tx.articles.all()}


def test_no_page_of_the_demonstration_asks_for_anything_from_elsewhere(demonstration):
    """Nothing to load from others, nothing to leak to them."""
    for page in demonstration.output.rglob("*.html"):
        if page.parent.name == "amp":  # AMP's own runtime
            continue
        tree = etree.HTML(page.read_bytes())
        for address in tree.xpath("//img/@src | //script/@src | //link[@rel='stylesheet']/@href"):
            host = urlsplit(address).netloc
            assert host in {"", "127.0.0.1:8000"}, (page, address)
