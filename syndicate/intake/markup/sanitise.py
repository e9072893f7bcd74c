"""Sanitise the HTML of a body: nh3 removes active content, an XML parser reads its output.

nh3 parses as browsers do and writes canonical HTML, which is XML once void elements are
closed. So the tree is the one that nh3 has checked: there is no second HTML parser that
could read the markup differently.
"""

import re
from collections import Counter
from collections.abc import Collection
from urllib.parse import unquote

import nh3
from lxml import etree

from syndicate.body.markup import HEADINGS, PHRASING, VOID, parent_of, remove_all
from syndicate.errors import Refused
from syndicate.intake.markup import callouts, embeds, figures, html_repair
from syndicate.text import printable

_FLOW = frozenset({
    "aside", "blockquote", "caption", "col", "colgroup", "dd", "details", "div", "dl", "dt",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
_RENAMED = {"strike": "s", "tt": "code", "acronym": "abbr", "big": "b"}
_DROPPED = frozenset({
    "script", "style", "template", "noscript", "title", "textarea", "xmp", "noembed", "noframes",
    "plaintext", "svg", "math", "select", "head",
})  # fmt: skip
_ATTRIBUTES = {
    "*": {"id", "class", "lang", "dir", "title", "aria-label", "aria-labelledby",
          "aria-describedby", "aria-hidden"},
    "a": {"href", "hreflang", "name"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "headers", "align"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr", "align"},
    "col": {"span"}, "colgroup": {"span"},
    "ol": {"start", "reversed", "type"}, "li": {"value"},
    "blockquote": {"cite"}, "q": {"cite"},
    "ins": {"cite", "datetime"}, "del": {"cite", "datetime"}, "time": {"datetime"},
    "details": {"open"},
    "x-iframe": {"src", "width", "height"},
    "embed": {"src", "width", "height"}, "object": {"data", "width", "height"},
    "video": {"src", "poster", "width", "height", "loop", "muted", "crossorigin"},
    "audio": {"src", "loop", "muted", "crossorigin"},
    "source": {"src", "type"}, "track": {"src", "kind", "srclang", "label"},
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel", "sms", "geo", "ftp", "webcal"}
_CLASS = re.compile(
    r"language-[A-Za-z0-9_+#-]{1,30}|footnote-(?:ref|backref)|footnotes"
    r"|align-(?:left|center|right)|credit"
)
_CALLOUTS = frozenset({"div", "aside", "blockquote", "section", "p"})
_PICTURES = frozenset({"figure", "img"})
_NUMERIC = frozenset({"width", "height", "colspan", "rowspan", "span", "start", "value"})
_REQUIRED_PARENTS = {
    "figcaption": {"figure"}, "summary": {"details"}, "li": {"ul", "ol"},
    "dt": {"dl", "div"}, "dd": {"dl", "div"},
}  # fmt: skip
"""Valid parents; with another parent, the element becomes a plain block."""
_OPEN_TAG = re.compile(r"<(br|col|hr|img|wbr|embed|source|track)((?:\s[^\s=>\"]+=\"[^\"]*\")*)>")
_ANY_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_IFRAME = re.compile(r"<(/?)iframe(?=[\s/>])", re.IGNORECASE)
_NEVER_CLOSED = re.compile(
    r"""
    <(x-iframe|video|audio)
    ((?>
        \s++ [^\s<=>/"']++
        (?>\s*+ = \s*+ (?>"[^"]*+" | '[^']*+' | (?>[^\s<>/"'] | /(?!>))++))?+
    )*+)
    \s*+ />
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""A self-closing player, which HTML reads as a start tag.

No name and no unquoted value has a `<`, so a failing match ends at the next tag.
"""
_CHECKED_REFERENCES, _MAX_REFERENCES = 1000, 100_000
_AMPERSAND = re.compile(r"&(?:amp;|(?![#A-Za-z]))")
_NBSP_PLACEHOLDER, _AMPERSAND_PLACEHOLDER = "\ufdd0", "\ufdd1"
"""Replace no-break spaces and ampersands, which nh3 takes quadratic time to write.

They are Unicode noncharacters, which `printable` removes from any text.
"""
_NOT_NESTING = VOID | {
    "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option", "input", "embed",
    "param", "area", "base", "link", "meta",
}  # fmt: skip
_NOT_IN_NAMES = re.compile(r"[^\w-]")
_WORDS = etree.XPath("descendant::text()[not(ancestor::sup[@class='footnote-ref'])]")
_IDS, _NAMED = etree.XPath("descendant::*/@id"), etree.XPath("descendant::*[@id]")
_REFERENCES = frozenset({"headers", "aria-labelledby", "aria-describedby"})
_REFERRING = etree.XPath(f"descendant::*[{' or '.join(f'@{name}' for name in _REFERENCES)}]")
_MAX_DEPTH = 1000
"""nh3's time grows with the square of the depth; no real article is as deep."""


def sanitise(markup: str, prefix: str, *, hosts: Collection[str]) -> etree._Element:
    """Return a body as the sanitised children of a `<div>`, with ids and references prefixed.

    Headings without an id get one. Scripts, handlers, styles, forms and foreign markup are
    removed; safe players and frames of `hosts` stay (see `convert_embeds`). Raise Refused
    for HTML that is nested too deeply.
    """
    markup = _IFRAME.sub(r"<\1x-iframe", printable(markup))
    markup = _NEVER_CLOSED.sub(r"<\1\2></\1>", markup)
    if _depth(markup) > _MAX_DEPTH:
        raise Refused("its HTML is nested too deeply")
    root = _clean(markup)
    embeds.convert_embeds(root, hosts)
    _tidy(root)
    html_repair.repair_html(root)
    callouts.normalise_callouts(root)
    if root.find(".//h1") is not None:  # which a page has for its title
        for heading in root.iter("h1", "h2", "h3", "h4", "h5"):
            heading.tag = f"h{int(heading.tag[1]) + 1}"
    _name_headings(root)
    _prefix_ids(root, prefix)
    return root


def _filter(tag: str, name: str, value: str) -> str | None:
    """Return the value of an attribute that nh3 allows, or None to remove it."""
    if name == "class":
        words = value.split()
        kept = [word for word in words if _CLASS.fullmatch(word)]
        if tag in _CALLOUTS and (callout := callouts.callout_class(words)):
            kept = [callout]
        elif tag in _PICTURES:
            kept += [figures.LAYOUTS[word] for word in words if word in figures.LAYOUTS][:1]
        return " ".join(kept) or None
    if name in _NUMERIC:
        return value if re.fullmatch(r"-?[0-9]{1,5}", value) else None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(PHRASING | _FLOW | embeds.EMBED_TAGS | embeds.SOURCE_TAGS | _RENAMED.keys()),
    clean_content_tags=set(_DROPPED),
    attributes=_ATTRIBUTES,
    attribute_filter=_filter,
    url_schemes=_SCHEMES,
    link_rel=None,
)


def _clean(markup: str) -> etree._Element:
    """Clean markup with nh3, in linear time, and parse it."""
    markup = markup.replace("\u00a0", _NBSP_PLACEHOLDER).replace("&nbsp;", _NBSP_PLACEHOLDER)
    if (count := markup.count("&")) > _CHECKED_REFERENCES:
        markup = _AMPERSAND.sub(_AMPERSAND_PLACEHOLDER, markup)
        count = markup.count("&") - sum(markup.count(name) for name in ("&quot;", "&lt;", "&gt;"))
    if count > _MAX_REFERENCES:
        raise Refused(f"it has more than {_MAX_REFERENCES:,} character references")
    clean = _CLEANER.clean(markup).replace(_AMPERSAND_PLACEHOLDER, "&amp;")
    clean = clean.replace(_NBSP_PLACEHOLDER, "\u00a0").replace("&nbsp;", "\u00a0")
    closed = _OPEN_TAG.sub(r"<\1\2/>", clean)
    try:
        return etree.fromstring(f"<div>{closed}</div>", etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError as error:
        raise Refused(f"its HTML can't be made well-formed: {error.msg}") from error


def _depth(markup: str) -> int:
    """Return an upper bound for the nesting depth of markup."""
    depth = deepest = 0
    if markup.count("<") <= _MAX_DEPTH:  # nearly all: it can't be deeper than that
        return 0
    for closing, name in _ANY_TAG.findall(markup):
        if name.lower() not in _NOT_NESTING:
            depth = max(0, depth - 1) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _tidy(root: etree._Element) -> None:
    """Rename obsolete and misplaced elements; remove empty paragraphs."""
    for element in root.iter(*_RENAMED):
        element.tag = _RENAMED[str(element.tag)]
    for element in reversed([*root.iter(*_REQUIRED_PARENTS)]):
        if parent_of(element).tag not in _REQUIRED_PARENTS[str(element.tag)]:
            element.tag = "p" if element.tag in ("figcaption", "summary") else "div"
    for link in root.iterfind(".//a[@name]"):
        name = link.attrib.pop("name")
        link.set("id", link.get("id") or name)
    for cell in root.iter("td", "th"):
        side = cell.attrib.pop("align", "").lower()
        if side in ("left", "center", "right"):  # a class, since style attributes are removed
            cell.set("class", f"{cell.get('class', '')} align-{side}".strip())
    _tidy_paragraphs(root)


def _tidy_paragraphs(root: etree._Element) -> None:
    """Remove empty paragraphs; turn those that contain blocks into blocks."""
    empty = []
    for paragraph in reversed([*root.iter("p")]):
        if not len(paragraph):
            if not (paragraph.text or "").strip():
                empty.append(paragraph)
        elif any(element.tag not in PHRASING for element in paragraph.iterdescendants()):
            paragraph.tag = "div"
    remove_all(root, empty)


def _name_headings(root: etree._Element) -> None:
    """Give headings ids made of their words, so that readers can link to them."""
    nameless = [heading for heading in root.iter(*HEADINGS) if not heading.get("id")]
    taken = {str(own) for own in _IDS(root)} if nameless else set()
    namesakes: Counter[str] = Counter()
    for heading in nameless:
        words = "-".join("".join(_WORDS(heading)).lower().split())
        name = own = _NOT_IN_NAMES.sub("", words)
        while own in taken:
            namesakes[name] += 1
            own = f"{name}-{namesakes[name]}"
        if own:
            taken.add(own)
            heading.set("id", own)


def _prefix_ids(root: etree._Element, prefix: str) -> None:
    known: set[str] = set()
    for element in _NAMED(root):
        own = "-".join(element.attrib.pop("id").split())
        if own and own not in known:
            known.add(own)
            element.set("id", prefix + own)
    for element in _REFERRING(root):
        for name in _REFERENCES.intersection(element.keys()):
            ids = element.get(name, "").split()
            element.set(name, " ".join(f"{prefix}{own}" for own in ids))
    for link in root.iter("a"):
        address = link.get("href", "")
        if address.startswith("#") and not known.isdisjoint({address[1:], unquote(address[1:])}):
            link.set("href", f"#{prefix}{address[1:]}")
