"""Feeds with recordings: what podcast directories read."""

import json
from pathlib import Path

import pytest
from lxml import etree

from syndicate.config.sections.feeds import PodcastSettings
from syndicate.model.articles import Person, Recording
from syndicate.render.feeds import atom, rss
from syndicate.render.feeds.channel import guid
from syndicate.render.feeds.entries import build_entry
from tests.render.feeds.samples import a_channel, an_article
from tests.render.feeds.written_feeds import BRANDED, CONFIG, written

NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
}
RIDE = Recording(
    src="media/ride.mp3", type="audio/mpeg", length=48_000, duration=62, title="The ride"
)
HEARD = {"audio": RIDE, "authors": (Person(name="Ann"), Person(name="Bo"))}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://mp3s.nashownotes.com/pc20rss.xml", "917393e3-1b1e-5cef-ace4-edaa54e1f810"),
        ("https://podnews.net/rss/", "9b024349-ccf0-5f69-a609-6b82873eab3c"),
    ],
)
def test_a_guid_is_the_one_that_everybody_makes_of_the_address(address, expected):
    assert str(guid(address)) == expected


def test_a_recording_is_enclosed_in_every_format_with_its_real_size():
    made = written(an_article(**HEARD))
    item = etree.fromstring(made["rss.xml"]).find("channel/item")
    assert item is not None
    url = "https://news.example/media/ride.mp3"
    (enclosure,) = item.findall("enclosure")
    assert dict(enclosure.attrib) == {"url": url, "length": "48000", "type": "audio/mpeg"}
    assert item.findtext("itunes:duration", namespaces=NAMES) == "62"
    assert item.findtext("itunes:author", namespaces=NAMES) == "Ann, Bo"
    (link,) = etree.fromstring(made["atom.xml"]).findall("a:entry/a:link[@rel='enclosure']", NAMES)
    assert dict(link.attrib) == {
        "rel": "enclosure",
        "href": url,
        "length": "48000",
        "type": "audio/mpeg",
        "title": "The ride",
    }
    assert json.loads(made["feed.json"])["items"][0]["attachments"] == [
        {
            "url": url,
            "mime_type": "audio/mpeg",
            "title": "The ride",
            "size_in_bytes": 48_000,
            "duration_in_seconds": 62,
        }
    ]


def test_a_channel_with_a_recording_is_a_podcast():
    settings = PodcastSettings(category="News/Politics", email="pod@news.example", locked=True)
    head = etree.fromstring(written(an_article(**HEARD), config=BRANDED.override(podcast=settings))["rss.xml"])[0]  # fmt: skip
    assert head.findtext("itunes:author", namespaces=NAMES) == "Morning Post"
    assert head.findtext("itunes:owner/itunes:name", namespaces=NAMES) == "Morning Post"
    assert head.findtext("itunes:owner/itunes:email", namespaces=NAMES) == "pod@news.example"
    assert head.findtext("itunes:explicit", namespaces=NAMES) == "false"
    assert head.find("itunes:category", NAMES).get("text") == "News"
    assert head.find("itunes:category/itunes:category", NAMES).get("text") == "Politics"
    assert head.find("itunes:image", NAMES).get("href") == "https://news.example/assets/logo.png"
    locked = head.find("podcast:locked", NAMES)
    assert (locked.text, locked.get("owner")) == ("yes", "pod@news.example")
    made = str(guid("https://news.example/rss.xml"))
    assert head.findtext("podcast:guid", namespaces=NAMES) == made


def test_a_podcast_that_moved_here_keeps_its_guid_and_its_sections_have_their_own():
    kept = guid("https://old.example/feed")
    config = CONFIG.override(podcast=PodcastSettings(guid=kept))
    entry = build_entry(config, an_article(**HEARD))
    whole, part = a_channel(config, [entry]), a_channel(config, [entry], section="City")
    assert whole.podcast is not None
    assert whole.podcast.guid == kept
    assert part.podcast is not None
    assert part.podcast.guid == guid("https://news.example/sections/city/rss.xml")


def test_a_podcast_has_the_cover_that_the_config_names():
    config = BRANDED.override(podcast=PodcastSettings(image=Path("art/Cover.JPG")))
    head = etree.fromstring(written(an_article(**HEARD), config=config)["rss.xml"])[0]
    assert head.find("itunes:image", NAMES).get("href") == "https://news.example/assets/podcast.jpg"


def test_a_feed_without_recordings_is_no_podcast():
    head = etree.fromstring(written(an_article())["rss.xml"])[0]
    assert not [e for e in head.iter() if NAMES["itunes"] in e.tag or NAMES["podcast"] in e.tag]


def test_a_recording_of_unknown_length_is_no_enclosure():
    entry = build_entry(
        CONFIG, an_article(audio=Recording(src="https://x.example/a", type="audio/mpeg"))
    )
    assert entry.audio is None
    assert b"enclosure" not in rss.write_entry(entry) + atom.write_entry(entry)
