"""A served publication with a file of each kind, for tests with reverse proxies."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from syndicate.config import Config
from syndicate.store import Store
from syndicate.web.app import application
from syndicate.web.published.file_cache import MAX_CACHED_MEDIA
from syndicate.web.server.server import WebServer, listen
from tests.causes import by_test
from tests.publish.newsroom import PICTURE, Newsroom
from tests.render.feeds.samples import NOON
from tests.web.reverse_proxies import HOST

MONITOR = "127.0.0.9"
"""The address that may read the metrics."""
CONFIG: dict[str, Any] = {
    "publication": {
        "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "title": "Morning Post",
        "postal_address": "1 Harbour Street, Exampleton",
    },
    "newsletters": [{"name": "breaking"}],
    "syndication": {"items": 3},
    "websub": {"own": True},
    "web": {"proxies": ["127.0.0.1/32"], "poll_allowance": 10, "monitors": [f"{MONITOR}/32"]},
}


@dataclass
class ServedPublication:
    """A running server, and its publication."""

    root: Path
    config: Config
    store: Store
    server: WebServer
    token: str

    def paths(self) -> list[str]:
        """Return one path of each kind."""
        assets = sorted(self.config.output.glob("assets/page.*.css"))
        return [
            *("/", "/articles/day-0/", "/articles/day-0/amp/", "/articles/day-0", "/sections/city"),
            *("/articles/day-5/", "/articles/day-6/", "/articles/day-7/", "/index.html"),
            *("/rss.xml", "/atom.xml", "/feed.json", "/opml.xml", "/rss.xml?x=1", "/%72ss.xml"),
            *("/sections/city/rss.xml", "/archive/1/rss.xml", "/archive/9/rss.xml", "/feed"),
            *("/sitemap.xml", "/robots.txt", f"/assets/{assets[0].name}", "/nothing", "/rss.xml/"),
            *(f"/{PICTURE.src}", "/media/talk.mp3", "/media/none.png", "/media/", "/media"),
            *("/media/out.png", "/media/in.png", "/.manifest.sqlite", "/media/.hidden.png"),
            *("/.hidden/rss.xml", "/newsletters/breaking/feed.xml", "/healthz", "/metrics"),
            *(f"/feeds/private/{self.token}/rss.xml", "/feeds/private/x/rss.xml", "/hub"),
        ]


@contextmanager
def answering(root: Path, *, url: str = f"https://{HOST}") -> Iterator[ServedPublication]:
    """Build a publication in a folder, grant a private feed, and serve it on loopback."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    publication = CONFIG["publication"] | {"url": url}
    config = Config.model_validate(CONFIG | {"publication": publication, "root": root})
    with ExitStack() as stack:
        store = Store.open(f"sqlite:///{root}/syndicate.db")
        stack.callback(store.close)
        _publish(Newsroom(store, config))
        with store.write() as tx:
            tx.subscribers.subscribe("anna@example.org", "breaking", cause=by_test(NOON))
            reader = tx.subscribers.by_email("anna@example.org")
            assert reader is not None
            token = tx.private_feeds.grant(reader.key, cause=by_test(NOON))
        app = application(store, config)
        server = stack.enter_context(WebServer(app, "127.0.0.1", port, listener=listener))
        yield ServedPublication(root, config, store, server, token)


def _publish(newsroom: Newsroom) -> None:
    """Build with a page, a feed, an archive, a picture, a recording, a move and a retraction."""
    newsroom.keep_picture()
    for day in range(7):
        date = NOON - timedelta(days=60 - day)
        figures = (PICTURE,) if day == 4 else ()
        newsroom.file(f"day-{day}", date=date, section="City", figures=figures)
    newsroom.build()
    newsroom.file("day-5", renamed="harbour", date=NOON - timedelta(days=55), section="City")
    newsroom.retract("day-6")
    newsroom.build()
    output = newsroom.config.output
    (output / "media/talk.mp3").write_bytes(os.urandom(MAX_CACHED_MEDIA + 1000))
    (output / "media/.hidden.png").write_bytes(b"hidden")
    (output / ".hidden").mkdir()
    (output / ".hidden/rss.xml").write_bytes(b"hidden")
    (output / "media/out.png").symlink_to(newsroom.config.root / "syndicate.db")
    (output / "media/in.png").symlink_to(output / PICTURE.src)
    for file in output.rglob("*"):
        # what was written in this very second has no Last-Modified
        os.utime(file, (time.time() - 3600,) * 2)
