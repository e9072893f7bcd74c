"""Private feeds over HTTP: in full for whom they were granted to, and nowhere for anybody else."""

import gzip
import hashlib
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import feedparser
import httpx
import pytest

from syndicate import clock
from syndicate.publish.build.private_feeds import PrivateFeedWriter
from syndicate.publish.records.manifest import Manifest
from syndicate.web.readers.personal_data import export_json
from tests.causes import by_test
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON
from tests.until import until

pytestmark = pytest.mark.neighbours

HER = "anna@example.org"
FILES = {
    "rss.xml": "application/rss+xml; charset=utf-8",
    "atom.xml": "application/atom+xml",
    "feed.json": "application/feed+json",
}
TABLES = {
    "publication": {"url": "https://news.example"},
    "syndication": {"full_text": False, "items": 20},
}


class Reader:
    """Anna, who has a private feed, and the publication that she follows."""

    def __init__(self, client, newsroom):
        self.client = client
        self.newsroom = newsroom
        self.store = newsroom.store
        with self.store.write() as tx:
            tx.subscribers.subscribe(HER, "breaking", cause=by_test(NOON))
            self.key = tx.subscribers.by_email(HER).key
        self.token = self.grant()

    def grant(self):
        with self.store.write() as tx:
            return tx.private_feeds.grant(self.key, cause=by_test(NOON))

    def get(self, path="atom.xml", *, token=None, method="GET", **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/feeds/private/{token or self.token}/{path}"
        return self.client.request(method, path, headers=names)


@pytest.fixture
def reader(site):
    opened = site(**TABLES)
    newsroom = Newsroom(opened.store, opened.config)
    for day in range(9):
        at = NOON - timedelta(days=60 - day)
        newsroom.file(f"day-{day}", date=at, section="City", body=f"<p>All of {day}.</p>" * 40)
    newsroom.build()
    return Reader(opened.client, newsroom)


@pytest.mark.parametrize("place", ["", "sections/city/"])
@pytest.mark.parametrize("file", FILES)
def test_who_has_the_address_gets_whole_articles(reader, place, file):
    answer = reader.get(place + file)
    assert (answer.status_code, answer.headers["content-type"]) == (200, FILES[file])
    assert answer.text.count("All of 5.") == 40
    assert "All of 5." not in reader.newsroom.files()[place + file].decode()
    own = f"https://news.example/feeds/private/{reader.token}/{place}{file}"
    assert answer.text.count(own) == answer.text.count(reader.token) == 1
    parsed = feedparser.parse(answer.content)
    assert (parsed.bozo, len(parsed.entries)) == (False, 9) if file != "feed.json" else True


def test_nobody_keeps_it_on_the_way_and_no_engine_lists_it(reader):
    for file in FILES:
        headers = reader.get(file).headers
        assert headers["cache-control"] == "private, no-store"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["vary"] == "Accept-Encoding"
        assert "last-modified" not in headers
        assert "link" not in headers
        assert not any(reader.token in value for value in headers.values())


def test_who_has_the_version_gets_a_304_until_something_changes(reader):
    tag = reader.get().headers["etag"]
    assert tag.startswith('"')
    for form in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        known = reader.get(if_none_match=form)
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["etag"] == tag
        assert known.headers["cache-control"] == "private, no-store"
        assert "content-type" not in known.headers
    assert reader.get(if_none_match='"other"').status_code == 200
    reader.newsroom.file("new")
    reader.newsroom.build()
    assert reader.get(if_none_match=tag).status_code == 200


def test_the_tag_says_nothing_of_the_token(reader):
    tag = reader.get(accept_encoding="identity").headers["etag"]
    with reader.store.write() as tx:
        tx.subscribers.subscribe("bo@example.org", "breaking", cause=by_test(NOON))
        his = tx.private_feeds.grant(
            tx.subscribers.by_email("bo@example.org").key, cause=by_test(NOON)
        )
    other = reader.get(token=his, accept_encoding="identity")
    assert other.headers["etag"] == tag
    assert other.content != reader.get(accept_encoding="identity").content


def test_it_is_gzipped_for_who_takes_that(reader):
    plain = reader.get(accept_encoding="identity")
    with reader.client.stream(
        "GET", f"/feeds/private/{reader.token}/atom.xml", headers={"accept-encoding": "gzip"}
    ) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) == len(raw) < len(plain.content)
    assert gzip.decompress(raw) == plain.content
    assert "content-encoding" not in plain.headers
    assert packed.headers["etag"] == plain.headers["etag"][:-1] + '-gzip"'
    for tag in (packed.headers["etag"], plain.headers["etag"]):
        for coding in ("gzip", "identity", "gzip;q=0", "br"):
            known = reader.get(if_none_match=tag, accept_encoding=coding)
            assert (known.status_code, known.headers["etag"]) == (304, tag)
    assert "content-encoding" not in reader.get(accept_encoding="gzip;q=0").headers


def test_a_head_is_a_get_without_its_body(reader):
    got, head = reader.get().headers, reader.get(method="HEAD")
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**got, "date": ""}


def test_it_is_weighed_against_what_a_client_asks_as_any_feed_is(reader):
    tag = reader.get(accept_encoding="identity").headers["etag"]
    assert reader.get(accept_encoding="identity", if_match=tag).status_code == 200
    for asked, status in (({"if_match": '"other"'}, 412), ({"accept_encoding": "*;q=0"}, 406)):
        answer = reader.get(**asked)
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert "access-control-allow-origin" not in answer.headers
        assert reader.get(token="1-x", **asked).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused_whatever_the_token(reader, method):
    good, bad = reader.get(method=method), reader.get(method=method, token="1-x")
    for answer in (good, bad):
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert good.content == bad.content


