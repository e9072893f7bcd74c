"""The mirror in storage that speaks S3, over HTTP: moto's server stands for the storage."""

import importlib.util

import pytest

from syndicate.web.pages import WebPages
from syndicate.web.published.files import PublishedFiles
from tests.publish.newsroom import PICTURE, Newsroom
from tests.publish.storages import mirror_of
from tests.requirements import require
from tests.web.asgi_client import Client

pytestmark = pytest.mark.neighbours

BUCKET = "morning-post"


@pytest.fixture(scope="module")
def server():
    """Start a server of our own; its address."""
    for name in ("moto", "s3fs"):
        require(importlib.util.find_spec(name), f"needs {name}")
    from moto.server import ThreadedMotoServer

    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture
def s3(server, monkeypatch):
    """A client of the storage, with one empty bucket that keeps every version."""
    import boto3

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ours")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3", endpoint_url=server)
    bucket = boto3.resource("s3", endpoint_url=server).create_bucket(Bucket=BUCKET)
    bucket.Versioning().enable()
    yield client
    bucket.object_versions.delete()
    bucket.delete()


@pytest.fixture
def newsroom_at(sqlite_store, publication, server):
    def make(url, endpoint=server):
        options = {"endpoint_url": endpoint, "config_kwargs": {"retries": {"max_attempts": 0}}}
        publish = {"mirror": url, "mirror_options": options}
        made = Newsroom(
            sqlite_store,
            publication(publication={"url": "https://news.example/post"}, publish=publish),
        )
        made.keep_picture()
        made.file("ferry", section="Harbour", image=PICTURE)
        made.file("tram", section="City")
        made.build()
        return made

    return make


def bodies(s3, prefix=""):
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {
        one["Key"].removeprefix(prefix): s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
        for one in listed
    }


def puts(s3):
    """How often each key was written."""
    counted: dict[str, int] = {}
    for version in s3.list_object_versions(Bucket=BUCKET).get("Versions", []):
        counted[version["Key"]] = counted.get(version["Key"], 0) + 1
    return counted


def test_a_bucket_has_what_the_folder_has(s3, newsroom_at):
    newsroom = newsroom_at(f"s3://{BUCKET}")
    assert mirror_of(newsroom.config).update().failed == []
    assert bodies(s3) == newsroom.files()


def test_a_folder_in_a_bucket_follows_changes_and_deletions_with_one_write_each(s3, newsroom_at):
    newsroom = newsroom_at(f"s3://{BUCKET}/www/")
    mirror = mirror_of(newsroom.config)
    mirror.update()
    newsroom.file("tram", section="City", title="The tram is late")
    built = newsroom.build()
    mirror.update()
    changed = {f"www/{path}" for path in built.written if not path.endswith((".gz", ".br"))}
    assert {key for key, count in puts(s3).items() if count == 2} == changed
    newsroom.retract("ferry")
    newsroom.build()
    assert mirror.update().deleted > 0
    assert bodies(s3, "www/") == newsroom.files()


def test_each_kind_of_file_has_the_headers_that_our_own_server_says(s3, newsroom_at):
    newsroom = newsroom_at(f"s3://{BUCKET}")
    mirror_of(newsroom.config).update()
    files = Client(PublishedFiles(newsroom.config, WebPages(newsroom.config)))
    for path in newsroom.files():
        told = s3.head_object(Bucket=BUCKET, Key=path)
        address = f"/{path.removesuffix('index.html')}"
        ours = files.get(address).headers
        assert (told["ContentType"], told["CacheControl"]) == (
            ours["content-type"],
            ours["cache-control"],
        ), path


def test_an_old_slug_leads_to_the_new_one_and_a_withdrawn_article_is_a_page(s3, newsroom_at):
    newsroom = newsroom_at(f"s3://{BUCKET}")
    newsroom.file("tram", renamed="night-tram", section="City")
    newsroom.retract("ferry")
    newsroom.build()
    mirror_of(newsroom.config).update()
    old = s3.head_object(Bucket=BUCKET, Key="articles/tram/index.html")
    assert old["WebsiteRedirectLocation"] == "https://news.example/post/articles/night-tram/"
    assert old["CacheControl"] == "public, max-age=3600"
    gone = s3.head_object(Bucket=BUCKET, Key="articles/ferry/index.html")
    assert "WebsiteRedirectLocation" not in gone
    assert gone["CacheControl"] == "no-cache"


def test_a_bucket_that_is_not_there_is_told_once(s3, newsroom_at):
    newsroom = newsroom_at("s3://morning-toast/www")
    [problem] = mirror_of(newsroom.config).update().failed
    assert problem.where == "s3://morning-toast/www"
    assert "bucket does not exist" in problem.message


def test_missing_credentials_are_told_with_the_remedy(s3, newsroom_at, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    newsroom = newsroom_at(f"s3://{BUCKET}/nobody")
    [problem] = mirror_of(newsroom.config).update().failed
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in problem.message


def test_a_storage_that_does_not_answer_is_told_and_the_folder_stays_whole(s3, newsroom_at):
    newsroom = newsroom_at(f"s3://{BUCKET}", endpoint="http://127.0.0.1:9")
    before = newsroom.files()
    [problem] = mirror_of(newsroom.config).update().failed
    assert "127.0.0.1:9" in problem.message
    assert newsroom.files() == before
