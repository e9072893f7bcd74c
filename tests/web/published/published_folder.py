"""A small folder of published files, and a server of it."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from syndicate.config import Config
from syndicate.publish.output.folder import OutputFolder
from syndicate.publish.records.manifest import Manifest, ManifestState, PublishedFile
from syndicate.web.pages import WebPages
from syndicate.web.published.files import PublishedFiles
from syndicate.web.server.server import listen
from tests.web.background_server import running

PUBLICATION = {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "title": "Morning Post"}
PUBLIC = {"publication": PUBLICATION | {"url": "https://news.example"}}
HUBS = {"hubs": ["https://hub.example/", "https://other.example/hub"]}
RSS = (
    b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Morning Post</title><link>https://post.example/</link>
<description>News</description><item><title>The dam holds</title><guid>urn:x:1</guid></item>
</channel></rss>"""
    + b"<!-- padding -->" * 60
)


def published(root: Path) -> Path:
    """Make an output folder with something of each kind in it."""
    folder = root / "feeds"
    put(folder, "index.html", b"<!doctype html><title>Morning Post</title>" + b" " * 2000)
    put(folder, "articles/dam/index.html", b"<!doctype html><title>The dam holds</title>")
    put(folder, "rss.xml", RSS)
    put(folder, "atom.xml", b"<feed/>")
    put(folder, "feed.json", b"{}")
    put(folder, "opml.xml", b"<opml/>")
    put(folder, "sections/city/rss.xml", RSS)
    put(folder, "page.css", b"body{}")
    put(folder, "assets/page.0a1b2c3d.css", b"body{}")
    put(folder, "breaking.js", b"0")
    put(folder, "media/dam.jpg", b"\xff\xd8" + b"picture" * 200)
    put(folder, "articles/old/index.html", b"Moved.", status=301, location="/articles/dam/")
    put(folder, "articles/gone/index.html", b"<title>Withdrawn</title>", status=410)
    # What was written in this very second has no Last-Modified.
    for file in folder.rglob("*"):
        os.utime(file, (time.time() - 3600,) * 2)
    return folder


def put(
    folder: Path,
    path: str,
    data: bytes,
    *,
    status: int = 200,
    location: str | None = None,
    settled: bool = False,
) -> None:
    """Publish one file, as a build does: what the manifest says of it is committed."""
    folder.mkdir(exist_ok=True)
    with closing(OutputFolder(folder)) as output, Manifest.opened_for_build(folder) as manifest:
        output.put(path, data)
        entry = PublishedFile(
            path=path,
            owner="",
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            status=status,
            location=location,
            settled=settled,
        )
        manifest.put([entry])
        manifest.finish(ManifestState(style="", compress=False, change=0, at=now()), pending=[])


@contextmanager
def served(folder: Path, **tables: Any) -> Iterator[httpx.Client]:
    """Serve a folder by nothing but the files' own application."""
    given = {"publication": PUBLICATION, "root": folder.parent, **tables}
    config = Config.model_validate(given)
    with (
        running(PublishedFiles(config, WebPages(config)), listen("127.0.0.1", 0)) as server,
        httpx.Client(base_url=server.url, trust_env=False) as client,
    ):
        yield client


def now() -> datetime:
    return datetime.now(UTC)
