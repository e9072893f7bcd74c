"""The grammar of MJML 4, as far as mrml renders it; https://documentation.mjml.io.

mrml silently passes unknown components and attributes through, and breaks a few that it
knows. So templates are checked against this table first; the errors suggest a replacement.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from lxml import etree

from syndicate.render.templates import MARK


@dataclass(frozen=True, slots=True)
class Component:
    """One MJML element: its attributes and children.

    `children` is None for an "ending tag", which contains HTML or plain text.
    """

    attributes: frozenset[str]
    children: frozenset[str] | None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PADDING = _words("padding padding-top padding-bottom padding-left padding-right")
_BORDER = _words("border border-top border-bottom border-left border-right border-radius")
_FONT = _words(
    "color font-family font-size font-style font-weight letter-spacing line-height "
    "text-decoration text-transform"
)
_BACKGROUND = _words(
    "background-color background-url background-repeat background-size background-position "
    "background-position-x background-position-y"
)
_EVERYWHERE = _words("css-class mj-class")
_BOX = _PADDING | _words("align container-background-color") | _EVERYWHERE
_SECTION = _BACKGROUND | _BORDER | _PADDING | _EVERYWHERE | _words(
    "direction full-width text-align text-padding"
)  # fmt: skip
_CONTENT = _words(
    "mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social "
    "mj-spacer mj-table mj-text"
)
_ICON = _words(
    "icon-size icon-height icon-padding icon-position icon-wrapped-open icon-wrapped-url "
    "icon-unwrapped-alt icon-unwrapped-url icon-wrapped-alt icon-align icon-width"
)
_LINK = _words("href rel target title name")
_COLUMN = _BORDER | _PADDING | _EVERYWHERE | _words(
    "background-color direction vertical-align width inner-background-color inner-border "
    "inner-border-top inner-border-bottom inner-border-left inner-border-right "
    "inner-border-radius"
)  # fmt: skip
_NONE: frozenset[str] = frozenset()

COMPONENTS = {
    "mjml": Component(_words("lang dir"), _words("mj-head mj-body")),
    "mj-head": Component(
        _NONE, _words("mj-attributes mj-breakpoint mj-font mj-preview mj-raw mj-style mj-title")
    ),
    "mj-breakpoint": Component(_words("width"), _NONE),
    "mj-font": Component(_words("name href"), _NONE),
    "mj-preview": Component(_NONE, None),
    "mj-style": Component(_NONE, None),
    "mj-title": Component(_NONE, None),
    "mj-raw": Component(_NONE, None),
    "mj-body": Component(
        _words("background-color width css-class"), _words("mj-hero mj-raw mj-section mj-wrapper")
    ),
    "mj-wrapper": Component(_SECTION, _words("mj-hero mj-raw mj-section")),
    "mj-section": Component(_SECTION, _words("mj-column mj-group mj-raw")),
    "mj-group": Component(
        _words("background-color direction vertical-align width") | _EVERYWHERE,
        _words("mj-column mj-raw"),
    ),
    "mj-column": Component(_COLUMN, _CONTENT),
    "mj-hero": Component(
        _BACKGROUND | _PADDING | _EVERYWHERE
        | _words("background-height background-width height mode vertical-align width "
                 "inner-background-color inner-padding border-radius"),
        _CONTENT,
    ),
    "mj-text": Component(_FONT | _BOX | _words("height"), None),
    "mj-table": Component(
        _FONT | _BOX | _words("border cellpadding cellspacing role table-layout width"), None
    ),
    "mj-button": Component(
        _FONT | _BOX | _BORDER | _LINK
        | _words("background-color height inner-padding text-align vertical-align width"),
        None,
    ),
    "mj-image": Component(
        _BOX | _BORDER | _LINK
        | _words("alt fluid-on-mobile font-size height max-height src srcset usemap width"),
        _NONE,
    ),
    "mj-divider": Component(_BOX | _words("border-color border-style border-width width"), _NONE),
    "mj-spacer": Component(
        _PADDING | _EVERYWHERE | _words("container-background-color height"), _NONE
    ),
    "mj-social": Component(
        _FONT | _BOX | _ICON | _words("border-radius inner-padding mode table-layout text-padding"),
        _words("mj-raw mj-social-element"),
    ),
    "mj-social-element": Component(
        _FONT | _BOX | _ICON | _LINK
        | _words("alt background-color border-radius src srcset text-padding vertical-align"),
        None,
    ),
    "mj-navbar": Component(
        _BOX | _words(
            "base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
            "ico-line-height ico-open ico-padding ico-padding-top ico-padding-right "
            "ico-padding-bottom ico-padding-left ico-text-decoration ico-text-transform"
        ),
        _words("mj-navbar-link mj-raw"),
    ),
    "mj-navbar-link": Component(_FONT | _PADDING | _EVERYWHERE | _LINK, None),
    "mj-accordion": Component(
        _BOX | _ICON | _words("border font-family"), _words("mj-accordion-element mj-raw")
    ),
    "mj-accordion-element": Component(
        _ICON | _EVERYWHERE | _words("background-color border font-family"),
        _words("mj-accordion-text mj-accordion-title mj-raw"),
    ),
    "mj-accordion-title": Component(
        _FONT | _PADDING | _EVERYWHERE | _words("background-color"), None
    ),
    "mj-accordion-text": Component(
        _FONT | _PADDING | _EVERYWHERE | _words("background-color"), None
    ),
    "mj-carousel": Component(
        _BOX | _words(
            "border-radius icon-width left-icon right-icon tb-border tb-border-radius "
            "tb-hover-border-color tb-selected-border-color tb-width thumbnails"
        ),
        _words("mj-carousel-image"),
    ),
    "mj-carousel-image": Component(
        _EVERYWHERE | _LINK | _words("alt border-radius src tb-border tb-border-radius "
                                     "thumbnails-src"),
        _NONE,
    ),
}  # fmt: skip

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


def _suggestion(word: str, known: object) -> str:
    close = get_close_matches(word, list(known), n=1)  # type: ignore[call-overload]
    return f"; did you mean {close[0]}?" if close else ""
