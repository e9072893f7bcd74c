"""The files of feeds/ over HTTP."""

import gzip
import http.client
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import feedparser
import httpx
import pytest

from syndicate.publish.records.manifest import MANIFEST_NAME
from syndicate.web.published.file_cache import FileCache
from tests.web.published.published_folder import RSS, now, published, put, served

pytestmark = pytest.mark.neighbours


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of files that no test changes."""
    with served(published(tmp_path_factory.mktemp("publication"))) as client:
        yield client


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    """An output folder that the test may change."""
    return published(tmp_path)


@pytest.fixture
def changing(feeds: Path) -> Iterator[httpx.Client]:
    """A client of that folder."""
    with served(feeds) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/articles/dam/", "text/html; charset=utf-8"),
        ("/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/atom.xml", "application/atom+xml"),
        ("/feed.json", "application/feed+json"),
        ("/sections/city/rss.xml", "application/rss+xml; charset=utf-8"),
        ("/opml.xml", "text/x-opml; charset=utf-8"),
        ("/page.css", "text/css; charset=utf-8"),
        ("/breaking.js", "text/javascript; charset=utf-8"),
        ("/media/dam.jpg", "image/jpeg"),
    ],
)
def test_every_file_has_its_media_type_and_a_strong_tag(client, path, media_type):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


def test_browsers_elsewhere_may_read_feeds_and_nothing_else(client):
    for path in ("/rss.xml", "/sections/city/rss.xml", "/opml.xml"):
        assert client.get(path).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in client.get("/").headers


def test_each_kind_of_file_may_be_kept_as_long_as_is_right(client):
    assert client.get("/").headers["cache-control"] == "no-cache"
    for path in ("/rss.xml", "/sections/city/rss.xml", "/opml.xml"):
        assert "max-age=300" in client.get(path).headers["cache-control"]
    for path in ("/media/dam.jpg", "/assets/page.0a1b2c3d.css"):
        assert "immutable" in client.get(path).headers["cache-control"]


def test_a_feed_reader_that_has_the_feed_is_told_so(client):
    first = feedparser.parse(f"{client.base_url}/rss.xml")
    assert first.status == 200
    assert first.entries[0].title == "The dam holds"
    again = feedparser.parse(f"{client.base_url}/rss.xml", etag=first.etag)
    assert again.status == 304
    by_date = feedparser.parse(f"{client.base_url}/rss.xml", modified=first.modified)
    assert by_date.status == 304


def test_a_304_repeats_what_caches_need_and_has_no_body(client):
    full = client.get("/rss.xml")
    answer = client.get("/rss.xml", headers={"if-none-match": full.headers["etag"]})
    assert answer.status_code == 304
    assert answer.content == b""
    for name in ("etag", "cache-control", "vary", "date", "last-modified"):
        assert answer.headers[name]
    assert answer.headers["etag"] == full.headers["etag"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"a,b", W/{} , "c"', "*"])
def test_tags_are_found_in_lists_and_compared_weakly(client, form):
    tag = client.get("/rss.xml").headers["etag"]
    assert client.get("/rss.xml", headers={"if-none-match": form.format(tag)}).status_code == 304


def test_a_tag_sent_in_two_header_lines_is_found(client):
    tag = client.get("/rss.xml").headers["etag"]
    lines = [("if-none-match", '"other"'), ("if-none-match", tag)]
    assert client.get("/rss.xml", headers=lines).status_code == 304


def test_a_tag_wins_over_a_date(client):
    headers = {"if-none-match": '"other"', "if-modified-since": format_datetime(now(), usegmt=True)}
    assert client.get("/rss.xml", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "",
        "0",
        "Thu, 99 Jan 2026 00:00:00 GMT",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999",
    ],
)
def test_a_date_that_is_none_is_ignored(client, date):
    assert client.get("/rss.xml", headers={"if-modified-since": date}).status_code == 200


def test_a_date_before_the_change_gets_the_file(client):
    headers = {"if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT"}
    assert client.get("/rss.xml", headers=headers).status_code == 200


def test_a_file_of_this_very_second_has_no_date_that_could_lie(changing, feeds):
    ahead = time.time() + 60
    os.utime(feeds / "rss.xml", (ahead, ahead))
    answer = changing.get("/rss.xml")
    assert "last-modified" not in answer.headers
    date = format_datetime(datetime.fromtimestamp(ahead, UTC), usegmt=True)
    assert changing.get("/rss.xml", headers={"if-modified-since": date}).status_code == 200


def test_a_second_has_a_date_only_once_it_is_over(feeds):
    os.utime(feeds / "rss.xml", (1_700_000_000.2, 1_700_000_000.2))
    cache, written = FileCache(feeds), datetime.fromtimestamp(1_700_000_000, UTC)
    for later, date in ((0.9, None), (1, written)):
        file = cache.get("rss.xml", written + timedelta(seconds=later))
        assert file is not None
        assert file.modified == date


def test_the_date_is_the_file_s(changing, feeds):
    told = parsedate_to_datetime(changing.get("/rss.xml").headers["last-modified"])
    assert told.timestamp() == int((feeds / "rss.xml").stat().st_mtime)


def test_gzip_has_a_tag_of_its_own_and_the_same_bytes(client):
    plain = client.get("/rss.xml", headers={"accept-encoding": "identity"})
    packed = client.get("/rss.xml", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    assert packed.content == plain.content == RSS
    assert int(packed.headers["content-length"]) < len(RSS)
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("mine", ["gzip", "identity"])
@pytest.mark.parametrize("theirs", ["gzip", "identity"])
def test_the_tag_of_either_coding_is_known_under_both(client, mine, theirs):
    tag = client.get("/rss.xml", headers={"accept-encoding": theirs}).headers["etag"]
    headers = {"accept-encoding": mine, "if-none-match": tag}
    answer = client.get("/rss.xml", headers=headers)
    assert (answer.status_code, answer.headers["etag"]) == (304, tag)


def test_pictures_are_not_packed_and_do_not_vary(client):
    answer = client.get("/media/dam.jpg", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


def test_a_head_is_a_get_without_its_body(client):
    got = client.get("/rss.xml").headers
    answer = client.head("/rss.xml")
    assert answer.content == b""
    assert {**answer.headers, "date": ""} == {**got, "date": ""}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused_with_those_there_are(client, method):
    answer = client.request(method, "/rss.xml")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_folder_is_reached_without_its_slash_too(client):
    answer = client.get("/articles/dam?utm_source=mail")
    assert answer.status_code == 301
    assert answer.headers["location"] == "/articles/dam/?utm_source=mail"
    assert client.get("/articles").status_code == 404


def test_a_changed_file_gets_a_new_tag_at_once(changing, feeds):
    before = changing.get("/rss.xml").headers["etag"]
    put(feeds, "rss.xml", RSS.replace(b"holds", b"broke"))
    answer = changing.get("/rss.xml", headers={"if-none-match": before})
    assert answer.status_code == 200
    assert b"broke" in answer.content
    assert answer.headers["etag"] != before


def test_a_change_of_the_same_size_and_time_is_seen(changing, feeds):
    times = (feeds / "rss.xml").stat()
    changing.get("/rss.xml")
    draft = feeds / "draft"
    draft.write_bytes(RSS.replace(b"holds", b"broke"))
    os.utime(draft, ns=(times.st_atime_ns, times.st_mtime_ns))
    draft.replace(feeds / "rss.xml")
    assert b"broke" in changing.get("/rss.xml").content


def test_an_old_slug_leads_to_the_present_one(client):
    answer = client.get("/articles/old/?a=b")
    assert answer.status_code == 301
    assert answer.headers["location"] == "/articles/dam/?a=b"
    assert client.get("/articles/old", follow_redirects=True).text.endswith("The dam holds</title>")


def test_a_retracted_article_is_gone_and_says_so(client):
    answer = client.get("/articles/gone/")
    assert answer.status_code == 410
    assert "Withdrawn" in answer.text


def test_a_new_manifest_is_read_at_once(changing, feeds):
    assert changing.get("/articles/dam/").status_code == 200
    put(feeds, "articles/dam/index.html", b"<title>Withdrawn</title>", status=410)
    assert changing.get("/articles/dam/").status_code == 410


def test_what_a_build_has_written_counts_as_what_it_notes_at_its_end(changing, feeds):
    page, gone = feeds / "articles/dam/index.html", b"<title>Withdrawn</title>"
    assert changing.get("/articles/dam/").status_code == 200
    page.write_bytes(gone)
    os.utime(page, (time.time() - 3600,) * 2)
    assert changing.get("/articles/dam/").content == gone
    put(feeds, "articles/dam/index.html", gone, status=410)
    assert changing.get("/articles/dam/").status_code == 410


def test_a_manifest_that_could_not_be_read_yet_is_read_once_it_can_be(tmp_path):
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / MANIFEST_NAME).touch()
    page = folder / "articles/gone/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<title>Withdrawn</title>")
    with served(folder) as client:
        assert client.get("/articles/gone/").status_code == 200
        put(folder, "articles/gone/index.html", b"<title>Withdrawn</title>", status=410)
        assert client.get("/articles/gone/").status_code == 410


def test_what_is_not_there_gets_a_page_that_leads_home(client):
    answer = client.get("/articles/never/")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Morning Post" in answer.text
    assert '<a href="http://127.0.0.1:8000/"' in answer.text
    assert client.head("/articles/never/").content == b""


ATTACKS = [
    "/../config.toml",
    "/..%2fconfig.toml",
    "/%2e%2e/config.toml",
    "/%2e%2e%2fconfig.toml",
    "/articles/../../config.toml",
    "/articles/..%2f..%2fconfig.toml",
    "/articles/%2e%2e/%2e%2e/config.toml",
    "/..\\config.toml",
    "/..%5cconfig.toml",
    "/%252e%252e/config.toml",
    "//config.toml",
    "/./rss.xml",
    "/articles//dam/",
    "/rss.xml%00.html",
    "/%00",
    f"/{MANIFEST_NAME}",
    f"/{MANIFEST_NAME}-wal",
    "/.lock",
    f"/%2e{MANIFEST_NAME[1:]}",
    "/articles/.hidden/index.html",
    "/outside.txt",
    "/shortcut/config.toml",
    "/disguise.json",
    "/ring",
    "/pipe",
    "/" + "a" * 5000,
    "/%ff%fe",
    "//example.org/articles/dam",
    "/rss.xml/",
    "/rss.xml/x",
]


def test_nothing_but_what_is_published_can_be_read(changing, feeds):
    (feeds.parent / "config.toml").write_text("secret")
    (feeds / "articles/.hidden").mkdir()
    (feeds / "articles/.hidden/index.html").write_text("secret")
    (feeds / "outside.txt").symlink_to(feeds.parent / "config.toml")
    (feeds / "shortcut").symlink_to(feeds.parent)
    (feeds / "disguise.json").symlink_to(feeds / MANIFEST_NAME)
    (feeds / "ring").symlink_to(feeds / "ring")
    os.mkfifo(feeds / "pipe")
    for path in ATTACKS:
        status, body = _raw(changing, path)
        assert (path, status) == (path, 404)
        assert b"secret" not in body


def test_a_link_inside_the_folder_is_followed(changing, feeds):
    (feeds / "latest.xml").symlink_to(feeds / "rss.xml")
    assert changing.get("/latest.xml").content == RSS


def test_a_folder_that_is_swapped_by_a_link_is_served_at_once(tmp_path):
    for name in ("one", "two"):
        put(tmp_path / name, "rss.xml", name.encode())
    link = tmp_path / "feeds"
    link.symlink_to(tmp_path / "one")
    with served(link) as client:
        assert client.get("/rss.xml").text == "one"
        (tmp_path / "next").symlink_to(tmp_path / "two")
        (tmp_path / "next").replace(link)
        assert client.get("/rss.xml").text == "two"


def test_no_folder_at_all_is_a_404_and_not_an_error(tmp_path):
    with served(tmp_path / "feeds") as client:
        assert client.get("/").status_code == 404


def _raw(client: httpx.Client, path: str) -> tuple[int, bytes]:
    """Ask for a path as it is written: httpx would tidy it up."""
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port)
    connection.putrequest("GET", path, skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_packed_bytes_are_the_same_on_every_machine(client):
    answers = []
    for _ in range(2):
        with client.stream("GET", "/rss.xml", headers={"accept-encoding": "gzip"}) as answer:
            answers.append(b"".join(answer.iter_raw()))
    assert gzip.decompress(answers[0]) == RSS
    assert answers[0][4:8] == bytes(4)  # no time in it


def test_who_wants_no_second_answer_is_told_that_this_was_the_last(client):
    answer = client.get("/rss.xml", headers={"connection": "close"})
    assert answer.headers["connection"] == "close"
    assert "connection" not in client.get("/rss.xml").headers
