"""Documents taken apart: whatever is written in them, and nothing that was written elsewhere."""

import json
from dataclasses import replace
from datetime import timedelta
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndicate.model.articles import Comments, Figure, Person
from syndicate.render.feeds import atom, json_feed, rss
from syndicate.render.feeds.entries import build_entry, build_tombstone, build_withdrawn_entry
from syndicate.render.feeds.formats import FORMATS
from tests.end_to_end import output_rules
from tests.render.feeds.samples import NOON, a_channel, an_article
from tests.render.feeds.written_feeds import CONFIG, HOSTILE, RICH
from tests.shared_folder import SHARED, needs_shared

LATER = NOON + timedelta(days=1)
FILES = [each.file for each in FORMATS]
SNIPPETS = [
    "    </item>\n",
    "\n    <item>\n      <title>x</title>\n    </item>\n",
    "</item>",
    "<item>",
    "  </entry>\n  <entry>\n",
    "<entry>",
    '  <at:deleted-entry ref="a" when="b">\n  </at:deleted-entry>\n',
    "  </channel>\n</rss>\n",
    "</feed>\n",
    "<![CDATA[",
    "<![CDATA[\n    </item>\n    <item>\n]]>",
    "]]>",
    "<!--",
    "-->",
    "<!--\n  </entry>\n  <entry>\n-->",
    "<?xml version='1.0' encoding='UTF-8'?>",
    '"items": [',
    '\n "items": [\n  {"id": "1"},\n  {"id": "2"}\n ]\n}\n',
    "},\n  {",
    '"},\n  {"',
    "\n ]\n}\n",
    "{}",
    "&lt;item&gt;",
    "\\",
    '"',
    "\n",
    "\r\n    ",
    "\u2028",
    *HOSTILE,
]  # fmt: skip
NASTY = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=8), max_size=5).map("".join)


def entry_of(n, **values):
    values = {"title": f"Tram {n}", **values}
    return build_entry(CONFIG, an_article(id=f"urn:test:{n}", slug=f"s{n}", **values))


def apart(format_, document):
    parts = format_.split_document(document)
    assert parts is not None
    return parts


def complaints(file, document, address="https://news.example/"):
    check = {
        "rss.xml": output_rules.rss,
        "atom.xml": output_rules.atom,
        "feed.json": output_rules.json_feed,
    }[file]
    return list(check(document, address + file))


@pytest.mark.parametrize("each", FORMATS, ids=FILES)
@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_a_document_falls_into_its_entries_and_is_joined_to_the_same_bytes(each, number):
    entries = [entry_of(n, **RICH) for n in range(number)]
    document = each.write_document(a_channel(CONFIG, entries), map(each.write_entry, entries))
    parts = apart(each, document)
    assert [part.strip() for part in parts.entries] == [
        each.write_entry(one).strip() for one in entries
    ]
    assert parts.document(parts.entries) == document


@pytest.mark.parametrize("each", FORMATS, ids=FILES)
def test_some_of_them_are_joined_to_what_would_have_been_written_of_them(each):
    entries = [entry_of(n, **RICH) for n in range(4)]
    head = a_channel(CONFIG, entries)
    parts = apart(each, each.write_document(head, map(each.write_entry, entries)))
    for kept in ([0], [3], [1, 2], [0, 2, 3]):
        written = each.write_document(head, [each.write_entry(entries[n]) for n in kept])
        assert parts.document(parts.entries[n] for n in kept) == written
        assert complaints(each.file, written) == []


@pytest.mark.parametrize("each", FORMATS, ids=FILES)
def test_without_any_of_them_it_is_still_a_feed(each):
    entries = [entry_of(n) for n in range(3)]
    head = a_channel(CONFIG, entries)
    empty = apart(each, each.write_document(head, map(each.write_entry, entries))).document(())
    assert complaints(each.file, empty) == []
    if each.file == "feed.json":
        assert json.loads(empty) == json.loads(each.write_document(head, []))
    else:
        assert empty == each.write_document(head, [])


