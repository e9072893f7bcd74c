"""Callouts: `<div class="callout callout-note">`, boxes beside the story that say what they are.

A callout without `<p class="callout-title">` has the title of its kind, in the reader's language.
"""

from collections.abc import Mapping

from lxml import etree

from syndicate.language import Translator

KINDS = ("note", "tip", "important", "warning", "caution")
"""As GitHub, Hugo and Obsidian have them."""
CLASS = "callout"
TITLE_CLASS = "callout-title"


def kind_of(element: etree._Element) -> str | None:
    """Return the kind of a callout; None for any other element."""
    classes = element.get("class", "")
    if not classes.startswith(CLASS):
        return None
    kinds = (word.removeprefix(f"{CLASS}-") for word in classes.split())
    return next((kind for kind in kinds if kind in KINDS), None)


def has_title(callout: etree._Element) -> bool:
    """Whether a callout has a title of its own."""
    return len(callout) > 0 and callout[0].get("class") == TITLE_CLASS


def titles(words: Translator) -> Mapping[str, str]:
    """Return the title of each kind."""
    return {
        "note": words.pgettext("a box beside the story", "Note"),
        "tip": words.pgettext("a box beside the story", "Tip"),
        "important": words.pgettext("a box beside the story", "Important"),
        "warning": words.pgettext("a box beside the story", "Warning"),
        # Translators: stronger than "Warning".
        "caution": words.pgettext("a box beside the story", "Caution"),
    }


def write_titles(tree: etree._Element, words: Translator) -> None:
    """Give each callout its title, in bold, for channels that know no other style."""
    for callout in [div for div in tree.iter("div") if kind_of(div)]:
        if not has_title(callout):
            title = etree.Element("p", {"class": TITLE_CLASS})
            title.text = titles(words)[kind_of(callout) or ""]
            title.tail, callout.text = callout.text, None
            callout.insert(0, title)
        title = callout[0]
        bold = etree.Element("strong")
        bold.text, title.text = title.text, None
        bold.extend(list(title))
        title.append(bold)
