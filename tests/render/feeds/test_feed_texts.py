"""Texts in feeds: whole or as summaries, whatever is in them, the same in all three formats."""

import json
import locale
import re
from datetime import timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.model.articles import Comments, Correction, Figure, Person, Sponsor
from syndicate.render.feeds.entries import build_entry
from tests.render.feeds.samples import NOON, TRAM, an_article
from tests.render.feeds.written_feeds import (
    CONFIG,
    HOSTILE,
    NAMES,
    RICH,
    at,
    contents,
    read,
    written,
)


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


def test_the_same_articles_are_the_same_bytes_whenever_they_are_written():
    assert written(an_article(**RICH)) == written(an_article(**RICH))
    for made in written().values():
        assert not re.search(rb"202\d", made), "an empty feed is dated with the epoch"


def test_writing_a_feed_leaves_the_locale_of_the_process_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(locale, "setlocale", lambda *args: calls.append(args))
    written(an_article(**RICH))
    assert calls == []


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
