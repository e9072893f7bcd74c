"""Cutting: one walk over a body sets it for pages, AMP and feeds."""

import hashlib
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote, urljoin

from lxml import etree

from syndicate.body import amp_rules, embed_markup, lead_figure, picture_markup
from syndicate.body.fragment_writer import FragmentWriter, format_attributes
from syndicate.model.articles import MEDIA, Figure, Revision
from syndicate.model.compiled_body import BASE, ORIGIN, WORD, CompiledBody, Part

_ADDRESSES = frozenset({"href", "src", "cite", "poster"})
_VOID = frozenset({"br", "col", "hr", "img", "wbr", "source", "track", "embed", "area"})
_ALIKE = amp_rules.ELEMENTS - _VOID - {"pre", "table", "summary"}
"""What every channel shows in the same way, unless it has attributes."""
_HERE = "https://publication.invalid"


@cache
def _rules() -> str:
    """Return a digest of the code that cuts, so that what older code has cut is known."""
    model = Path(__file__).parents[1] / "model"
    files = [*Path(__file__).parent.glob("*.py"), model / "pictures.py", model / "videos.py"]
    code = (file.read_bytes() for file in sorted(files) if file.exists())
    return hashlib.sha256(b"".join(code)).hexdigest()


RULES = _rules()
"""Names the rules of this version; a galley of others is cut again."""


def is_current(galley: CompiledBody | None) -> bool:
    """Whether there is a galley, cut by this version's rules."""
    return galley is not None and galley.rules == RULES


def compile_body(
    revision: Revision, *, slug: str, tree: etree._Element | None = None
) -> CompiledBody:
    """Set what an article shows at the address of `slug`.

    `tree` is what its body was written from, where that is at hand; it is used up.
    """
    lead, body = lead_figure.split_lead_figure(revision, tree)
    figures = {figure.src: figure for figure in (*revision.figures, revision.image) if figure}
    return CompiledBody(
        opening=_Compiler(slug, figures, urgent=True).set(lead),
        body=_Compiler(slug, figures, urgent=False).set(body),
        rules=RULES,
    )


class _Compiler:
    """Sets one tree. An `urgent` one has the picture that is loaded first."""

    def __init__(self, slug: str, figures: dict[str, Figure], *, urgent: bool) -> None:
        self._page = f"/articles/{quote(slug, errors='replace')}/"
        self._figures = figures
        self._urgent = urgent
        self._sheet = FragmentWriter()

    def set(self, root: etree._Element) -> tuple[Part, ...]:
        self._children(root)
        return self._sheet.parts()

    def _children(self, element: etree._Element) -> None:
        self._text(element.text)
        for child in element:
            if isinstance(child.tag, str):
                self._element(child)
            self._text(child.tail)

    def _text(self, text: str | None) -> None:
        if text:
            self._sheet.all(escape(text, quote=False))

    def _element(self, element: etree._Element) -> None:
        tag, held = str(element.tag), element.items()
        if not held and tag in _ALIKE:
            self._sheet.all(f"<{tag}>")
            self._children(element)
            self._sheet.all(f"</{tag}>")
            return
        attributes = self._resolved(held)
        if tag == "img":
            figure = self._figures.get(attributes.get("src", "").removeprefix(f"{BASE}/"))
            picture_markup.write_picture(self._sheet, attributes, figure, urgent=self._urgent)
        elif tag in embed_markup.KINDS:
            parts = [
                (str(e.tag), self._resolved(e.items())) for e in element.iter("source", "track")
            ]
            embed_markup.write_embed(self._sheet, tag, attributes, parts)
        elif tag == "table":
            self._table(element, attributes)
        elif tag in amp_rules.REMOVED:
            with self._sheet.without_amp():
                self._plain(element, attributes)
        else:
            self._plain(element, attributes)

    def _resolved(self, held: Iterable[tuple[str, str]]) -> dict[str, str]:
        """Return attributes with every address resolved."""
        return {name: self._address(value) if name in _ADDRESSES else value for name, value in held}

    def _plain(self, element: etree._Element, attributes: dict[str, str]) -> None:
        tag = str(element.tag)
        known = amp_rules.is_allowed_element(element)
        shown = format_attributes(attributes)
        keyed = ' tabindex="0"' if tag == "pre" else ""
        allowed = {
            n: value
            for n, value in attributes.items()
            if amp_rules.is_allowed_attribute(tag, n, value)
        }
        self._sheet.each(
            page=f"<{tag}{shown}{keyed}>",
            amp=f"<{tag}{format_attributes(allowed)}{keyed}>" if known else "",
            feed=f"<{tag}{self._for_feeds(attributes)}>",
        )
        if tag in _VOID:
            return
        self._children(element)
        end = f"</{tag}>"
        self._sheet.each(page=end, amp=end if known else "", feed=end)

    def _for_feeds(self, attributes: dict[str, str]) -> str:
        """Write attributes as feeds have them: a place on the page is a place on the web."""
        place = attributes.get("href", "")
        if place.startswith("#"):
            attributes = attributes | {"href": BASE + self._page + place}
        return format_attributes(attributes)

    def _table(self, table: etree._Element, attributes: dict[str, str]) -> None:
        """Put a table into a box that scrolls by itself, by keyboard too."""
        caption = table.find("caption")
        said = " ".join("".join(caption.itertext()).split()) if caption is not None else ""
        label = escape(said) or f"{WORD}table{WORD}"
        box = f'<div class="wide" role="region" tabindex="0" aria-label="{label}">'
        self._sheet.each(page=box, amp=box, feed="")
        self._plain(table, attributes)
        self._sheet.each(page="</div>", amp="</div>", feed="")

    def _address(self, address: str) -> str:
        """Return an address for wherever the body is shown."""
        address = address.strip()
        if address.startswith("#"):
            return address
        if address.startswith(MEDIA):
            return f"{BASE}/{address}"
        if address.startswith(("https://", "http://")):
            return address
        try:
            whole = urljoin(_HERE + self._page, address)
        except ValueError:  # such as http://[half
            return BASE + self._page
        if not whole.startswith(f"{_HERE}/"):
            return whole
        mark = ORIGIN if address.startswith("/") else BASE
        return mark + whole.removeprefix(_HERE)
