"""What strict readers ask of every file of a publication, spelled out where no checker is at hand.

After the W3C's feed validator, the RSS profile, RFC 4287, jsonfeed.org, sitemaps.org
and opml.org. Each function returns complaints about one file.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from lxml import etree, html

A = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
WFW = "{http://wellformedweb.org/CommentAPI/}commentRss"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
MEDIA = "{http://search.yahoo.com/mrss/}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"

ADDRESS = re.compile(
    r"https?://(?:[\w.~!$&'()*+,;=:%-]*@)?(?:[A-Za-z0-9._~%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
    r"(?:/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)
"""A web address by RFC 3986."""
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
MIME = re.compile(r"[a-z]+/[a-z0-9.+-]+")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_RUNS = {"script", "style", "object", "embed", "form", "input", "meta", "link", "base", "applet"}

Complaints = Iterator[str]


def rss(data: bytes, address: str) -> Complaints:
    """RSS 2.0 as served at `address`."""
    root = etree.fromstring(data)
    [channel] = root
    if root.tag != "rss" or root.get("version") != "2.0":
        yield "no rss of version 2.0"
    yield from _required(channel, "title", "link", "description", "lastBuildDate", "language")
    selves = [link.get("href") for link in channel.iter(f"{A}link") if link.get("rel") == "self"]
    if selves != [address]:
        yield f"it says it is at {selves}"
    for image in channel.findall("image"):
        yield from _required(image, "url", "title", "link")
        if image.findtext("link") != channel.findtext("link"):
            yield "its image links elsewhere"
    guids = Counter(item.findtext("guid") for item in channel.iter("item"))
    yield from (f"the guid {guid} comes {n} times" for guid, n in guids.items() if n > 1)
    for item in channel.iter("item"):
        yield from _item(item)
    yield from _xml_addresses(channel)
    for date in (*channel.iter("pubDate"), *channel.iter("lastBuildDate")):
        if format_datetime(parsedate_to_datetime(date.text), usegmt=True) != date.text:
            yield f"{date.text} is not as RFC 822 has it"


def _item(item: etree._Element) -> Complaints:
    yield from _required(item, "title", "link", "guid", "pubDate", CREATOR)
    for name in (
        "title",
        "link",
        "guid",
        "description",
        "pubDate",
        "enclosure",
        CONTENT,
        "comments",
    ):
        if len(item.findall(name)) > 1:
            yield f"several {name}"
    for enclosure in item.iter("enclosure"):
        if not re.fullmatch("[1-9][0-9]*", enclosure.get("length", "")):
            yield f"an enclosure of length {enclosure.get('length')}"
        if not MIME.fullmatch(enclosure.get("type", "")):
            yield f"an enclosure of type {enclosure.get('type')}"
    yield from _markup(item.findtext(CONTENT) or "")
    if "<" in (item.findtext("description") or ""):
        yield "markup in a summary"


def atom(data: bytes, address: str) -> Complaints:
    """Atom 1.0 as served at `address`."""
    feed = etree.fromstring(data)
    yield from _once(feed, "id", "title", "updated")
    yield from _links(feed)
    selves = [link.get("href") for link in feed.findall(f"{A}link[@rel='self']")]
    if selves != [address]:
        yield f"it says it is at {selves}"
    versions = Counter(
        (entry.findtext(f"{A}id"), entry.findtext(f"{A}updated"))
        for entry in feed.iter(f"{A}entry")
    )
    yield from (f"{told} comes {n} times" for told, n in versions.items() if n > 1)
    for entry in feed.iter(f"{A}entry"):
        yield from _once(entry, "id", "title", "updated", "published")
        yield from _links(entry)
        for content in entry.findall(f"{A}content"):
            yield from _markup(content.text or "")
        if entry.findtext(f"{A}updated", "") < entry.findtext(f"{A}published", ""):
            yield "an entry that was updated before it was published"
    yield from _values(feed)
    yield from _xml_addresses(feed)


def _values(feed: etree._Element) -> Complaints:
    for person in (*feed.iter(f"{A}author"), *feed.iter(f"{A}contributor")):
        yield from _once(person, "name")
    for element in feed.iter(f"{A}id"):
        if not IRI.fullmatch(element.text or ""):
            yield f"the id {element.text} is no IRI"
    for element in (*feed.iter(f"{A}updated"), *feed.iter(f"{A}published")):
        yield from _moment(element.text)
    for element in feed.iter(f"{A}category"):
        if not (element.get("term") or "").strip():
            yield "a category without a term"


def _links(parent: etree._Element) -> Complaints:
    alternates = Counter(
        (link.get("type"), (link.get("hreflang") or "").lower())
        for link in parent.findall(f"{A}link")
        if link.get("rel", "alternate") == "alternate"
    )
    yield from (f"{n} alternates of {which}" for which, n in alternates.items() if n > 1)
    if not alternates:
        yield "no page that it is of"
    for link in parent.findall(f"{A}link"):
        if not MIME.fullmatch(link.get("type", "text/html")):
            yield f"a link of type {link.get('type')}"
        if not LANGUAGE.fullmatch(link.get("hreflang", "en")):
            yield f"a link in {link.get('hreflang')}"


def json_feed(data: bytes, address: str) -> Complaints:
    """JSON Feed 1.1 as served at `address`."""
    feed = json.loads(data)
    if next(iter(feed)) != "version" or feed["version"] != "https://jsonfeed.org/version/1.1":
        yield "no version 1.1 to begin with"
    if feed["feed_url"] != address:
        yield f"it says it is at {feed['feed_url']}"
    if feed.get("next_url") == feed["feed_url"]:
        yield "it goes on with itself"
    yield from _typed(feed, _FEED, "feed")
    ids = Counter(item["id"] for item in feed["items"])
    yield from (f"the id {one} comes {n} times" for one, n in ids.items() if n > 1)
    for item in feed["items"]:
        yield from _typed(item, _ITEM, item["id"])
        if "content_html" not in item and "content_text" not in item:
            yield f"{item['id']} says nothing"
        yield from _markup(item.get("content_html", ""))
        for attachment in item.get("attachments", []):
            yield from _typed(attachment, _ATTACHMENT, item["id"])
    for author in [a for each in (feed, *feed["items"]) for a in each.get("authors", [])]:
        yield from _typed(author, _AUTHOR, "an author")


Check = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not CONTROL.search(value)


def _web(value: Any) -> bool:
    return isinstance(value, str) and ADDRESS.fullmatch(value) is not None


def _date(value: Any) -> bool:
    return isinstance(value, str) and not list(_moment(value))


def _count(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value)) and len(value) == len(set(value))


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _mime(value: Any) -> bool:
    return MIME.fullmatch(value) is not None


def _tag(value: Any) -> bool:
    return LANGUAGE.fullmatch(value) is not None


_FEED: Mapping[str, Check] = {
    "version": _web, "title": _text, "home_page_url": _web, "feed_url": _web, "description": _text,
    "user_comment": _text, "next_url": _web, "icon": _web, "favicon": _web, "authors": _list,
    "language": _tag, "expired": _count, "hubs": _list, "items": _list,
}  # fmt: skip
_ITEM: Mapping[str, Check] = {
    "id": _text, "url": _web, "external_url": _web, "title": _text, "content_html": _text,
    "content_text": lambda value: isinstance(value, str), "summary": _text, "image": _web,
    "banner_image": _web, "date_published": _date, "date_modified": _date, "authors": _list,
    "tags": _texts, "language": _tag, "attachments": _list,
}  # fmt: skip
_ATTACHMENT: Mapping[str, Check] = {
    "url": _web, "mime_type": _mime, "title": _text, "size_in_bytes": _count,
    "duration_in_seconds": _count,
}  # fmt: skip
_AUTHOR: Mapping[str, Check] = {"name": _text, "url": _web, "avatar": _web}


def _typed(table: Mapping[str, Any], known: Mapping[str, Check], where: str) -> Complaints:
    for name, value in table.items():
        if name.startswith("_"):
            continue
        if name not in known:
            yield f"{where}: {name} is unknown"
        elif not known[name](value):
            yield f"{where}: {name} is {str(value)[:200]!r}"


def sitemap(data: bytes, home: str) -> Complaints:
    """A sitemap, of articles, of pages or of news, or the index of them all."""
    root = etree.fromstring(data)
    named = [one.text or "" for one in root.iterfind(f"{SITEMAP}*/{SITEMAP}loc")]
    if len(set(named)) != len(named) or len(named) != len(root) or len(named) > 50_000:
        yield "what is named is not named once"
    for address in (str(one.text) for one in root.iter("{*}loc")):
        if not ADDRESS.fullmatch(address) or not address.startswith(home) or len(address) >= 2048:
            yield f"it names {address}"
    for moment in (*root.iter("{*}lastmod"), *root.iter("{*}publication_date")):
        yield from _moment(moment.text)
    for news in root.iter(f"{NEWS}news"):
        yield from _required(news, f"{NEWS}title", f"{NEWS}publication_date")
        if not re.fullmatch("[a-z]{2,3}|zh-cn|zh-tw", news.findtext(f"*/{NEWS}language") or ""):
            yield f"news in {news.findtext(f'*/{NEWS}language')}"


def opml(data: bytes) -> Complaints:
    """OPML 2.0, a list of feeds."""
    root = etree.fromstring(data)
    if (
        root.tag != "opml"
        or root.get("version") != "2.0"
        or [e.tag for e in root] != ["head", "body"]
    ):
        yield "no opml of version 2.0"
    for outline in root.iter("outline"):
        told = outline.attrib
        if told.get("type") != "rss" or not told.get("text", "").strip():
            yield f"an outline such as {dict(told)}"
        for name in ("xmlUrl", "htmlUrl"):
            if not ADDRESS.fullmatch(told.get(name, "")):
                yield f"{name} is {told.get(name)}"


def linked_data(page: etree._Element) -> Complaints:
    """What a page tells search engines, as JSON-LD."""
    for script in page.iter("script"):
        if script.get("type") != "application/ld+json":
            continue
        told = json.loads(script.text)
        if told["@type"] in {"WebSite", "ProfilePage"}:
            yield from _addresses(told)
            continue
        for name in ("headline", "url", "datePublished", "dateModified", "author", "publisher"):
            if not told.get(name):
                yield f"JSON-LD without {name}"
        for name in ("datePublished", "dateModified"):
            if datetime.fromisoformat(told[name]).tzinfo is None:
                yield f"{name} {told[name]} has no zone"
        yield from _addresses(told)


def _addresses(told: Any) -> Complaints:
    for address in _urls(told):
        if not ADDRESS.fullmatch(address):
            yield f"JSON-LD with {address}"


def _urls(told: Any) -> Iterator[str]:
    if isinstance(told, list):
        for each in told:
            yield from _urls(each)
    elif isinstance(told, dict):
        for name, value in told.items():
            if name == "url":
                yield value
            else:
                yield from _urls(value)


# what several have


def _required(parent: etree._Element, *names: str) -> Complaints:
    for name in names:
        if not (parent.findtext(name) or "").strip():
            yield f"{parent.tag} without {name}"


def _once(parent: etree._Element, *names: str) -> Complaints:
    for name in names:
        found = parent.findall(A + name)
        if len(found) != 1 or not (found[0].text or "").strip():
            yield f"{len(found)} times {name} in {parent.tag}"


def _moment(text: str | None) -> Complaints:
    if not MOMENT.fullmatch(text or "") or datetime.fromisoformat(str(text)).tzinfo is None:
        yield f"{text} is no moment of RFC 3339"


def _xml_addresses(root: etree._Element) -> Complaints:
    """Whatever is an address is one by the letter."""
    for element in root.iter():
        if element.tag in ("link", "url", "comments", f"{A}uri", f"{A}icon", f"{A}logo", WFW):
            yield from _address(element.tag, element.text)
        for name in ("href", "url"):
            if name in element.attrib:
                yield from _address(element.tag, element.get(name))


def _address(where: Any, address: str | None) -> Complaints:
    if not ADDRESS.fullmatch(address or ""):
        yield f"{where} is at {address}"


def _markup(text: str) -> Complaints:
    """HTML as feeds may carry it: whole, safe, and with nothing relative in it."""
    if not text:
        return
    for element in html.fragment_fromstring(text, create_parent="div").iter():
        if element.tag in _RUNS:
            yield f"<{element.tag}> in a body"
        for name, value in element.items():
            if name.startswith("on") or name == "style":
                yield f"{name} in a body"
            if name in ("src", "poster") and not value.startswith(("http://", "https://")):
                yield f"<{element.tag} {name}={value}> in a body"
            if name in ("href", "cite") and not re.match(
                "[a-z][a-z0-9+.-]*:", value, re.IGNORECASE
            ):
                yield f"<{element.tag} {name}={value}> in a body"
