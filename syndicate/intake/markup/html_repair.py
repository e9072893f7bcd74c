"""Repair a sanitised body so that it is valid HTML, or drop what can't be repaired."""

import re
from datetime import date, time

from lxml import etree

from syndicate.body.markup import HEADINGS, LINKS, PHRASING, parent_of, unwrap_all
from syndicate.errors import Refused
from syndicate.model.urls import url_reference

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_INLINE_CONTAINERS = HEADINGS | {"pre", "summary"}
"""Elements that contain text and no blocks."""
_TRANSPARENT = frozenset({"a", "ins", "del"})
"""Elements whose content may be that of their parent."""
_FORMATTING = PHRASING - _TRANSPARENT
_INLINE = PHRASING | {"iframe", "video", "audio", "source", "track"}
_LABELLED = HEADINGS | {
    "a", "aside", "audio", "blockquote", "details", "iframe", "img", "li", "ol",
    "section", "table", "td", "th", "tr", "ul", "video",
}  # fmt: skip
"""Elements that may have an accessible name (ARIA in HTML)."""
_MAX_DEPTH = 100
"""AMP's validator fails at twice this depth."""
_TOO_DEEP = etree.XPath(f"boolean({'/'.join('*' * (_MAX_DEPTH + 1))})")
_GROUPS = etree.XPath("descendant::dl/div")
_HEADED = etree.XPath("descendant::*[@headers]")
_WITH_ATTRIBUTES = etree.XPath("descendant::*[@*]")
_TERMS = re.compile("((dt )+dd( dd)*( (?=dt)|$))*")
_NO_SOURCE = re.compile("#|(?!https?:)[a-z][a-z0-9+.-]*:")
"""No valid source of a citation."""
_ITEMS = {"ul": {"li"}, "ol": {"li"}, "dl": {"dt", "dd"}}
_SPANS = frozenset({"colspan", "rowspan", "span"})
_MAX_COLUMNS = 1000
_RUBY = re.compile(r"(x*(t|ptp))+")
_RUBY_PARTS = {"rt": "t", "rp": "p"}
_DATE = r"(?P<date>\d{4}-\d\d-\d\d)"
_TIME = r"(?P<time>\d\d:\d\d(:\d\d(\.\d{1,3})?)?)"
_ZONE = r"(Z|[+-]([01]\d|2[0-3]):?[0-5]\d)"
_MOMENT = re.compile(rf"{_DATE}([T ]{_TIME}{_ZONE})?", re.ASCII)
_ANY_TIME = re.compile(
    rf"{_DATE}([T ]{_TIME}{_ZONE}?)?|{_TIME.replace('time>', 'clock>')}"
    r"|\d{4}(-(0[1-9]|1[0-2]))?|P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?",
    re.ASCII,
)


def repair_html(root: etree._Element) -> None:
    """Make nesting, links, languages, times and ruby valid in a body.

    The addresses of pictures and players are checked elsewhere. Raise Refused for HTML
    that is nested too deeply.
    """
    if _TOO_DEEP(root):
        raise Refused("its HTML is nested too deeply")
    _repair_nesting(root)
    _repair_lists(root)
    _repair_details(root)
    _repair_headers(root)
    for element in _WITH_ATTRIBUTES(root):
        _repair_attributes(element)
    for element in root.iter("bdo"):
        if element.get("dir") not in ("ltr", "rtl"):
            element.tag = "bdi"
    for element in root.iter("ins", "del", "time"):
        _repair_time(element)
    for element in reversed([*root.iter("ruby")]):
        if not _is_ruby(element):
            element.tag = "span"
    for element in root.iter("rt", "rp"):
        if parent_of(element).tag != "ruby":
            element.tag = "span"


def _repair_attributes(element: etree._Element) -> None:
    """Normalise a link's address; remove attributes that are invalid or not allowed there."""
    attributes = element.attrib
    link = LINKS.get(str(element.tag))
    if link and link in attributes:
        written = url_reference(attributes.pop(link))
        if written is not None and (link == "href" or not _NO_SOURCE.match(written)):
            element.set(link, written)
    spans = _SPANS.intersection(attributes.keys())
    wrong = {name for name in spans if not 0 < int(attributes[name]) <= _MAX_COLUMNS}
    if not _LANGUAGE.fullmatch(attributes.get("lang", "en")):
        wrong.add("lang")
    if attributes.get("dir", "auto") not in ("ltr", "rtl", "auto"):
        wrong.add("dir")
    if element.tag not in _LABELLED or (element.tag == "a" and "href" not in attributes):
        wrong |= {"aria-label", "aria-labelledby"}
    if element.tag != "li":  # it was one, outside a list
        wrong.add("value")
    for name in wrong:
        attributes.pop(name, None)


