r"""Renders MJML to HTML for mail clients by mrml, and reports mistakes with template and line.

mrml writes attribute values in Rust's debug format (NBSP becomes `\u{a0}`), stops at a bare
`<`, and reports mistakes vaguely. So it only gets a skeleton: the MJML tree in ASCII, with
placeholders for attribute values with other characters and for all HTML inside components.
In its output they are replaced with the escaped values.

It silently passes unknown components and attributes through, and breaks a few that it knows. So
templates are checked first, against the grammar of MJML 4 as far as mrml renders it
(https://documentation.mjml.io); the errors suggest a replacement.
"""

import hashlib
import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.entities import html5

from lxml import etree
from mjml import mjml2html

from syndicate.errors import TemplateError
from syndicate.render.templates import MARK, line_at, line_of, remove_marks
from syndicate.text import closest_match, printable

_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*;)")
_XML_ENTITIES = frozenset({"amp;", "lt;", "gt;", "quot;", "apos;"})
_PLAIN = re.compile(r"[ !#-%'-;=?-\[\]-z|~]*")
"""Attribute values that mrml writes unchanged: printable ASCII without \" & < > \\ { }."""
_MISMATCH = re.compile(r"Opening and ending tag mismatch: (\S+) line (\d+) and ([^\s,]+)")
_AUTO_HEIGHT = ' height="auto"'
"""Written by mrml for `mj-image` without a height; invalid in HTML."""
_WHITE_PREVIEW = "font-size:1px;color:#ffffff;"
"""Written by mrml for `mj-preview`; filters of spam look for white text on a white ground."""
_POSITION = re.compile(r"(\d+):\d+$")


def to_html(source: str, *, template: str) -> str:
    """Render MJML, which Jinja made of `template`, to HTML; raise TemplateError for a mistake."""
    source = _ENTITY.sub(_character, printable(source))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise _syntax_error(source, error, template) from error
    for element, message in _find_errors(root):
        raise TemplateError(*line_of(element, template), message)
    lines = [line_of(element, template) for element in _structure(root)]
    remove_marks(root)
    placeholders = _Placeholders(source)
    skeleton = _skeleton(root, placeholders)
    try:
        page = mjml2html(skeleton, fonts={}).replace(_AUTO_HEIGHT, "")
        return placeholders.fill(page.replace(_WHITE_PREVIEW, "font-size:1px;", 1))
    except ValueError as error:
        # mrml's error is in the line of the last tag opened before its position
        where: tuple[str, int | None] = (lines[0][0], None)
        if position := _POSITION.search(str(error)):
            opened = len(re.findall(r"<[a-z]", skeleton[: int(position[1]) + 1]))
            where = lines[max(opened - 1, 0)]
        raise TemplateError(*where, str(error)) from error


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
    component = _COMPONENTS.get(element.tag)
    if component is None or component.children is not None:
        for child in element.iterchildren(etree.Element):
            yield from _structure(child)


def _skeleton(root: etree._Element, placeholders: _Placeholders) -> str:
    """Serialise a tree with placeholders for values and contents; the tree is consumed."""
    for element in list(_structure(root)):
        component = _COMPONENTS.get(element.tag)
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


@dataclass(frozen=True, slots=True)
class _Component:
    """One MJML element: its attributes and children.

    `children` is None for an "ending tag", which contains HTML or plain text.
    """

    attributes: frozenset[str]
    children: frozenset[str] | None


_GRAMMAR = """
PADDING: padding padding-top padding-bottom padding-left padding-right
BORDER: border border-top border-bottom border-left border-right border-radius
FONT: color font-family font-size font-style font-weight letter-spacing line-height
  text-decoration text-transform
BACKGROUND: background-color background-url background-repeat background-size background-position
  background-position-x background-position-y
ANY: css-class mj-class
BOX: PADDING ANY align container-background-color
SECTION: BACKGROUND BORDER PADDING ANY direction full-width text-align text-padding
ICON: icon-size icon-height icon-padding icon-position icon-wrapped-open icon-wrapped-url
  icon-unwrapped-alt icon-unwrapped-url icon-wrapped-alt icon-align icon-width
LINK: href rel target title name
CONTENT: mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social
  mj-spacer mj-table mj-text

mjml: lang dir > mj-head mj-body
mj-head: > mj-attributes mj-breakpoint mj-font mj-preview mj-raw mj-style mj-title
mj-breakpoint: width >
mj-font: name href >
mj-preview:
mj-style:
mj-title:
mj-raw:
mj-body: background-color width css-class > mj-hero mj-raw mj-section mj-wrapper
mj-wrapper: SECTION > mj-hero mj-raw mj-section
mj-section: SECTION > mj-column mj-group mj-raw
mj-group: ANY background-color direction vertical-align width > mj-column mj-raw
mj-column: BORDER PADDING ANY background-color direction vertical-align width
  inner-background-color inner-border inner-border-top inner-border-bottom inner-border-left
  inner-border-right inner-border-radius > CONTENT
mj-hero: BACKGROUND PADDING ANY background-height background-width height mode vertical-align
  width inner-background-color inner-padding border-radius > CONTENT
mj-text: FONT BOX height
mj-table: FONT BOX border cellpadding cellspacing role table-layout width
mj-button: FONT BOX BORDER LINK background-color height inner-padding text-align vertical-align
  width
mj-image: BOX BORDER LINK alt fluid-on-mobile font-size height max-height src srcset usemap width >
mj-divider: BOX border-color border-style border-width width >
mj-spacer: PADDING ANY container-background-color height >
mj-social: FONT BOX ICON border-radius inner-padding mode table-layout text-padding
  > mj-raw mj-social-element
mj-social-element: FONT BOX ICON LINK alt background-color border-radius src srcset text-padding
  vertical-align
mj-navbar: BOX base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size
  ico-line-height ico-open ico-padding ico-padding-top ico-padding-right ico-padding-bottom
  ico-padding-left ico-text-decoration ico-text-transform > mj-navbar-link mj-raw
mj-navbar-link: FONT PADDING ANY LINK
mj-accordion: BOX ICON border font-family > mj-accordion-element mj-raw
mj-accordion-element: ICON ANY background-color border font-family
  > mj-accordion-text mj-accordion-title mj-raw
mj-accordion-title: FONT PADDING ANY background-color
mj-accordion-text: FONT PADDING ANY background-color
mj-carousel: BOX border-radius icon-width left-icon right-icon tb-border tb-border-radius
  tb-hover-border-color tb-selected-border-color tb-width thumbnails > mj-carousel-image
mj-carousel-image: ANY LINK alt border-radius src tb-border tb-border-radius thumbnails-src >
"""
"""Groups of words, then each component with its attributes; after `>`, if any, its children."""


