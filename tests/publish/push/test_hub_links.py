"""The hubs that feeds and their headers name."""

import json
from datetime import timedelta

from lxml import etree

from syndicate.web.app import application
from tests.publish.newsroom import Newsroom
from tests.render.feeds.samples import NOON
from tests.web.asgi_client import Client


def test_a_publication_of_another_alphabet_is_published_in_ascii(sqlite_store, publication):
    config = publication(
        publication={"url": "https://пример.рф/путь"},
        websub={"own": True, "hubs": ["https://хаб.рф/"]},
    )
    room = Newsroom(sqlite_store, config)
    room.file("tram")
    room.build()
    answer = Client(application(sqlite_store, config)).get("/rss.xml")
    assert answer.status_code == 200
    ours = "https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C"
    assert answer.headers["link"] == ", ".join(
        (
            f'<{ours}/rss.xml>; rel="self"',
            f'<{ours}/hub>; rel="hub"',
            '<https://xn--80ac2d.xn--p1ai/>; rel="hub"',
        )
    )
    assert not any("пример".encode() in data for data in room.files().values())


def test_every_feed_names_the_hubs_and_archives_name_none(sqlite_store, publication):
    hubs = {"hubs": ["https://hub.example/"]}
    room = Newsroom(sqlite_store, publication(websub=hubs, syndication={"items": 1}))
    for number in range(3):
        room.file(f"story-{number}", section="City", at=NOON + timedelta(minutes=number))
    room.build()
    files = room.files()
    for home in ("", "sections/city/"):
        for name in ("rss.xml", "atom.xml"):
            assert hubs_of(files[f"{home}{name}"]) == ["https://hub.example/"]
        assert json.loads(files[f"{home}feed.json"])["hubs"] == [
            {"type": "WebSub", "url": "https://hub.example/"}
        ]
        assert hubs_of(files[f"{home}archive/1/rss.xml"]) == []
    other = room.config.override(
        websub=room.config.websub.model_copy(update={"hubs": ("https://hub.example/2",)})
    )
    changed = Newsroom(room.store, other)
    assert "rss.xml" in changed.build().written, "other hubs make other feeds"
    assert hubs_of(changed.files()["atom.xml"]) == ["https://hub.example/2"]


def hubs_of(document):
    links = etree.fromstring(document).iter("{http://www.w3.org/2005/Atom}link")
    return [link.get("href") for link in links if link.get("rel") == "hub"]
