r"""Renders MJML to HTML for mail clients by mrml, and reports mistakes with template and line.

mrml writes attribute values in Rust's debug format (NBSP becomes `\u{a0}`), stops at a bare
`<`, and reports mistakes vaguely. So it only gets a skeleton: the MJML tree in ASCII, with
placeholders for attribute values with other characters and for all HTML inside components.
In its output they are replaced with the escaped values. Mistakes are found beforehand.
"""

import hashlib
import html
import re
from collections.abc import Iterator
from html.entities import html5

from lxml import etree
from mjml import mjml2html

from syndicate.errors import TemplateError
from syndicate.render.mail.mjml_grammar import COMPONENTS, find_errors
from syndicate.render.templates import MARK, line_at, line_of, remove_marks
from syndicate.text import printable

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*;)")
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_PLAIN = re.compile(r"[ !#-%'-;=?-\[\]-z|~]*")
"""Attribute values that mrml writes unchanged: printable ASCII without \" & < > \\ { }."""
_MISMATCH = re.compile(r"Opening and ending tag mismatch: (\S+) line (\d+) and ([^\s,]+)")
_AUTO_HEIGHT = ' height="auto"'
"""Written by mrml for `mj-image` without a height; invalid in HTML."""
_POSITION = re.compile(r"(\d+):\d+$")


def to_html(source: str, *, template: str) -> str:
    """Render MJML, which Jinja made of `template`, to HTML; raise TemplateError for a mistake."""
    source = _ENTITY.sub(_character, printable(source))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise _syntax_error(source, error, template) from error
    for element, message in find_errors(root):
        raise TemplateError(*line_of(element, template), message)
    lines = [line_of(element, template) for element in _structure(root)]
    remove_marks(root)
    placeholders = _Placeholders(source)
    skeleton = _skeleton(root, placeholders)
    try:
        return placeholders.fill(mjml2html(skeleton, fonts={}).replace(_AUTO_HEIGHT, ""))
    except ValueError as error:
        raise TemplateError(*_error_line(skeleton, str(error), lines), str(error)) from error


def _character(match: re.Match[str]) -> str:
    """Replace HTML's named entities, of which XML knows only five."""
    name = match[1]
    if name in _XML_ENTITIES or name not in html5:
        return match[0]
    return html.escape(html5[name])


def _syntax_error(source: str, error: etree.XMLSyntaxError, template: str) -> TemplateError:
    line, column = error.position
    lines = source.splitlines(keepends=True)
    offset = sum(map(len, lines[: line - 1])) + max(column - 1, 0)
    message = str(error).rpartition(", line ")[0] or str(error)
    if mismatch := _MISMATCH.match(message):
        opened, line, closed = mismatch.groups()
        marks = re.findall(rf'<{re.escape(opened)} {MARK}="([^"]*)"', lines[int(line) - 1])
        where = f" of {marks[-1]}" if marks else ""
        message = f"<{opened}>{where} is closed by </{closed}>"
    return TemplateError(*line_at(source, offset, template), f"not well-formed: {message}")


class _Placeholders:
    """Placeholders of ASCII letters and digits for text that mrml must not see."""

    def __init__(self, source: str) -> None:
        self._nonce = hashlib.sha256(source.encode()).hexdigest()[:16]
        self._values: list[str] = []

    def add(self, markup: str) -> str:
        """Return a placeholder for `markup`, which is escaped already."""
        self._values.append(markup)
        return f"MARK{self._nonce}N{len(self._values) - 1}END"

    def fill(self, rendered: str) -> str:
        """Replace the placeholders with their values."""
        marker = re.compile(rf"MARK{self._nonce}N(\d+)END")
        return marker.sub(lambda match: self._values[int(match[1])], rendered)


def _structure(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the MJML elements of a tree, without the HTML inside them."""
    yield element
    component = COMPONENTS.get(element.tag)
    if component is None or component.children is not None:
        for child in element.iterchildren(etree.Element):
            yield from _structure(child)


def _skeleton(root: etree._Element, placeholders: _Placeholders) -> str:
    """Serialise a tree with placeholders for values and contents; the tree is consumed."""
    for element in list(_structure(root)):
        component = COMPONENTS.get(element.tag)
        if component is not None and component.children is None:
            _replace_content(element, placeholders)
        for name, value in element.attrib.items():
            if not _PLAIN.fullmatch(value):
                element.set(name, placeholders.add(html.escape(value)))
    etree.strip_elements(root, etree.Comment, etree.PI, with_tail=False)
    return str(etree.tostring(root, encoding="unicode"))


def _replace_content(element: etree._Element, placeholders: _Placeholders) -> None:
    content = element.text or ""
    if element.tag in {"mj-title", "mj-preview"}:
        content = html.escape(content)
    elif element.tag != "mj-style":
        content = html.escape(content, quote=False) + "".join(
            str(etree.tostring(child, encoding="unicode", method="html")) for child in element
        )
    for child in list(element):
        element.remove(child)
    element.text = placeholders.add(content) if content.strip() else None


def _error_line(
    skeleton: str, message: str, lines: list[tuple[str, int | None]]
) -> tuple[str, int | None]:
    """Return the line of mrml's error: that of the last tag opened before it."""
    position = _POSITION.search(message)
    if position is None:
        return lines[0][0], None
    opened = len(re.findall(r"<[a-z]", skeleton[: int(position[1]) + 1]))
    return lines[max(opened - 1, 0)]
