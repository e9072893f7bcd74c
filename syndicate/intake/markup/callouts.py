"""Convert callouts, as other programs write them, to the form of `body.callouts`.

They come from Markdown (`> [!NOTE]`, as GitHub renders it) and as the admonitions of MkDocs,
Pelican and reStructuredText.
"""

from lxml import etree

from syndicate.body.callouts import CLASS, KINDS, TITLE_CLASS, kind_of
from syndicate.body.markup import parent_of, remove
from syndicate.text import one_line

_TITLES = frozenset({TITLE_CLASS, "markdown-alert-title", "admonition-title"})
_PREFIXES = ("markdown-alert-", f"{CLASS}-")
_ADMONITION = "admonition"
_SYNONYMS = {
    "info": "note", "seealso": "note", "hint": "tip", "attention": "important",
    "danger": "caution", "error": "caution",
}  # fmt: skip
"""Kinds of admonitions that Markdown doesn't have."""


def callout_class(classes: list[str]) -> str:
    """Return the class of a callout or of its title, for those in markup; empty for others."""
    if not _TITLES.isdisjoint(classes):
        return TITLE_CLASS
    for word in classes:
        kind = word
        for prefix in _PREFIXES:
            kind = kind.removeprefix(prefix)
        if kind != word or _ADMONITION in classes:
            kind = _SYNONYMS.get(kind, kind)
            if kind in KINDS:
                return f"{CLASS} {CLASS}-{kind}"
    return ""


def normalise_callouts(root: etree._Element) -> None:
    """Make callouts plain blocks; drop titles that are only the name of the kind."""
    for callout in [element for element in root.iter() if kind_of(element)]:
        callout.tag = "div"
    for title in [element for element in root.iter() if element.get("class") == TITLE_CLASS]:
        callout = parent_of(title)
        text = one_line("".join(title.itertext()))
        is_first = callout[0] is title and not (callout.text or "").strip()
        if kind_of(callout) is None or not is_first:
            del title.attrib["class"]
        elif not text or text.casefold() in {*KINDS, *_SYNONYMS}:
            remove(title)
        else:
            title.tag = "p"
