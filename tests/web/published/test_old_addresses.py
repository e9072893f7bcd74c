"""Whoever comes by an old address is led to the article, here and on a static server."""

import re
from pathlib import Path

import pytest

from syndicate.intake.articles.article_files import find_article_files
from syndicate.intake.articles.article_import import import_articles
from syndicate.model.old_addresses import is_reserved
from syndicate.publish.build.publisher import Publisher
from syndicate.web.app import application
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON

pytestmark = pytest.mark.neighbours

OLD = ("/2019/05/tram/", "/2019/05/tram.html", "/posts/été/", "/articles/2019/tram.html")


@pytest.fixture
def newsroom(sqlite_store, publication) -> Newsroom:
    return Newsroom(sqlite_store, publication())


def moved(client, path: str, **headers: str) -> str:
    """Ask by an old address; return where the answer leads."""
    answer = client.get(path, headers=headers)
    assert answer.status_code == 301, (path, answer.status_code)
    return str(answer.headers["location"])


def test_jekylls_and_hugos_old_addresses_lead_to_the_article(
    web, sqlite_store, publication, tmp_path
):
    folder = tmp_path / "articles"
    (folder / "_posts").mkdir(parents=True)
    (folder / "posts").mkdir()
    (folder / "_posts/2019-05-04-tram.md").write_text(
        "---\ntitle: Tram\npermalink: /2019/05/tram.html\nredirect_from:\n- /tram\n- /?p=3\n---\nIt.\n"
    )
    (folder / "posts/quay.md").write_text(
        '+++\ntitle = "Quay"\ndate = 2019-01-02\nurl = "/q/quay"\naliases = ["old-quay", "/quay.php"]\n'
        "+++\nIt.\n"
    )
    config = publication()
    filed = list(import_articles(sqlite_store, config, find_article_files([folder]), at=NOON))
    assert [one.reason for one in filed] == ["", ""]
    Publisher(sqlite_store, config).publish(NOON, number=True)
    client = web()
    led = {
        "/2019/05/tram.html": "/articles/tram/",
        "/tram/": "/articles/tram/",
        "/q/quay/": "/articles/quay/",
        "/posts/old-quay/": "/articles/quay/",
        "/quay.php": "/articles/quay/",
    }
    for path, article in led.items():
        assert moved(client, path) == article
        assert moved(client, f"{path}?utm_source=x") == f"{article}?utm_source=x"
        assert client.get(article).status_code == 200
    assert moved(client, "/q/quay") == "/q/quay/"
    assert client.get("/tram", follow_redirects=True).url.path == "/articles/tram/"


def test_a_static_server_has_a_page_that_leads_on(newsroom):
    newsroom.file("tram", old_addresses=OLD)
    newsroom.build()
    output = newsroom.config.output
    for name in (
        *("2019/05/tram/index.html", "2019/05/tram.html", "posts/été/index.html"),
        "articles/2019/tram.html",
    ):
        page = (output / name).read_text("utf-8")
        assert re.search(r'<meta http-equiv="refresh" content="0; ?url=[^"]*/articles/tram/"', page)
        assert 'rel="canonical"' in page


def test_under_a_path_it_leads_there(web, newsroom, sqlite_store, publication):
    url = {"url": "http://127.0.0.1:8000/news"}
    newsroom = Newsroom(sqlite_store, publication(publication=url))
    newsroom.file("tram", old_addresses=OLD)
    newsroom.build()
    assert moved(web(publication=url), "/2019/05/tram/") == "/news/articles/tram/"


def test_an_address_leads_on_to_where_the_article_is_by_now_and_no_longer_than_it_is_named(
    web, newsroom
):
    newsroom.file("tram", old_addresses=("/a/", "/b.html"))
    newsroom.build()
    client = web()
    newsroom.file("tram", renamed="harbour", old_addresses=("/a/",))
    newsroom.build()
    assert moved(client, "/a/") == moved(client, "/articles/tram/") == "/articles/harbour/"
    assert client.get("/b.html").status_code == 404
    assert not (newsroom.config.output / "b.html").exists()


def test_a_retracted_article_is_gone_by_its_old_addresses_too(web, newsroom):
    newsroom.file("tram", old_addresses=OLD)
    newsroom.build()
    newsroom.retract("tram")
    newsroom.build()
    client = web()
    for path in OLD:
        assert client.get(path, follow_redirects=True).status_code == 410


def test_before_an_article_is_public_its_old_addresses_lead_nowhere(web, newsroom):
    newsroom.file("tram", old_addresses=OLD, status="draft")
    newsroom.build()
    client = web()
    assert [client.get(path).status_code for path in OLD] == [404] * len(OLD)


def test_whatever_the_publication_has_itself_is_no_old_address(newsroom, sqlite_store, publication):
    config = publication(
        websub={"own": True}, syndication={"items": 2}, amp={"enabled": True},
        feeds=[{"name": "city", "title": "City", "select": {"sections": ["City"]}}],
    )  # fmt: skip
    newsroom = Newsroom(sqlite_store, config)
    newsroom.keep_picture()
    for number in range(9):
        authors = ()
        newsroom.file(f"s-{number}", section="City", tags=("x",), authors=authors)
    newsroom.build()
    built = [
        "/" + str(file.relative_to(config.output)).removesuffix("index.html")
        for file in config.output.rglob("[!.]*")
        if file.is_file() and file.suffix not in {".gz", ".br"}
    ]
    assert len(built) > 30
    articles = {f"/articles/s-{number}/" for number in range(9)}
    assert {path for path in built if not is_reserved(path)} == articles
    for name in application(sqlite_store, config)._prefixes:
        assert is_reserved(f"/{name}/x/"), name


def test_no_file_of_ours_is_overwritten_by_an_old_address(newsroom):
    newsroom.file("tram")
    newsroom.build()
    before = {file: file.read_bytes() for file in output_files(newsroom)}
    newsroom.file("tram", old_addresses=OLD)
    newsroom.build()
    for file, data in before.items():
        assert file.suffix == ".xml" or file.read_bytes() == data, file


def output_files(newsroom: Newsroom) -> list[Path]:
    return [file for file in newsroom.config.output.rglob("[!.]*.html") if file.is_file()]
