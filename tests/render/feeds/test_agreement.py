"""The same article in the three formats, field by field: each read in its own words."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from syndicate.model.articles import Comments, Correction, Figure, Person, Recording
from tests.render.feeds.samples import NOON, TRAM, an_article
from tests.render.feeds.written_feeds import CONFIG, written

N = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
}
OWNED = CONFIG.override(
    publication=CONFIG.publication.model_copy(
        update={"rights": "© Morning Post", "icon": Path("icon.png")}
    )
)
FULL: dict[str, Any] = {
    "section": "City",
    "tags": ("trams", "quay"),
    "authors": (Person(name="Ann", url="https://ann.example/"), Person(name="Bo")),
    "contributors": (Person(name="Cy", url="https://cy.example/"), Person(name="Di")),
    "date": NOON - timedelta(hours=2),
    "updated": NOON,
    "comments": Comments(
        count=12, url="https://talk.example/tram", feed="https://talk.example/tram.rss"
    ),
    "corrections": (Correction(at=NOON, text="It runs <hourly> & late."),),
    "language": "vi",
    "canonical_url": "https://first.example/tram",
    "audio": Recording(src="media/a.mp3", type="audio/mpeg", length=9, duration=62, title="Ride"),
    "translations": {"de": "hafenbahn", "fr": "https://fr.example/tram", "VI": "itself"},
}
CASES = {
    "full": FULL,
    "bare": {"body": "<p/>", "figures": (), "excerpt": ""},
    "discussed elsewhere": {"comments": Comments(url="https://talk.example/7", feed="https://talk.example/7/atom/")},
    "escaped": {"title": "AT&amp;T & <b>co</b>", "excerpt": "1 < 2 &amp;amp; ]]> 👩🏽‍🚀 \u202eעברית"},
    "remote picture": {"image": Figure(src="//pictures.example/ü.jpg", alt="Ü", credit="B & C")},
    "idn": {"canonical_url": "https://bücher.example/straße", "authors": (
        Person(name="Ann", url="https://faß.example:8080/ä?q=ö"),)},
}  # fmt: skip


@pytest.mark.parametrize("values", CASES.values(), ids=CASES)
def test_the_three_formats_say_the_same(values):
    made = written(an_article(**values), config=OWNED)
    entry = from_json(json.loads(made["feed.json"])["items"][0])
    assert from_atom(etree.fromstring(made["atom.xml"]).find("a:entry", N)) == entry
    in_rss = {  # RSS has names alone for people, and no title for a recording
        **entry,
        "authors": [(name, None) for name, _ in entry["authors"]],
        "contributors": [(name, None) for name, _ in entry["contributors"]],
        "audio": entry["audio"] and (*entry["audio"][:3], None),
    }
    assert from_rss(etree.fromstring(made["rss.xml"]).find("channel/item")) == in_rss


def test_what_they_say_is_the_article():
    (item,) = json.loads(written(an_article(**FULL), config=OWNED)["feed.json"])["items"]
    entry = from_json(item)
    assert entry["original"] == "https://first.example/tram"
    assert entry["rights"] == "© Morning Post"
    assert entry["language"] == "vi"
    assert entry["translations"] == {
        "de": "https://news.example/articles/hafenbahn/",
        "fr": "https://fr.example/tram",
    }
    assert entry["audio"] == ("https://news.example/media/a.mp3", "audio/mpeg", 9, "Ride")
    assert entry["contributors"] == [("Cy", "https://cy.example/"), ("Di", None)]
    assert entry["picture"]["credit"] == TRAM.credit


def test_hosts_with_odd_letters_are_written_in_ascii():
    (item,) = json.loads(written(an_article(**CASES["idn"]))["feed.json"])["items"]
    assert item["external_url"] == "https://xn--bcher-kva.example/stra%C3%9Fe"
    assert item["authors"][0]["url"] == "https://xn--fa-hia.example:8080/%C3%A4?q=%C3%B6"


def from_json(item):
    ours = item["_syndicate"]
    picture = ours.get("image", {})
    return {
        "id": item["id"],
        "url": item["url"],
        "title": item["title"],
        "summary": item.get("summary", ""),
        "content": item.get("content_html"),
        "published": item["date_published"],
        "modified": item["date_modified"],
        "authors": [(each["name"], each.get("url")) for each in item["authors"]],
        "contributors": [(each["name"], each.get("url")) for each in ours.get("contributors", [])],
        "tags": item.get("tags", []),
        "section": ours.get("section"),
        "language": item["language"],
        "original": item.get("external_url"),
        "rights": ours.get("rights"),
        "translations": ours.get("translations", {}),
        "comments": ours.get("comments"),
        "comments_url": ours.get("comments_url"),
        "comments_feed": ours.get("comments_feed"),
        "audio": next(
            (
                (a["url"], a["mime_type"], a["size_in_bytes"], a.get("title"))
                for a in item.get("attachments", [])
            ),
            None,
        ),
        "picture": {
            "url": item.get("image"),
            "alt": picture.get("alt"),
            "said": picture.get("caption") or picture.get("alt"),
            "credit": picture.get("credit"),
            "type": picture.get("mime_type"),
            "size": (picture.get("width"), picture.get("height"), picture.get("size_in_bytes")),
        },
    }


def from_atom(entry):
    def people(name):
        found = entry.findall(f"a:{name}", N)
        return [(p.findtext("a:name", None, N), p.findtext("a:uri", None, N)) for p in found]

    links = entry.findall("a:link", N)
    by_rel = {link.get("rel"): link.get("href") for link in links}
    replies = {link.get("type"): link for link in links if link.get("rel") == "replies"}
    page, *feeds = [replies.pop("text/html", None), *replies.values()]
    own, *others = [link for link in links if link.get("rel") == "alternate"]
    enclosure = entry.find("a:link[@rel='enclosure']", N)
    categories = entry.findall("a:category", N)
    assert own.get("hreflang") == entry.get("{http://www.w3.org/XML/1998/namespace}lang")
    for text in entry.iterfind("a:title", N):
        assert text.get("type") == "text"
    return {
        "id": entry.findtext("a:id", None, N),
        "url": own.get("href"),
        "title": entry.findtext("a:title", None, N),
        "summary": entry.findtext("a:summary", "", N),
        "content": entry.findtext("a:content", None, N),
        "published": entry.findtext("a:published", None, N),
        "modified": entry.findtext("a:updated", None, N),
        "authors": people("author"),
        "contributors": people("contributor"),
        "tags": [category.get("term") for category in categories],
        "section": next((c.get("term") for c in categories if c.get("scheme")), None),
        "language": own.get("hreflang"),
        "original": by_rel.get("via"),
        "rights": entry.findtext("a:rights", None, N),
        "translations": {link.get("hreflang"): link.get("href") for link in others},
        "comments": number(entry.findtext("thr:total", None, N)),
        "comments_url": None if page is None else page.get("href"),
        "comments_feed": feeds[0].get("href") if feeds else None,
        "audio": enclosure
        if enclosure is None
        else (
            enclosure.get("href"),
            enclosure.get("type"),
            number(enclosure.get("length")),
            enclosure.get("title"),
        ),
        "picture": picture(entry),
    }


def from_rss(item):
    enclosure = item.find("enclosure")
    categories = item.findall("category")
    count = item.findtext("slash:comments", None, N)
    assert count == item.findtext("thr:total", None, N)
    published = parsedate_to_datetime(item.findtext("pubDate")).astimezone(UTC)
    return {
        "id": item.findtext("guid"),
        "url": item.findtext("link"),
        "title": item.findtext("title"),
        "summary": unescaped(item.findtext("description", "")),
        "content": item.findtext("content:encoded", None, N),
        "published": datetime.strftime(published, "%Y-%m-%dT%H:%M:%SZ"),
        "modified": item.findtext("dcterms:modified", None, N),
        "authors": [(creator.text, None) for creator in item.findall("dc:creator", N)],
        "contributors": [(person.text, None) for person in item.findall("dc:contributor", N)],
        "tags": [category.text for category in categories],
        "section": next((c.text for c in categories if c.get("domain")), None),
        "language": item.findtext("dc:language", None, N),
        "original": item.findtext("dc:source", None, N),
        "rights": item.findtext("dc:rights", None, N),
        "translations": {
            link.get("hreflang"): link.get("href") for link in item.findall("a:link", N)
        },
        "comments": number(count),
        "comments_url": item.findtext("comments"),
        "comments_feed": item.findtext("wfw:commentRss", None, N),
        "audio": enclosure
        if enclosure is None
        else (enclosure.get("url"), enclosure.get("type"), number(enclosure.get("length")), None),
        "picture": picture(item),
    }


def picture(entry):
    content = entry.find("media:content", N)
    if content is None:
        return dict.fromkeys(("url", "alt", "said", "credit", "type"), None) | {"size": (None,) * 3}
    return {
        "url": content.get("url"),
        "alt": content.findtext("media:title", None, N),
        "said": content.findtext("media:description", None, N),
        "credit": content.findtext("media:credit", None, N),
        "type": content.get("type"),
        "size": tuple(number(content.get(name)) for name in ("width", "height", "fileSize")),
    }


def unescaped(html):
    return html.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def number(text):
    return None if text is None else int(text)
