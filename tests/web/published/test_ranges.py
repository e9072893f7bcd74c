"""Parts of files, large files, and files that are replaced while they are sent."""

import os
import threading
import time
from http.client import HTTPConnection

import pytest

from syndicate.web.published.file_cache import MAX_CACHED_MEDIA
from syndicate.web.server.responses import OpenFile
from tests.until import until
from tests.web.published.published_folder import RSS, put

pytestmark = pytest.mark.neighbours

# parts

PICTURE = b"\xff\xd8" + b"picture" * 200


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-0", 0, 1), ("2-8", 2, 9), ("1000-", 1000, 1402), ("-7", 1395, 1402), ("0-9999", 0, 1402)],
)
def test_a_part_is_sent_with_where_it_belongs(client, asked, start, end):
    answer = client.get("/media/dam.jpg", headers={"range": f"bytes={asked}"})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1402"
    assert answer.content == PICTURE[start:end]
    assert answer.headers["etag"] == client.get("/media/dam.jpg").headers["etag"]


def test_a_part_that_is_not_there_is_refused_with_the_size(client):
    answer = client.get("/media/dam.jpg", headers={"range": "bytes=5000-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */1402"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=9-1", "", "bytes"])
def test_what_is_no_single_part_gets_all_of_it(client, asked):
    answer = client.get("/media/dam.jpg", headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, PICTURE)
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_part_of_another_version_is_sent_whole(client):
    headers = client.get("/media/dam.jpg").headers
    part = {"range": "bytes=0-1"}
    for same in (headers["etag"], headers["last-modified"]):
        assert client.get("/media/dam.jpg", headers=part | {"if-range": same}).status_code == 206
    for other in ('"other"', f"W/{headers['etag']}", "Thu, 01 Jan 2026 00:00:00 GMT", "x"):
        assert client.get("/media/dam.jpg", headers=part | {"if-range": other}).status_code == 200


def test_a_part_in_a_coding_is_a_part_of_the_coded_bytes(client):
    packed = {"accept-encoding": "gzip"}
    with client.stream("GET", "/rss.xml", headers=packed) as whole:
        raw = b"".join(whole.iter_raw())
    with client.stream("GET", "/rss.xml", headers=packed | {"range": "bytes=5-"}) as part:
        assert b"".join(part.iter_raw()) == raw[5:]
        assert part.headers["content-encoding"] == "gzip"


def test_a_head_has_no_parts(client):
    answer = client.head("/media/dam.jpg", headers={"range": "bytes=0-1"})
    assert (answer.status_code, answer.headers["content-length"]) == (200, "1402")


# large files


def test_a_recording_is_sent_step_by_step_and_in_parts(client, feeds):
    data = os.urandom(MAX_CACHED_MEDIA * 3 + 17)
    put(feeds, "media/talk.mp3", data)
    answer = client.get("/media/talk.mp3")
    assert answer.content == data
    assert answer.headers["content-length"] == str(len(data))
    tag = answer.headers["etag"]
    assert client.get("/media/talk.mp3", headers={"if-none-match": tag}).status_code == 304
    part = client.get("/media/talk.mp3", headers={"range": "bytes=1048570-1048590"})
    assert part.content == data[1048570:1048591]
    assert client.head("/media/talk.mp3").headers["content-length"] == str(len(data))


def test_what_a_client_that_leaves_will_not_hear_is_not_read(client, feeds, monkeypatch):
    put(feeds, "media/talk.mp3", b"1" * (MAX_CACHED_MEDIA * 256))
    read = []

    async def noted(file, start, size):
        read.append(size)
        return await step(file, start, size)

    step = OpenFile.read
    monkeypatch.setattr(OpenFile, "read", noted)
    with client.stream("GET", "/media/talk.mp3") as answer:
        next(answer.iter_raw())

    def nothing_more() -> bool:
        then = len(read)
        time.sleep(0.3)
        return len(read) == then

    until(nothing_more)
    assert sum(read) < MAX_CACHED_MEDIA * 128


@pytest.mark.parametrize("path", ["media/talk.mp3", "rss.xml"])
def test_a_build_in_the_middle_of_an_answer_never_mixes_two_versions(client, feeds, path):
    first, second = b"1" * (MAX_CACHED_MEDIA * 8), b"2" * (MAX_CACHED_MEDIA * 8)
    put(feeds, path, first)
    connection = HTTPConnection("127.0.0.1", client.base_url.port)
    connection.request("GET", f"/{path}")
    answer = connection.getresponse()
    begun = answer.read(1000)
    put(feeds, path, second)
    assert begun + answer.read() == first
    connection.close()
    assert client.get(f"/{path}").content == second


def test_every_answer_is_whole_while_builds_go_on(client, feeds):
    bodies = [bytes([ord("a") + n]) * 50_000 for n in range(8)]
    over = threading.Event()

    def build():
        while not over.is_set():
            for body in bodies:
                put(feeds, "rss.xml", body)

    builder = threading.Thread(target=build)
    builder.start()
    try:
        tags: dict[str, bytes] = {}
        for number in range(200):
            coding = ("identity", "gzip", "br")[number % 3]
            agent = {"accept-encoding": coding, "user-agent": str(number % 60)}
            answer = client.get("/rss.xml", headers=agent)
            if answer.status_code == 200:
                assert answer.content in (*bodies, RSS)
                assert tags.setdefault(answer.headers["etag"], answer.content) == answer.content
    finally:
        over.set()
        builder.join()
