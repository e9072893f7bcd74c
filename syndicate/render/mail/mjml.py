r"""The one door to mrml, which makes HTML for mail clients out of MJML.

mrml prints attribute values in Rust's debug form (NBSP becomes `\u{a0}`), stops
at a bare `<`, and says little about mistakes. So it only ever sees a skeleton:
the MJML tree in ASCII, with a marker in place of each attribute value from
data, and of all HTML that stands inside components. The markers are filled,
escaped, in what comes back. Mistakes are looked for before, and named with
template and line.
"""

import hashlib
import html
import re
from collections.abc import Iterator
from html.entities import html5

from lxml import etree
from mjml import mjml2html

from syndicate.body.markup import printable
from syndicate.errors import TemplateError
from syndicate.render.mail.mjml_grammar import COMPONENTS, find_errors
from syndicate.render.template_lines import MARK, TemplateLine, remove_marks

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*;)")
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_PLAIN = re.compile(r"[ !#-%'-;=?-\[\]-z|~]*")
"""Attribute values that mrml prints as they are: printable ASCII without \" & < > \\ { }."""
_MISMATCH = re.compile(r"Opening and ending tag mismatch: (\S+) line (\d+) and ([^\s,]+)")
_AUTO_HEIGHT = ' height="auto"'
"""What mrml writes for `mj-image` without a height; HTML has no such value."""
_POSITION = re.compile(r"(\d+):\d+$")


def to_html(source: str, *, template: str) -> str:
    """Make HTML of rendered MJML; raise TemplateError for any mistake in it.

    `source` is what Jinja made of the template called `template`.
    """
    source = _ENTITY.sub(_character, printable(source))
    root = _parse(source, template)
    for element, message in find_errors(root):
        raise _error(TemplateLine.of(element, template=template), message)
    places = [TemplateLine.of(element, template=template) for element in _structure(root)]
    remove_marks(root)
    markers = _Placeholders(source)
    skeleton = _skeleton(root, markers)
    try:
        return markers.fill(mjml2html(skeleton, fonts={}).replace(_AUTO_HEIGHT, ""))
    except ValueError as error:
        raise _error(_place_in(skeleton, str(error), places), str(error)) from error


def _error(place: TemplateLine, message: str) -> TemplateError:
    return TemplateError(place.template, place.line, message)


def _character(match: re.Match[str]) -> str:
    """Write HTML's named characters as themselves; XML knows five names only."""
    name = match[1]
    if name in _XML_ENTITIES or name not in html5:
        return match[0]
    return html.escape(html5[name])


def _parse(source: str, template: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise _syntax_error(source, error, template) from error


def _syntax_error(source: str, error: etree.XMLSyntaxError, template: str) -> TemplateError:
    line, column = error.position
    lines = source.splitlines(keepends=True)
    offset = sum(map(len, lines[: line - 1])) + max(column - 1, 0)
    message = str(error).rpartition(", line ")[0] or str(error)
    if mismatch := _MISMATCH.match(message):
        message = _mismatch_message(lines, mismatch)
    return _error(TemplateLine.at(source, offset, template=template), f"not well-formed: {message}")


def _mismatch_message(lines: list[str], mismatch: re.Match[str]) -> str:
    opened, line, closed = mismatch.groups()
    marks = re.findall(rf'<{re.escape(opened)} {MARK}="([^"]*)"', lines[int(line) - 1])
    where = f" of {marks[-1]}" if marks else ""
    return f"<{opened}>{where} is closed by </{closed}>"


class _Placeholders:
    """Stand-ins of ASCII letters and digits for what mrml must not see."""

    def __init__(self, source: str) -> None:
        self._nonce = hashlib.sha256(source.encode()).hexdigest()[:16]
        self._values: list[str] = []

    def stand_for(self, markup: str) -> str:
        """Return a marker to be replaced by `markup`, which is escaped already."""
        self._values.append(markup)
        return f"MARK{self._nonce}N{len(self._values) - 1}END"

    def fill(self, rendered: str) -> str:
        """Put the values where their markers are."""
        marker = re.compile(rf"MARK{self._nonce}N(\d+)END")
        return marker.sub(lambda match: self._values[int(match[1])], rendered)


def _structure(element: etree._Element) -> Iterator[etree._Element]:
    """Iterate over the MJML elements of a tree, not over the HTML that stands in them."""
    yield element
    component = COMPONENTS.get(element.tag)
    if component is None or component.children is not None:
        for child in element.iterchildren(etree.Element):
            yield from _structure(child)


def _skeleton(root: etree._Element, markers: _Placeholders) -> str:
    """Write the MJML of a tree with markers for values and contents; the tree is used up."""
    for element in list(_structure(root)):
        component = COMPONENTS.get(element.tag)
        if component is not None and component.children is None:
            _replace_content(element, markers)
        for name, value in element.attrib.items():
            if not _PLAIN.fullmatch(value):
                element.set(name, markers.stand_for(html.escape(value)))
    etree.strip_elements(root, etree.Comment, etree.PI, with_tail=False)
    return str(etree.tostring(root, encoding="unicode"))


def _replace_content(element: etree._Element, markers: _Placeholders) -> None:
    content = element.text or ""
    if element.tag in {"mj-title", "mj-preview"}:
        content = html.escape(content)
    elif element.tag != "mj-style":
        content = html.escape(content, quote=False) + "".join(
            str(etree.tostring(child, encoding="unicode", method="html")) for child in element
        )
    for child in list(element):
        element.remove(child)
    element.text = markers.stand_for(content) if content.strip() else None


def _place_in(skeleton: str, message: str, places: list[TemplateLine]) -> TemplateLine:
    """Find the place of mrml's complaint: the element whose tag opened last before it."""
    position = _POSITION.search(message)
    if position is None:
        return TemplateLine(places[0].template, None)
    opened = len(re.findall(r"<[a-z]", skeleton[: int(position[1]) + 1]))
    return places[max(opened - 1, 0)]
