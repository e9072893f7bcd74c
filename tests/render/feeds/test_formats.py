"""The three formats: each as its specification wants it, and all of them saying the same."""

import json
import locale
import re
from calendar import timegm
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.config import Config
from syndicate.model.articles import Comments, Correction, Figure, Person, Sponsor
from syndicate.render.feeds import atom, json_feed, rss
from syndicate.render.feeds.entries import build_entry
from syndicate.render.feeds.formats import FORMATS
from tests.render.feeds.samples import NOON, TRAM, a_channel, an_article, conform
from tests.shared_folder import SHARED, needs_shared

NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "thr": "http://purl.org/syndication/thread/1.0",
}
CONFIG = Config.model_validate(
    {
        "publication": {
            "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "title": "Morning Post",
            "description": "News from the harbour",
            "url": "https://news.example",
            "language": "en-GB",
        },
        "root": Path("/nowhere"),
    }
)
BRANDED = CONFIG.override(
    publication=CONFIG.publication.model_copy(update={"logo": Path("art/Logo.png")})
)
RICH = {
    "section": "City",
    "tags": ("trams", "quay"),
    "authors": (Person(name="Ann", url="https://ann.example/"), Person(name="Bo")),
    "contributors": (Person(name="Cy"),),
    "date": NOON - timedelta(hours=2),
    "updated": NOON,
    "comments": Comments(count=12),
}
HOSTILE = [
    "ends the CDATA ]]> and goes on",
    "AT&amp;T, AT&amp;amp;T, AT&T",
    "bell\x07 null\x00 escape\x1b[31m",
    "lone \ud800 surrogate and \ufffe",
    "emoji 👩🏽‍🚀 and flags 🇻🇳",
    "\u202eright to left\u202c עברית العربية",
    "</div></content></item> <script>alert(1)</script>",
    "quotes \" ' and <!-- comments --> & <?php",
    "Zażółć gęślą jaźń",
]


def written(*articles, config=CONFIG):
    entries = [build_entry(config, article) for article in articles]
    head = a_channel(config, entries)
    return {
        each.file: each.write_document(head, map(each.write_entry, entries)) for each in FORMATS
    }


def read(feed):
    parsed = feedparser.parse(feed)
    assert not parsed.bozo, parsed.bozo_exception
    return parsed


def test_rss_holds_every_element_once_and_in_its_place():
    root = etree.fromstring(written(an_article(**RICH))["rss.xml"])
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    assert root.findtext("channel/title") == "Morning Post"
    assert root.findtext("channel/link") == "https://news.example/"
    assert root.findtext("channel/description") == "News from the harbour"
    assert root.findtext("channel/language") == "en-GB"
    assert root.findtext("channel/lastBuildDate") == "Wed, 04 Mar 2026 12:00:00 GMT"
    (own,) = root.findall("channel/a:link", NAMES)
    assert dict(own.attrib) == {
        "rel": "self",
        "type": "application/rss+xml",
        "href": "https://news.example/rss.xml",
    }
    (item,) = root.findall("channel/item")
    tags = [child.tag for child in item]
    assert tags.index("description") < tags.index(f"{{{NAMES['content']}}}encoded")
    assert item.findtext("link") == "https://news.example/articles/harbour-tram/"
    assert item.find("guid").get("isPermaLink") == "false"
    assert item.findtext("pubDate") == "Wed, 04 Mar 2026 10:00:00 GMT"
    assert item.findtext("dcterms:modified", namespaces=NAMES) == "2026-03-04T12:00:00Z"
    assert item.findtext("slash:comments", namespaces=NAMES) == "12"
    assert [c.text for c in item.findall("dc:creator", NAMES)] == ["Ann", "Bo"]
    assert [c.text for c in item.findall("category")] == ["City", "trams", "quay"]
    assert item.find("author") is None, "an author in RSS is a mail address"


def test_rss_and_atom_hold_the_lead_picture_with_its_credit():
    made = written(an_article())
    for path in ("rss.xml", "atom.xml"):
        (content,) = etree.fromstring(made[path]).iterfind(".//media:content", NAMES)
        assert dict(content.attrib) == {
            "url": f"https://news.example/{TRAM.src}",
            "medium": "image",
            "type": "image/jpeg",
            "width": "1200",
            "height": "800",
            "fileSize": "123456",
        }
        credit = content.find("media:credit", NAMES)
        assert credit.text == "Ann Example"
        assert dict(credit.attrib) == {"role": "photographer", "scheme": "urn:ebu"}
        assert content.findtext("media:description", namespaces=NAMES) == TRAM.caption