def _repair_nesting(root: etree._Element) -> None:
    """Unwrap blocks inside text-only elements, and formatting around blocks."""
    for line in root.iter(*_INLINE_CONTAINERS):
        unwrap_all(line, [e for e in line.iterdescendants() if e.tag not in _INLINE])
        shows = "".join(line.itertext()).strip() or line.find(".//img") is not None
        if line.tag in HEADINGS and not shows:
            line.tag = "div"
    for section in root.iter("section"):
        if next(section.iter(*HEADINGS), None) is None:
            section.tag = "div"
    around_blocks = [
        element
        for element in root.iter(*_FORMATTING)
        if len(element) and any(inner.tag not in _INLINE for inner in element.iterdescendants())
    ]
    unwrap_all(root, around_blocks)


def _repair_lists(root: etree._Element) -> None:
    """Turn a list with other content than items into plain blocks."""
    groups = [group for group in _GROUPS(root) if {child.tag for child in group} <= _ITEMS["dl"]]
    unwrap_all(root, groups)
    for listing in root.iter(*_ITEMS):
        texts = [listing.text, *(child.tail for child in listing)]
        strays = {child.tag for child in listing} - _ITEMS[str(listing.tag)]
        order = " ".join(str(child.tag) for child in listing)
        unpaired = listing.tag == "dl" and not _TERMS.fullmatch(order)
        if strays or unpaired or any(text and text.strip() for text in texts):
            listing.tag = "div"
    for item in root.iter("dt", "dd", "li"):
        if item.tag not in _ITEMS.get(str(parent_of(item).tag), ()):
            item.tag = "div"


def _repair_details(root: etree._Element) -> None:
    """Move the one summary to the start of `<details>`; without any it becomes a plain block."""
    for details in root.iter("details"):
        summary, *others = details.findall("summary") or [None]
        for other in others:
            other.tag = "p"
        if summary is None:
            details.tag = "div"
            details.attrib.pop("open", None)
        elif details[0] is not summary or (details.text or "").strip():
            before, details.text = details.text, None
            text, summary.tail = summary.tail, None
            above = summary.getprevious()
            if above is not None:
                above.tail = (above.tail or "") + (text or "")
                text = ""
            details.insert(0, summary)
            summary.tail = (before or "") + (text or "")


def _repair_headers(root: etree._Element) -> None:
    """Remove references to header cells that are not in the same table."""
    for cell in _HEADED(root):
        table = next(cell.iterancestors("table"), None)
        heads = set() if table is None else {head.get("id") for head in table.iter("th")}
        if not heads.issuperset(cell.get("headers", "").split()):
            del cell.attrib["headers"]


def _repair_time(element: etree._Element) -> None:
    pattern = _ANY_TIME if element.tag == "time" else _MOMENT
    if not _is_time(element.get("datetime", "2026-11-24"), pattern):
        del element.attrib["datetime"]
    text = "" if len(element) else (element.text or "").strip()
    if element.tag == "time" and "datetime" not in element.attrib and not _is_time(text, pattern):
        element.tag = "span"


def _is_time(text: str, pattern: re.Pattern[str]) -> bool:
    match = pattern.fullmatch(text)
    if match is None:
        return False
    parts = match.groupdict()
    try:
        date.fromisoformat(parts["date"] or "2026-11-24")
        time.fromisoformat((parts.get("time") or parts.get("clock") or "00:00").partition(".")[0])
    except ValueError:
        return False
    return True


def _is_ruby(element: etree._Element) -> bool:
    """Whether a ruby element consists of words, each with its reading."""
    order = "".join(_RUBY_PARTS.get(str(child.tag), "x") for child in element)
    has_base = (element.text or "").strip() or order.startswith("x")
    inside = {e.tag for child in element for e in child.iterdescendants()}
    return bool(has_base and _RUBY.fullmatch(order)) and inside <= PHRASING - {"ruby", "rt", "rp"}
