"""Compiles bodies: one walk over the tree makes HTML for web pages, AMP and feeds."""

import hashlib
from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import quote, urljoin

from lxml import etree

from syndicate.body import amp_rules, callouts, galleries, media_markup
from syndicate.body.figures import split_lead_figure
from syndicate.body.media_markup import PartWriter, format_attributes
from syndicate.model.articles import (
    BASE,
    FILE_LINK,
    MEDIA,
    ORIGIN,
    UI_STRING,
    CompiledBody,
    Figure,
    Part,
    Revision,
)

_ADDRESSES = frozenset({"href", "src", "cite", "poster"})
_VOID = frozenset({"br", "col", "hr", "img", "wbr", "source", "track", "embed", "area"})
_SHARED = amp_rules.ELEMENTS - _VOID - {"pre", "table", "summary"}
"""Elements that are the same in every channel, unless they have attributes."""
_ROOT = "https://publication.invalid"
_MODEL = Path(__file__).parents[1] / "model"
_CODE = sorted([*Path(__file__).parent.glob("*.py"), _MODEL / "pictures.py", _MODEL / "videos.py"])
RULES = hashlib.sha256(b"".join(file.read_bytes() for file in _CODE)).hexdigest()
"""A digest of the compiler's code; a body compiled by other code is compiled again."""


def is_current(compiled: CompiledBody | None) -> bool:
    """Whether a body was compiled by this version's rules; False for None."""
    return compiled is not None and compiled.rules == RULES


def compile_body(
    revision: Revision, *, slug: str, tree: etree._Element | None = None, page: str | None = None
) -> CompiledBody:
    """Compile the body of an article that is served under `slug`, or of another `page`.

    `page` is its address from the root, where links in the body start. `tree` is the parsed body,
    where the caller has it; it is consumed.
    """
    lead, body = split_lead_figure(revision, tree)
    page = page or f"/articles/{quote(slug, errors='replace')}/"
    if len(revision.figures) > 1:
        galleries.group_galleries(body)
    figures = {figure.src: figure for figure in (*revision.figures, revision.image) if figure}
    return CompiledBody(
        opening=_Compiler(page, figures, priority=True).compile(lead),
        body=_Compiler(page, figures, priority=False).compile(body),
        rules=RULES,
    )