def test_atom_holds_every_element_once_and_in_its_place():
    config = CONFIG
    commented = RICH | {
        "comments": Comments(
            count=7, url="https://talk.example/7", feed="https://talk.example/7.rss"
        )
    }
    root = etree.fromstring(written(an_article(**commented), config=config)["atom.xml"])
    assert root.findtext("a:id", namespaces=NAMES) == config.publication.id.urn
    assert root.findtext("a:updated", namespaces=NAMES) == "2026-03-04T12:00:00Z"
    assert root.findtext("a:author/a:name", namespaces=NAMES) == "Morning Post"
    assert {(link.get("rel"), link.get("href")) for link in root.findall("a:link", NAMES)} == {
        ("self", "https://news.example/atom.xml"),
        ("alternate", "https://news.example/"),
    }
    (entry,) = root.findall("a:entry", NAMES)
    assert [dict(link.attrib) for link in entry.findall("a:link", NAMES)] == [
        {
            "href": "https://news.example/articles/harbour-tram/",
            "rel": "alternate",
            "type": "text/html",
            "hreflang": "en-GB",
        },
        {
            "href": "https://talk.example/7",
            "rel": "replies",
            "type": "text/html",
            "{http://purl.org/syndication/thread/1.0}count": "7",
        },
        {"rel": "replies", "type": "application/rss+xml", "href": "https://talk.example/7.rss"},
    ]
    assert entry.find("a:content", NAMES).get("type") == "html"
    assert entry.findtext("a:published", namespaces=NAMES) == "2026-03-04T10:00:00Z"
    assert entry.findtext("a:updated", namespaces=NAMES) == "2026-03-04T12:00:00Z"
    names = [name.text for name in entry.findall("a:author/a:name", NAMES)]
    assert names == ["Ann", "Bo"]
    assert entry.findtext("a:contributor/a:name", namespaces=NAMES) == "Cy"


@pytest.mark.parametrize(
    ("feed", "kind"),
    [
        ("https://atom.example/7.rss", "rss"),
        ("https://anatomy.example/phantom/feed/", "rss"),
        ("https://talk.example/7/comments.atom", "atom"),
        ("https://talk.example/Atom?topic=7", "atom"),
    ],
)
def test_a_feed_of_comments_says_what_it_is_in(feed, kind):
    made = written(an_article(comments=Comments(feed=feed)))["atom.xml"]
    (link,) = etree.fromstring(made).iterfind("a:entry/a:link[@rel='replies']", NAMES)
    assert (link.get("href"), link.get("type")) == (feed, f"application/{kind}+xml")


def test_json_feed_holds_what_its_specification_names():
    made = written(an_article(**RICH))["feed.json"]
    assert made.startswith(b'{\n "version": "https://jsonfeed.org/version/1.1",')
    feed = json.loads(made)
    assert feed["feed_url"] == "https://news.example/feed.json"
    assert feed["home_page_url"] == "https://news.example/"
    (item,) = feed["items"]
    assert item["authors"] == [{"name": "Ann", "url": "https://ann.example/"}, {"name": "Bo"}]
    assert item["image"] == f"https://news.example/{TRAM.src}"
    assert item["date_published"] == "2026-03-04T10:00:00Z"
    assert item["date_modified"] == "2026-03-04T12:00:00Z"
    assert item["tags"] == ["City", "trams", "quay"]
    assert item["_syndicate"]["contributors"] == [{"name": "Cy"}]
    assert item["_syndicate"]["comments"] == 12


def test_every_format_shows_the_logo_in_its_own_element():
    made = written(an_article(**RICH), config=BRANDED)
    logo = "https://news.example/assets/logo.png"
    shown = etree.fromstring(made["rss.xml"]).find("channel/image")
    assert [(child.tag, child.text) for child in shown] == [
        ("url", logo),
        ("title", "Morning Post"),
        ("link", "https://news.example/"),
    ]
    assert shown.getnext().tag == "language"
    assert etree.fromstring(made["atom.xml"]).findtext("a:logo", namespaces=NAMES) == logo
    assert json.loads(made["feed.json"])["icon"] == logo
    assert read(made["rss.xml"]).feed.image.href == logo


def test_without_a_logo_no_format_names_one():
    made = written(an_article())
    assert etree.fromstring(made["rss.xml"]).find("channel/image") is None
    assert etree.fromstring(made["atom.xml"]).find("a:logo", NAMES) is None
    assert "icon" not in json.loads(made["feed.json"])


def test_an_item_without_full_text_still_has_a_text_in_json():
    config = CONFIG.override(syndication=CONFIG.syndication.model_copy(update={"full_text": False}))
    (item,) = json.loads(written(an_article(excerpt=""), config=config)["feed.json"])["items"]
    assert item["content_text"] == ""
    assert "content_html" not in item


