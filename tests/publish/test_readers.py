"""A real reader follows the published feeds: what is new to it, what changed, what did not."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from reader import make_reader

from syndicate.render.feeds import FORMATS
from tests.feeds.samples import NOON
from tests.publish.newsroom import Newsroom


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, always whole: two builds of a test may share a second."""

    def guess_type(self, path: Any) -> str:
        return next(each.type for each in FORMATS if str(path).endswith(each.file))

    def send_head(self) -> Any:
        del self.headers["If-Modified-Since"]
        return super().send_head()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def newsroom(sqlite_store, publication):
    return Newsroom(sqlite_store, publication(publication={"url": "https://news.example"}))


@pytest.fixture
def served(newsroom) -> Iterator[str]:
    folder = newsroom.config.output
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("file", [each.file for each in FORMATS])
def test_a_reader_sees_new_articles_as_new_and_corrections_as_corrections(newsroom, served, file):
    url = f"{served}/{file}"
    newsroom.file("tram")
    newsroom.build()
    with make_reader(":memory:") as reader:
        reader.add_feed(url)
        assert counts(reader, url) == (1, 0)
        newsroom.build()
        assert counts(reader, url) == (0, 0)
        newsroom.file("quay")
        newsroom.build()
        assert counts(reader, url) == (1, 0)
        newsroom.file("tram", title="Corrected", at=NOON + timedelta(minutes=5), renamed="trams")
        newsroom.build()
        assert counts(reader, url) == (0, 1)
        seen = {entry.id: entry.title for entry in reader.get_entries()}
        assert seen == {"urn:test:tram": "Corrected", "urn:test:quay": "Quay"}
        corrected = reader.get_entry((url, "urn:test:tram"))
        assert corrected.link == "https://news.example/articles/trams/"
        assert corrected.authors_str == "Morning Post"
        assert corrected.updated == NOON + timedelta(minutes=5)


def counts(reader, url):
    updated = reader.update_feed(url)
    return (updated.new, updated.modified) if updated else (0, 0)
