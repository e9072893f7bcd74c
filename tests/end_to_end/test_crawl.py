"""The demonstration on the web, crawled: nothing that it names of its own is missing or mislabelled."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from syndicate import clock
from syndicate.config import load
from syndicate.intake.articles.article_files import find_article_files
from syndicate.intake.articles.article_import import import_articles
from syndicate.publish.records.manifest import Manifest
from syndicate.schedule.wiring import Services
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.server.server import WebServer, listen
from tests import ROOT
from tests.csv_import import import_subscribers
from tests.end_to_end.built_publication import Publication
from tests.end_to_end.crawler import Crawl
from tests.publish.newsroom import is_twin

pytestmark = pytest.mark.slow

BEGIN = ("/", "/robots.txt", "/sitemap.xml", "/opml.xml", "/outbox")


@pytest.fixture(scope="module")
def crawled(
    demonstration: Publication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Crawl, Path]]:
    """The demonstration as `make run` brings it up, with its first digest sent, and crawled.

    Its pictures have been resized already, by another import.
    """
    folder = tmp_path_factory.mktemp("crawled")
    for name in ("config.toml", "logo.png", "demo-subscribers.csv"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "articles", folder / "articles")
    with closing(listen("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        file = folder / "config.toml"
        file.write_text(file.read_text().replace("port = 8000", f"port = {port}"))
        config = load(file)
        shutil.copytree(demonstration.config.media, config.media)
        with closing(Store.of(config)) as store:
            readers = folder / "demo-subscribers.csv"
            list(import_subscribers(store, readers, "breaking", at=clock.now()))
            list(
                import_articles(
                    store, config, find_article_files([folder / "articles"]), at=clock.now()
                )
            )
            ticked = Services(store, config).tick(clock.now())
            assert ticked.delivered.accepted
            app = application(store, config)
            with (
                WebServer(app, "127.0.0.1", port, listener=listener) as server,
                httpx.Client(trust_env=False) as client,
            ):
                crawl = Crawl(client, f"{server.url}/")
                crawl.follow(*BEGIN)
                yield crawl, config.output


def test_whatever_it_names_of_its_own_is_there_and_is_what_it_was_named_as(crawled):
    crawl, _ = crawled
    assert crawl.complaints == []
    types = {answer.headers["content-type"].partition(";")[0] for answer in crawl.fetched.values()}
    assert types >= {
        "application/atom+xml",
        "application/feed+json",
        "application/opensearchdescription+xml",
        "application/rss+xml",
        "application/xml",
        "image/jpeg",
        "text/css",
        "text/html",
        "text/javascript",
        "text/plain",
        "text/x-opml",
    }


def test_whatever_is_published_can_be_come_upon(crawled):
    crawl, output = crawled
    with Manifest.opened(output) as manifest:
        assert manifest
        published = {file.path for file in manifest.files() if not is_twin(file.path)}
    # crops are made of every picture, and named where it leads an article, or in mail
    crop = re.compile(r"-(1x1|4x3|16x9|mail|thumb)\.\w+$")
    published -= {path for path in published if crop.search(path)} | {"404.html"}
    reached = {address.removeprefix(crawl.site) for address in crawl.fetched}
    reached = {f"{path}index.html" if path.endswith("/") or not path else path for path in reached}
    assert published - reached == set()


def test_it_leads_to_the_hosts_that_its_articles_and_formats_name_and_to_no_others(crawled):
    crawl, _ = crawled
    hosts = {httpx.URL(address).host for address in crawl.external}
    assert hosts == {
        *("bsky.app", "mastodon.example"),  # the publication's own accounts
        *("feedly.com", "www.inoreader.com", "www.newsblur.com"),  # readers of feeds
        *("theoldreader.com", "feedbin.com"),
        *("cdn.ampproject.org", "jsonfeed.org", "opml.org", "schema.org", "www.rssboard.org"),
    }