def test_what_is_revoked_is_gone_at_once(reader):
    tag = reader.get().headers["etag"]
    with reader.store.write() as tx:
        tx.private_feeds.revoke(reader.key, cause=by_test(NOON))
    assert reader.get().status_code == 404
    assert reader.get(if_none_match=tag).status_code == 404
    assert reader.get(method="HEAD").status_code == 404


def test_a_new_address_ends_the_old_one(reader):
    token = reader.grant()
    assert reader.get().status_code == 404
    assert reader.get(token=token).status_code == 200


def test_who_is_erased_follows_no_longer(reader):
    with reader.store.write() as tx:
        tx.erasures.erase(reader.key, cause=by_test(NOON))
    assert reader.get().status_code == 404


def same(answer: httpx.Response, other: httpx.Response) -> bool:
    first, second = ({**response.headers, "date": ""} for response in (answer, other))
    return (answer.status_code, answer.content, first) == (other.status_code, other.content, second)


def test_nothing_tells_a_wrong_address_from_one_where_nothing_is(reader):
    number, _, secret = reader.token.partition("-")
    nowhere = reader.get(token="nonsense", path="nowhere")
    assert nowhere.status_code == 404
    assert nowhere.headers["referrer-policy"] == "no-referrer"
    assert nowhere.headers["cache-control"] == "private, no-store"
    for token in (f"{number}-wrong", f"zz-{secret}", number, f"{reader.token}%20", "%FF", "%00"):
        assert same(reader.get(token=token), nowhere), token
    for path in ("", "nowhere", "tags/none/atom.xml", "archive/1/atom.xml", "..%2fatom.xml", "%FF"):
        assert same(reader.get(path), nowhere), path
    for path in (
        *("/feeds/private/", "/feeds/private//atom.xml", f"/feeds/private/{reader.token}"),
        *("/feeds/private", "/feeds/privates/x/atom.xml"),
    ):
        answer = reader.client.get(path)
        assert (answer.status_code, answer.content) == (404, nowhere.content), path


def test_the_token_is_looked_at_before_anything_is_printed(reader, monkeypatch):
    printed = []
    document = PrivateFeedWriter.document

    def watched(printer, address):
        printed.append(address)
        return document(printer, address)

    monkeypatch.setattr(PrivateFeedWriter, "document", watched)
    reader.get(token="1-wrong")
    assert not printed
    reader.get()
    assert printed == ["/atom.xml"]


def test_public_feeds_stay_where_they_are(reader):
    assert reader.client.get("/atom.xml").status_code == 200
    assert "access:restriction" not in reader.client.get("/atom.xml").text


def test_no_log_holds_the_token(site, caplog):
    opened = site(**TABLES, web={"access_log": "access.log"})
    newsroom = Newsroom(opened.store, opened.config)
    newsroom.build()
    reader = Reader(opened.client, newsroom)
    with caplog.at_level(logging.DEBUG):
        for request in ({}, {"path": "nowhere"}, {"method": "POST"}, {"token": f"{reader.token}x"}):
            reader.get(**request)
        newsroom.config.output.joinpath(".manifest.sqlite").write_bytes(b"spoilt")
        assert reader.get().status_code in {404, 503}
        reader.client.get(f"/feeds/private//{reader.token}/atom.xml?{reader.token}")
    log = newsroom.config.path("access.log")
    until(lambda: log.read_text().count("\n") >= 6)
    messages = [
        record.getMessage() for record in caplog.records if not record.name.startswith("http")
    ]
    secret = reader.token.partition("-")[2]
    assert secret not in log.read_text() + "".join(messages)
    assert "/feeds/private/" in log.read_text()


def test_it_waits_while_what_a_build_left_cannot_be_read(reader, monkeypatch):
    def unreadable(*_):
        raise sqlite3.OperationalError("no such column")

    monkeypatch.setattr(Manifest, "state", unreadable)
    assert reader.get().status_code == 503
    assert reader.get(token="1-wrong").status_code == 404


def test_many_readers_at_once_get_their_own_address_each(reader):
    with reader.store.write() as tx:
        tokens = []
        for number in range(12):
            tx.subscribers.subscribe(f"r{number}@example.org", "breaking", cause=by_test(NOON))
            key = tx.subscribers.by_email(f"r{number}@example.org").key
            tokens.append(tx.private_feeds.grant(key, cause=by_test(NOON)))
    paths = [f"{place}{file}" for place in ("", "sections/city/") for file in FILES]
    wanted = [(token, path) for token in tokens for path in paths]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda item: reader.get(item[1], token=item[0]), wanted))
    for (token, path), answer in zip(wanted, answers, strict=True):
        assert answer.status_code == 200
        assert f"/feeds/private/{token}/{path}" in answer.text
    bodies = {
        (path, hashlib.sha256(answer.content.replace(token.encode(), b"")).digest())
        for (token, path), answer in zip(wanted, answers, strict=True)
    }
    assert len(bodies) == len(paths)


def test_the_reader_s_own_download_says_since_when_they_have_one(reader):
    with reader.store.read() as tx:
        record = tx.data_export.load(reader.key)
    text = export_json(record, reader.newsroom.config, at=clock.now()).decode()
    assert f'"private_feed_since": "{NOON.isoformat()}"' in text
    assert '"action": "granted"' in text
    assert reader.token.partition("-")[2] not in text
