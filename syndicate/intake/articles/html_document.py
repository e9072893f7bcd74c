"""Complete HTML documents: what their head says in place of front matter."""

import re
from dataclasses import replace

from lxml import etree, html

from syndicate.intake.articles.frontmatter import FrontMatter, FrontMatterValue
from syndicate.intake.markup.text import one_line


def read_head(front: FrontMatter) -> FrontMatter:
    """Read title and summary out of an HTML document that has no front matter.

    The title is that of `<title>`, else of the first `<h1>`; the summary is the
    description among the `<meta>`. Without a title, `found` stays false.
    """
    if not front.body.strip():
        return front
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = html.document_fromstring(front.body.encode(), parser=parser)
    except etree.LxmlError:  # such as a document type or a comment with nothing behind it
        return front
    title = _text(root.find(".//title")) or _text(root.find(".//h1"))
    if not title:
        return front
    said = {"title": title, "summary": _meta(root, "description")}
    values = {key: _value(front.body, key, text) for key, text in said.items() if text}
    return replace(front, values=values, body=_body(front.body), found=True)


def _body(text: str) -> str:
    """Return what stands between `<body>` and `</body>`, as it is written."""
    opening = re.search(r"<body(?=[\s>])", text, re.IGNORECASE)
    begins = text.find(">", opening.end()) + 1 if opening else 0
    ends = None
    for closing in re.finditer("</body", text, re.IGNORECASE):
        ends = closing.start()
    return text[begins:ends]


def _text(element: etree._Element | None) -> str:
    return "" if element is None else one_line("".join(element.itertext()))


def _meta(root: etree._Element, name: str) -> str:
    for meta in root.iter("meta"):
        if meta.get("name", "").lower() == name:
            return one_line(meta.get("content", ""))
    return ""


def _value(text: str, key: str, said: str) -> FrontMatterValue:
    """Wrap a value with the line it stands on."""
    tag = {"title": "<(?:title|h1)", "summary": "<meta"}[key]
    found = re.search(tag, text, re.IGNORECASE)
    return FrontMatterValue(
        line=text.count("\n", 0, found.start()) + 1 if found else 1, text=said, json_value=said
    )