def test_summaries_alone_leave_the_text_out_of_every_format():
    config = CONFIG.override(syndication=CONFIG.syndication.model_copy(update={"full_text": False}))
    for made in written(an_article(), config=config).values():
        assert b"figcaption" not in made
        assert b"It runs again, from the quay." in made


def test_a_text_that_is_only_a_picture_is_never_taken_for_its_summary():
    made = written(an_article(excerpt=""))
    assert etree.fromstring(made["rss.xml"]).find(".//item/description") is None
    assert etree.fromstring(made["atom.xml"]).find("a:entry/a:summary", NAMES) is None
    for bodies in contents(made).values():
        assert "<img" in bodies[0]


def test_a_whole_text_is_written_as_the_libraries_write_it():
    title = '"content_html": "" <content:encoded/> <content type="html"/>'
    article = an_article(title=title, body='<pre>one\ttwo\r\n"three" \\" %s &amp;lt; é</pre>')
    content, made = build_entry(CONFIG, article).content, written(article)
    assert content is not None
    text = content.decode()
    element = etree.Element("content")
    element.text = text
    assert etree.tostring(element, encoding="UTF-8").split(b">", 2)[2] in made["atom.xml"]
    assert made["rss.xml"].count(b"\t") == made["atom.xml"].count(b"\t") == 1
    assert json.dumps(text, ensure_ascii=False).encode() in made["feed.json"]
    assert all(bodies == [text] for bodies in contents(made).values())


def test_a_summary_reads_the_same_in_a_reader_that_takes_it_for_html():
    parsed = read(written(an_article(excerpt="1 < 2 & <b>3</b>"))["rss.xml"])
    assert parsed.entries[0].summary == "1 &lt; 2 &amp; &lt;b&gt;3&lt;/b&gt;"


@pytest.mark.parametrize("path", ["rss.xml", "atom.xml"])
def test_entries_stand_in_the_order_given(path):
    articles = [an_article(id=f"urn:test:{n}", slug=f"s{n}", title=f"T{n}") for n in (3, 1, 2)]
    assert [entry.title for entry in read(written(*articles)[path]).entries] == ["T3", "T1", "T2"]


def test_the_three_formats_say_the_same_field_by_field():
    articles = [
        an_article(**RICH),
        an_article(id="urn:test:2", slug="plain", title="Plain & simple", figures=(), body="<p/>"),
    ]
    made = written(*articles)
    items = json.loads(made["feed.json"])["items"]
    for path in ("rss.xml", "atom.xml"):
        parsed = read(made[path])
        assert len(parsed.entries) == len(items)
        for entry, item in zip(parsed.entries, items, strict=True):
            assert entry.id == item["id"]
            assert entry.link == item["url"]
            assert entry.title_detail.value.replace("&amp;", "&") == item["title"]
            assert entry.summary == item["summary"]
            assert at(entry.published_parsed) == item["date_published"]
            assert at(entry.updated_parsed) == item["date_modified"]
            assert [tag.term for tag in entry.get("tags", [])] == item.get("tags", [])
            assert [author.name for author in entry.authors] == [
                author["name"] for author in item["authors"]
            ]
    assert contents(made)["rss.xml"] == contents(made)["atom.xml"] == contents(made)["feed.json"]


