"""The grammar of MJML 4, as far as mrml renders it; https://documentation.mjml.io.

mrml silently passes unknown components and attributes through, and breaks a few that it
knows. So templates are checked against this table first; the errors suggest a replacement.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from syndicate.render.templates import MARK
from syndicate.text import closest_match


@dataclass(frozen=True, slots=True)
class Component:
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


def _components() -> dict[str, Component]:
    """Parse the grammar; a definition continues on lines that are indented."""
    groups, components = dict[str, frozenset[str]](), dict[str, Component]()
    for definition in re.split(r"\n+(?=\S)", _GRAMMAR.strip()):
        name, _, words = definition.partition(":")
        attributes, arrow, children = (
            frozenset().union(*(groups.get(word, {word}) for word in part.split()))
            for part in words.partition(">")
        )
        if name.isupper():
            groups[name] = attributes
        else:
            components[name] = Component(attributes, children if arrow else None)
    return components


COMPONENTS = _components()
INSTEAD = {
    "mj-include": "is not rendered well; use Jinja's {% include %}",
    "mj-html-attributes": "is not supported; write the attribute where it belongs",
    "mj-selector": "is not supported; write the attribute where it belongs",
}
"""Components of MJML that mrml refuses or breaks, and what to write instead."""

_EVERY_ATTRIBUTE = frozenset().union(*(component.attributes for component in COMPONENTS.values()))


def find_errors(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    """Yield the errors in an MJML tree, each with its element."""
    if root.tag != "mjml":
        yield root, f"expected <mjml> at the top, not <{root.tag}>"
        return
    if root.find("mj-body") is None:
        yield root, "there is no <mj-body> in <mjml>"
    yield from _element_errors(root)


def _element_errors(element: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    component = COMPONENTS[element.tag]
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
    if tag in INSTEAD:
        return f"<{tag}> {INSTEAD[tag]}"
    if tag in COMPONENTS:
        children = ", ".join(sorted(allowed)) or "nothing"
        return f"<{tag}> can't be in <{parent}>; allowed: {children}"
    if tag.startswith("mj"):
        return f"there is no <{tag}>" + _suggestion(tag, COMPONENTS)
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
        elif child.tag in COMPONENTS:
            yield from _attribute_errors(child, COMPONENTS[child.tag].attributes)
        else:
            yield child, f"there is no <{child.tag}>" + _suggestion(child.tag, COMPONENTS)


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