def test_tombstones_are_parts_of_their_own():
    gone = [an_article(id=f"urn:test:{n}", slug=f"s{n}", retracted_at=LATER) for n in range(2)]
    entries = [entry_of(7), *(build_withdrawn_entry(CONFIG, article) for article in gone)]
    graves = tuple(build_tombstone(CONFIG, article) for article in gone)
    head = replace(a_channel(CONFIG, entries), deleted=graves)
    parts = apart(atom, atom.write_document(head, map(atom.write_entry, entries)))
    assert [part.split()[0] for part in parts.entries] == [b"<at:deleted-entry"] * 2 + [
        b"<entry"
    ] * 3
    without_the_first = atom.write_document(
        replace(head, deleted=graves[1:]), map(atom.write_entry, entries)
    )
    assert parts.document(parts.entries[1:]) == without_the_first
    assert apart(atom, atom.write_document(head, [])).document(()) == atom.write_document(
        replace(head, deleted=()), []
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(NASTY, NASTY), max_size=3), NASTY, st.data())
def test_no_text_is_taken_for_the_layout(texts, named, data):
    called = {"title": f"x{named}", "description": named, "rights": named}
    config = CONFIG.override(publication=CONFIG.publication.model_copy(update=called))
    articles = [
        an_article(
            id=f"urn:test:{n}", slug=f"s{n}", title=title, excerpt=text, body=f"<p>{escape(text)}</p>",
            section=title, tags=(text, title), authors=(Person(name=text, url=title),),
            image=Figure(src="https://pictures.example/1", alt=text, caption=title, credit=text),
            comments=Comments(url=text, feed=text), canonical_url=text, retracted_at=data.draw(st.sampled_from([None, LATER])),
        )
        for n, (title, text) in enumerate(texts)
    ]  # fmt: skip
    entries = [
        (build_withdrawn_entry if article.retracted_at else build_entry)(config, article)
        for article in articles
    ]
    graves = tuple(build_tombstone(config, article) for article in articles if article.retracted_at)
    head = replace(a_channel(config, entries, section=named or "City"), deleted=graves)
    kept = [n for n in range(len(entries)) if data.draw(st.booleans())]
    for each in FORMATS:
        document = each.write_document(head, map(each.write_entry, entries))
        parts = apart(each, document)
        first = len(graves) if each.file == "atom.xml" else 0
        assert len(parts.entries) == first + len(entries)
        assert parts.document(parts.entries) == document
        left = parts.document(parts.entries[first + n] for n in kept)
        alone = replace(head, deleted=())
        written = each.write_document(alone, [each.write_entry(entries[n]) for n in kept])
        if each.file == "feed.json":
            assert json.loads(left) == json.loads(written)
        else:
            assert left == written


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_somebody_put_into_a_document_its_parts_are_whole(data):
    """What is well-formed stays so without some of its entries, or isn't taken apart."""
    each = data.draw(st.sampled_from(FORMATS))
    document = data.draw(st.sampled_from(SOUND[each.file]))
    for _ in range(data.draw(st.integers(1, 3))):
        lines = document.splitlines(keepends=True)
        at = data.draw(st.integers(0, len(lines)))
        dropped = data.draw(st.integers(0, 2))
        put = data.draw(st.sampled_from(SNIPPETS)).encode("utf-8", "replace")
        document = b"".join((*lines[:at], put, *lines[at + dropped :]))
    parts = each.split_document(document)
    if parts is None:
        return
    assert parts.document(parts.entries) == document
    if is_whole(document):
        for n in range(len(parts.entries)):
            assert is_whole(parts.document(parts.entries[:n] + parts.entries[n + 1 :]))
        assert is_whole(parts.document(()))