class _Compiler:
    """Compiles one tree. With `priority` browsers load its pictures first."""

    def __init__(self, page: str, figures: dict[str, Figure], *, priority: bool) -> None:
        self._page = page
        self._figures = figures
        self._priority = priority
        self._slot = media_markup.SLOTS["wide"] if priority else media_markup.COLUMN
        self._writer = PartWriter()

    def compile(self, root: etree._Element) -> tuple[Part, ...]:
        self._children(root)
        return self._writer.parts()

    def _children(self, element: etree._Element) -> None:
        self._writer.write(escape(element.text or "", quote=False))
        for child in element:
            if isinstance(child.tag, str):
                self._element(child)
            self._writer.write(escape(child.tail or "", quote=False))

    def _element(self, element: etree._Element) -> None:
        tag, items = str(element.tag), element.items()
        if not items and tag in _SHARED and tag != "figure":
            self._writer.write(f"<{tag}>")
            self._children(element)
            self._writer.write(f"</{tag}>")
            return
        attributes = self._resolved(items)
        if tag == "img":
            figure = self._figures.get(attributes.get("src", "").removeprefix(f"{BASE}/"))
            media_markup.write_picture(
                self._writer, attributes, figure, priority=self._priority, slot=self._slot
            )
        elif tag in media_markup.EMBEDS:
            sources = [
                (str(source.tag), self._resolved(source.items()))
                for source in element.iter("source", "track")
            ]
            media_markup.write_embed(self._writer, tag, attributes, sources)
        elif tag == "table":
            self._table(element, attributes)
        elif tag == "figure":
            self._figure(element, attributes)
        elif attributes.get("class") == galleries.GALLERY:
            self._gallery(element)
        elif (kind := callouts.kind_of(element)) is not None:
            self._callout(element, attributes, kind)
        elif tag in amp_rules.REMOVED:
            with self._writer.without_amp():
                self._plain(element, attributes)
        else:
            self._plain(element, attributes)

    def _resolved(self, items: Iterable[tuple[str, str]]) -> dict[str, str]:
        return {
            name: self._address(value) if name in _ADDRESSES else value for name, value in items
        }

    def _plain(self, element: etree._Element, attributes: dict[str, str]) -> None:
        tag = str(element.tag)
        in_amp = amp_rules.is_allowed_element(element)
        focusable = ' tabindex="0"' if tag == "pre" else ""
        allowed = _allowed_in_amp(tag, attributes)
        href = attributes.get("href", "")
        if href.startswith(FILE_LINK):  # it was given no address, so that it leads to nothing
            self._children(element)
            return
        # in a feed, a link within the page leads to the article's page
        own = {"href": BASE + self._page + href} if href.startswith("#") else {}
        self._writer.write_each(
            page=f"<{tag}{format_attributes(attributes)}{focusable}>",
            amp=f"<{tag}{format_attributes(allowed)}{focusable}>" if in_amp else "",
            feed=f"<{tag}{format_attributes(attributes | own)}>",
        )
        if tag in _VOID:
            return
        self._children(element)
        end = f"</{tag}>"
        self._writer.write_each(page=end, amp=end if in_amp else "", feed=end)

    def _table(self, table: etree._Element, attributes: dict[str, str]) -> None:
        """Write a table in a box that scrolls horizontally, by keyboard as well."""
        caption = table.find("caption")
        text = " ".join("".join(caption.itertext()).split()) if caption is not None else ""
        label = escape(text) or f"{UI_STRING}table{UI_STRING}"
        box = f'<div class="scroll" role="group" tabindex="0" aria-label="{label}">'
        self._writer.write_each(page=box, amp=box, feed="")
        self._plain(table, attributes)
        self._writer.write_each(page="</div>", amp="</div>", feed="")

    def _figure(self, figure: etree._Element, attributes: dict[str, str]) -> None:
        """Write a figure; an upright picture gets the class that limits its height."""
        layout, around = attributes.get("class", ""), self._slot
        self._slot = media_markup.SLOTS.get(layout, around)
        shown, plain = attributes, attributes
        if layout in media_markup.SLOTS:
            plain = {name: value for name, value in attributes.items() if name != "class"}
        if 0 < (ratio := galleries.aspect_ratio(figure)) < 1 and not self._slot.stated_height:
            shown = attributes | {"class": f"{layout} {galleries.height_class(ratio)}".strip()}
        self._writer.write_each(
            page=f"<figure{format_attributes(shown)}>",
            amp=f"<figure{format_attributes(_allowed_in_amp('figure', shown))}>",
            feed=f"<figure{format_attributes(plain)}>",
        )
        self._children(figure)
        self._writer.write("</figure>")
        self._slot = around

    def _gallery(self, gallery: etree._Element) -> None:
        """Write a row of figures, as wide as their aspect ratios make them; feeds have no row."""
        ratios = [galleries.aspect_ratio(figure) for figure in gallery]
        height = f" {galleries.height_class(sum(ratios))}" if sum(ratios) < galleries.LOW else ""
        row, around = f'<div class="{galleries.GALLERY}{height}">', self._slot
        self._writer.write_each(page=row, amp=row, feed="")
        for figure, ratio in zip(gallery, ratios, strict=True):
            self._slot = media_markup.slot_in_row(ratio / sum(ratios), galleries.ROW_HEIGHT)
            self._element(figure)
        self._slot = around
        self._writer.write_each(page="</div>", amp="</div>", feed="")

    def _callout(self, callout: etree._Element, attributes: dict[str, str], kind: str) -> None:
        """Write a callout under its title; in feeds it is a quotation, which readers set off."""
        allowed = _allowed_in_amp("div", attributes)
        self._writer.write_each(
            page=f'<div{format_attributes(attributes)} role="note">',
            amp=f'<div{format_attributes(allowed)} role="note">',
            feed="<blockquote>",
        )
        title = f'<p class="{callouts.TITLE_CLASS}">'
        self._writer.write_each(page=title, amp=title, feed="<p><strong>")
        if callouts.has_title(callout):
            self._children(callout[0])
            callout.remove(callout[0])
        else:
            self._writer.write(f"{UI_STRING}{kind}{UI_STRING}")
        self._writer.write_each(page="</p>", amp="</p>", feed="</strong></p>")
        self._children(callout)
        self._writer.write_each(page="</div>", amp="</div>", feed="</blockquote>")

    def _address(self, address: str) -> str:
        """Return an absolute address, or one that begins with a placeholder."""
        address = address.strip()
        if address.startswith("#"):
            return address
        if address.startswith(MEDIA):
            return f"{BASE}/{address}"
        if address.startswith(("https://", "http://")):
            return address
        try:
            absolute = urljoin(_ROOT + self._page, address)
        except ValueError:  # such as http://[half
            return BASE + self._page
        if not absolute.startswith(f"{_ROOT}/"):
            return absolute
        placeholder = ORIGIN if address.startswith("/") else BASE
        return placeholder + absolute.removeprefix(_ROOT)


def _allowed_in_amp(tag: str, attributes: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in attributes.items()
        if amp_rules.is_allowed_attribute(tag, name, value)
    }
