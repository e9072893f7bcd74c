"""Read the head of a complete HTML document in place of front matter."""

import re
from dataclasses import replace

from lxml import etree, html

from syndicate.intake.articles.frontmatter import FrontMatter, FrontMatterValue
from syndicate.text import one_line


def read_head(front: FrontMatter) -> FrontMatter:
    """Return the title and summary of an HTML document as front matter.

    The title is `<title>`, else the first `<h1>`; the summary is the description in
    `<meta>`. Without a title, `found` stays false.
    """
    if not front.body.strip():
        return front
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
    try:
        root = html.document_fromstring(front.body.encode(), parser=parser)
    except etree.LxmlError:  # such as nothing but a document type or a comment
        return front
    title = _text(root.find(".//title")) or _text(root.find(".//h1"))
    if not title:
        return front
    texts = {"title": title, "summary": _meta(root, "description")}
    values = {key: _value(front.body, key, text) for key, text in texts.items() if text}
    return replace(front, values=values, body=_body(front.body), is_present=True)


def _body(text: str) -> str:
    """Return the source text between `<body>` and `</body>`."""
    opening = re.search(r"<body(?=[\s>])", text, re.IGNORECASE)
    start = text.find(">", opening.end()) + 1 if opening else 0
    end = None
    for closing in re.finditer("</body", text, re.IGNORECASE):
        end = closing.start()
    return text[start:end]


def _text(element: etree._Element | None) -> str:
    return "" if element is None else one_line("".join(element.itertext()))


def _meta(root: etree._Element, name: str) -> str:
    for meta in root.iter("meta"):
        if meta.get("name", "").lower() == name:
            return one_line(meta.get("content", ""))
    return ""


def _value(markup: str, key: str, text: str) -> FrontMatterValue:
    """Return a text as a value, with the line of its tag."""
    tag = {"title": "<(?:title|h1)", "summary": "<meta"}[key]
    found = re.search(tag, markup, re.IGNORECASE)
    line = markup.count("\n", 0, found.start()) + 1 if found else 1
    return FrontMatterValue(line=line, text=text, json_value=text)