def sound():
    entries = [entry_of(n, figures=(), body="<p>x</p>") for n in range(3)]
    gone = an_article(id="urn:test:gone", retracted_at=LATER)
    head = replace(a_channel(CONFIG, entries), deleted=(build_tombstone(CONFIG, gone),))
    return {
        each.file: [
            each.write_document(head, map(each.write_entry, some)) for some in (entries, [])
        ]
        for each in FORMATS
    }


def is_whole(document):
    try:
        json.loads(document) if document.startswith(b"{") else etree.fromstring(document)
    except ValueError:
        return False
    except etree.XMLSyntaxError:
        return False
    return True


SOUND = sound()


def test_the_property_holds_for_documents_that_are_taken_apart():
    """Else it would be true of nothing."""
    grown = SOUND["rss.xml"][0].replace(
        b"    <item>\n", SNIPPETS[1].lstrip("\n").encode() + b"    <item>\n", 1
    )
    assert len(apart(rss, grown).entries) == 4
    assert is_whole(grown)


RSS, ATOM, JSON = (SOUND[file][0] for file in FILES)


OTHERS = {
    "nothing": (rss.split_document, b""),
    "a page": (rss.split_document, b"<!doctype html><title>x</title>"),
    "another format": (rss.split_document, ATOM),
    "Atom as JSON": (json_feed.split_document, ATOM),
    "JSON as RSS": (rss.split_document, JSON),
    "cut off": (rss.split_document, RSS[:-9]),
    "JSON cut off": (json_feed.split_document, JSON[:-4]),
    "UTF-16": (atom.split_document, ATOM.decode().encode("utf-16")),
    "CDATA": (rss.split_document, RSS.replace(b"<title>Tram 1", b"<title><![CDATA[Tram]]> 1")),
    "a comment": (rss.split_document, RSS.replace(b"    <item>", b"    <!-- x -->\n    <item>", 1)),
    "an instruction": (atom.split_document, ATOM.replace(b"  <entry", b"  <?x?>\n  <entry", 1)),
    "CRLF": (rss.split_document, RSS.replace(b"\n", b"\r\n")),
    "no indentation": (rss.split_document, RSS.replace(b"\n    <", b"\n<").replace(b"\n  <", b"\n<")),
    "between items": (rss.split_document, RSS.replace(b"    <item>", b"    <x/>\n    <item>")),
    "after items": (rss.split_document, RSS.replace(b"  </channel>", b"    <x/>\n  </channel>")),
    "one in another": (atom.split_document, ATOM.replace(b"    <id>urn:test:1", b"<entry/><id>urn:test:1")),
    "no JSON": (json_feed.split_document, JSON.replace(b'"Tram 1"', b"Tram 1")),
    "an item of lines": (json_feed.split_document, JSON.replace(b', "title"', b',\n  "title"')),
    "a list in lines": (json_feed.split_document, JSON.replace(b'"id": "urn:test:1"', b'"x": [{},\n  {}]')),
    "no objects": (json_feed.split_document, JSON.replace(b'\n  {"id"', b'\n  1,\n  {"id"', 1)),
    "JSON items deeper": (json_feed.split_document, JSON.replace(b'\n "items"', b'\n "x": {\n "items"')),
    "JSON in one line": (json_feed.split_document, json.dumps(json.loads(JSON)).encode()),
    "depth": (json_feed.split_document, JSON.replace(b'"Tram 1"', b"[" * 100_000 + b"]" * 100_000)),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "document"), OTHERS.values(), ids=OTHERS)
def test_what_is_laid_out_otherwise_is_not_taken_apart(parts, document):
    assert parts(document) is None


@needs_shared
def test_an_atom_feed_is_valid_without_any_of_its_entries():
    assert SHARED
    grammar = etree.RelaxNG(etree.parse(SHARED / "schema" / "atom.rng"))
    parts = apart(atom, ATOM)
    assert len(parts.entries) == 4
    for n in range(len(parts.entries) + 1):
        grammar.assertValid(etree.fromstring(parts.document(parts.entries[n:])))
        grammar.assertValid(etree.fromstring(parts.document(parts.entries[:n])))