def at(parts):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(timegm(parts), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def contents(made):
    """The bodies as they are written, before any reader cleans them."""
    channel_ = etree.fromstring(made["rss.xml"])
    feed = etree.fromstring(made["atom.xml"])
    return {
        "rss.xml": [e.text for e in channel_.iterfind(".//content:encoded", NAMES)],
        "atom.xml": [e.text for e in feed.iterfind(".//a:content", NAMES)],
        "feed.json": [item["content_html"] for item in json.loads(made["feed.json"])["items"]],
    }


def test_the_same_articles_are_the_same_bytes_whenever_they_are_written():
    assert written(an_article(**RICH)) == written(an_article(**RICH))
    for made in written().values():
        assert not re.search(rb"202\d", made), "an empty feed is dated with the epoch"


def test_writing_a_feed_leaves_the_locale_of_the_process_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(locale, "setlocale", lambda *args: calls.append(args))
    written(an_article(**RICH))
    assert calls == []


@needs_shared
def test_atom_is_valid_by_the_grammar_of_its_rfc():
    assert SHARED
    grammar = etree.RelaxNG(etree.parse(SHARED / "schema" / "atom.rng"))
    hostile = [
        an_article(id=f"urn:test:{n}", title=text, excerpt=text) for n, text in enumerate(HOSTILE)
    ]
    for articles in ([], [an_article(**RICH)], hostile):
        for config in (CONFIG, BRANDED):
            made = written(*articles, config=config)
            grammar.assertValid(etree.fromstring(made["atom.xml"]))


@needs_shared
def test_json_feed_has_only_keys_of_the_types_that_its_schema_names():
    assert SHARED
    schema = json.loads((SHARED / "schema" / "jsonfeed-1.1.schema.json").read_bytes())
    articles = [an_article(**RICH), an_article(image=TRAM)]
    feed = json.loads(written(*articles, config=BRANDED)["feed.json"])
    conform(feed, schema, schema)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_out_the_same_in_every_format(text):
    same_everywhere(text)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_any_text_comes_out_the_same_in_every_format(text):
    same_everywhere(text)


def same_everywhere(text):
    """Write the text wherever text can stand, and read it back with a plain parser."""
    person = Person(name=text, url=text, email=text)
    figure = Figure(src="https://pictures.example/1", alt=text, caption=text, credit=text)
    article = an_article(
        title=text,
        excerpt=text,
        section=text,
        tags=(text,),
        authors=(person,),
        contributors=(person,),
        comments=Comments(count=1, url=text, feed=text),
        language=text,
        image=figure,
    )
    made = written(article)
    (item,) = json.loads(made["feed.json"])["items"]
    entry = etree.fromstring(made["atom.xml"]).find("a:entry", NAMES)
    listed = etree.fromstring(made["rss.xml"]).find("channel/item")
    assert entry is not None
    assert listed is not None
    assert item["title"] == entry.findtext("a:title", namespaces=NAMES) == listed.findtext("title")
    names = [author["name"] for author in item["authors"]]
    assert names == [name.text for name in entry.findall("a:author/a:name", NAMES)]
    assert names == [name.text for name in listed.findall("dc:creator", NAMES)]
    tags = item.get("tags", [])
    assert tags == [category.get("term") for category in entry.findall("a:category", NAMES)]
    assert tags == [category.text for category in listed.findall("category")]
    assert len({tuple(bodies) for bodies in contents(made).values()}) == 1


def test_every_format_cites_its_specification():
    for module in (rss, atom, json_feed):
        assert re.search(r"rssboard|RFC 4287|jsonfeed\.org", module.__doc__ or "")


def test_a_correction_is_below_the_text_and_makes_the_entry_new():
    corrected = an_article(
        updated=NOON,
        corrections=(
            Correction(at=NOON + timedelta(hours=1), text="It runs <hourly>."),
            Correction(at=NOON + timedelta(days=1), text="From the pier."),
        ),
    )
    made = written(corrected)
    at = "2026-03-05T12:00:00Z"
    (item,) = json.loads(made["feed.json"])["items"]
    assert item["date_modified"] == at
    assert item["_syndicate"]["corrections"] == [
        {"date": "2026-03-04T13:00:00Z", "text": "It runs <hourly>."},
        {"date": at, "text": "From the pier."},
    ]
    for name in made:
        parsed = feedparser.parse(made[name]) if name != "feed.json" else None
        text = parsed.entries[0].content[0].value if parsed else item["content_html"]
        assert text.endswith(
            "<p><strong>Correction, 4 March 2026:</strong> It runs &lt;hourly&gt;.</p>"
            "<p><strong>Correction, 5 March 2026:</strong> From the pier.</p>"
        )
    assert f"<updated>{at}</updated>".encode() in made["atom.xml"]
    assert f"<dcterms:modified>{at}</dcterms:modified>".encode() in made["rss.xml"]


def test_an_entry_that_somebody_paid_for_says_so_before_anything_else():
    orsk = Sponsor(name="Orsk & Sons", url="https://orsk.example/", logo=TRAM)
    made = written(an_article(sponsor=orsk))
    (item,) = json.loads(made["feed.json"])["items"]
    assert item["_syndicate"]["sponsor"] == {"name": "Orsk & Sons", "url": "https://orsk.example/"}
    assert item["summary"] == "Paid for by Orsk & Sons. It runs again, from the quay."
    for name in made:
        parsed = feedparser.parse(made[name]) if name != "feed.json" else None
        text = parsed.entries[0].content[0].value if parsed else item["content_html"]
        assert text.startswith("<p><strong>Paid for by <a ")
        assert text.partition("</strong>")[0].endswith(">Orsk &amp; Sons</a>")
    german = build_entry(CONFIG, an_article(sponsor=Sponsor(name="Orsk"), language="de"))
    assert german.summary.startswith("Anzeige – bezahlt von Orsk. It runs")


def test_a_summary_in_a_feed_has_no_correction():
    entry = build_entry(
        CONFIG, an_article(corrections=(Correction(at=NOON, text="x"),)), full_text=False
    )
    assert entry.content is None