def _components() -> dict[str, _Component]:
    """Parse the grammar; a definition continues on lines that are indented."""
    groups, components = dict[str, frozenset[str]](), dict[str, _Component]()
    for definition in re.split(r"\n+(?=\S)", _GRAMMAR.strip()):
        name, _, words = definition.partition(":")
        attributes, arrow, children = (
            frozenset().union(*(groups.get(word, {word}) for word in part.split()))
            for part in words.partition(">")
        )
        if name.isupper():
            groups[name] = attributes
        else:
            components[name] = _Component(attributes, children if arrow else None)
    return components


_COMPONENTS = _components()
_INSTEAD = {
    "mj-include": "is not rendered well; use Jinja's {% include %}",
    "mj-html-attributes": "is not supported; write the attribute where it belongs",
    "mj-selector": "is not supported; write the attribute where it belongs",
}
"""Components of MJML that mrml refuses or breaks, and what to write instead."""

_EVERY_ATTRIBUTE = frozenset().union(*(component.attributes for component in _COMPONENTS.values()))


def _find_errors(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Yield the errors in an MJML tree, each with its element."""
    if root.tag != "mjml":
        yield root, f"expected <mjml> at the top, not <{root.tag}>"
        return
    if root.find("mj-body") is None:
        yield root, "there is no <mj-body> in <mjml>"
    yield from _element_errors(root)


def _element_errors(element: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    component = _COMPONENTS[element.tag]
    yield from _attribute_errors(element, component.attributes)
    if component.children is None:
        return
    texts = [element.text, *(child.tail for child in element)]
    if stray := " ".join("".join(text or "" for text in texts).split()):
        yield element, f"text is directly in <{element.tag}>: {stray[:40]!r}; use <mj-text>"
    for child in element.iterchildren(etree.Element):
        if child.tag == "mj-attributes":
            yield from _default_errors(child)
        elif child.tag in component.children:
            yield from _element_errors(child)
        else:
            yield child, _misplaced(child.tag, element.tag, component.children)


def _misplaced(tag: str, parent: str, allowed: frozenset[str]) -> str:
    if tag in _INSTEAD:
        return f"<{tag}> {_INSTEAD[tag]}"
    if tag in _COMPONENTS:
        children = ", ".join(sorted(allowed)) or "nothing"
        return f"<{tag}> can't be in <{parent}>; allowed: {children}"
    if tag.startswith("mj"):
        return f"there is no <{tag}>" + _suggestion(tag, _COMPONENTS)
    return f"<{tag}> is directly in <{parent}>; put HTML into <mj-text> or <mj-raw>"


def _default_errors(defaults: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Check the children of `<mj-attributes>`: mj-all, mj-class, or a component's defaults."""
    for child in defaults.iterchildren(etree.Element):
        if child.tag == "mj-all":
            yield from _attribute_errors(child, _EVERY_ATTRIBUTE)
        elif child.tag == "mj-class":
            yield from _attribute_errors(child, _EVERY_ATTRIBUTE | {"name"})
            if len(child):
                yield child, "<mj-class> can't contain defaults of components; move them outside"
        elif child.tag in _COMPONENTS:
            yield from _attribute_errors(child, _COMPONENTS[child.tag].attributes)
        else:
            yield child, f"there is no <{child.tag}>" + _suggestion(child.tag, _COMPONENTS)


def _attribute_errors(
    element: etree._Element, allowed: frozenset[str]
) -> Iterator[tuple[etree._Element, str]]:
    for name, value in element.attrib.items():
        if (element.tag, name, value) == ("mj-hero", "mode", "fluid-height"):
            yield element, '<mj-hero mode="fluid-height"> is not rendered well; use fixed-height'
        elif name == "gap":
            yield element, "gap has no effect; use <mj-spacer> or padding"
        elif (element.tag, name) == ("mj-style", "inline"):
            yield element, "<mj-style inline> has no effect; use a style attribute"
        elif name not in allowed and name != MARK:
            yield element, f"<{element.tag}> has no attribute {name}" + _suggestion(name, allowed)


def _suggestion(word: str, known: Iterable[str]) -> str:
    match = closest_match(word, known)
    return f"; did you mean {match}?" if match else ""
