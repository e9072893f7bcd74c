"""Tables of bodies, laid out for mail, where nothing can be scrolled sideways.

A table that fits a phone stays a table. One that needs a desktop is a block per row on phones, by
the rules in `email/parts/body_head.css`; one that needs more than that is a block per row
everywhere. Where blocks say little, since the table has no row of labels, merged cells or many
rows, there is a link to the table on the web instead.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from syndicate.language import Translator
from syndicate.render.mail import text_width

COLUMN = 536
"""The width of the text column, and the maximum of a picture, in pixels."""
_PHONE = 320
"""The width of the column on a phone that is 360 pixels wide; on narrower ones text is smaller."""
_ON_DESKTOP = 0.93
"""How wide text is there, as a share of the estimate: Georgia and Cambria are narrower."""
MAX_RECORDS = 30
"""The most rows that become blocks."""
_FONT_SIZE, _GAP = 15, 16
"""In pixels, as `email/parts/body.css` has them: of the font, and between two columns."""
_PARTS = etree.XPath("descendant::text() | descendant::*[self::br or self::p or self::li]")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_NUMBER = re.compile(
    r"[+\-\u2212\u2013\u00b1]?[$€£¥]?[ \u00a0]?\d[\d.,:/ \u00a0\u202f\u2019']*[%\u2030$€£¥]?"
)
_INDENTED, _INDENT = ("li", "dd", "blockquote"), 24
_MAX_LINES = 8
"""A row with more text than that many lines of the column reads better as a block."""


@dataclass(frozen=True, slots=True)
class DataTable:
    """What a table of a body says."""

    head: Sequence[etree._Element]
    """The cells of the only row of labels; empty where there is none, or several."""
    rows: Sequence[Sequence[etree._Element]]
    """The cells of all other rows."""
    is_regular: bool
    """Whether each row has a cell in each column, none of them merged or with a table inside."""

    @property
    def labels(self) -> list[str]:
        """The texts of the labels."""
        return [cell_text(cell) for cell in self.head]

    @property
    def has_columns(self) -> bool:
        """Whether any row has several cells."""
        return any(len(row) > 1 for row in (self.head, *self.rows))

    @property
    def has_records(self) -> bool:
        """Whether each row can be a block of labelled values."""
        has_labels = len(self.head) > 1 and self.is_regular
        return has_labels and 0 < len(self.rows) <= MAX_RECORDS


def read_table(element: etree._Element) -> DataTable:
    """Read a `<table>` of a body."""
    rows = [row for row in element.iter("tr") if next(row.iterancestors("table")) is element]
    cells = {row: list(row.iterchildren("td", "th")) for row in rows}
    heads = [row for row in rows if row.getparent().tag == "thead"]
    if not heads and rows and len(rows) > 1 and all(cell.tag == "th" for cell in cells[rows[0]]):
        heads = rows[:1]
    others = [cells[row] for row in rows if row not in heads]
    counts = {len(row) for row in cells.values()}
    all_cells = [cell for row in cells.values() for cell in row]
    merged = any(
        cell.get(name, "1") != "1" for cell in all_cells for name in ("colspan", "rowspan")
    )
    return DataTable(
        head=cells[heads[0]] if len(heads) == 1 else (),
        rows=others,
        is_regular=(
            len(counts) == 1
            and len(heads) <= 1
            and not merged
            and all(cell.find(".//table") is None for cell in all_cells)
        ),
    )


def cell_text(cell: etree._Element) -> str:
    """Return the text of a cell on one line."""
    parts = (str(part) if isinstance(part, str) else " " for part in _PARTS(cell))
    return _SPACE.sub(" ", "".join(parts)).strip(" ")


def is_number(text: str) -> bool:
    """Whether a cell has nothing but a number, a date or a time, perhaps with a sign or a unit."""
    return _NUMBER.fullmatch(text) is not None


def lay_out_tables(tree: etree._Element, page: str, words: Translator) -> None:
    """Lay out every table of a body; `page` has those that a link leads to."""
    for element in list(tree.iter("table")):
        if next(element.iterancestors("table"), None) is None:
            _lay_out(element, page, words)


def _lay_out(element: etree._Element, page: str, words: Translator) -> None:
    table = read_table(element)
    indent = _INDENT * sum(1 for _ in element.iterancestors(*_INDENTED))
    if table.has_columns:
        element.set("class", "whole")
        _join_numbers(table)
    if _fits(table, _PHONE - indent):
        _wrap(element)
    elif not _fits(table, COLUMN - indent, _ON_DESKTOP):
        instead = _records(element, table) if table.has_records else _link(element, page, words)
        _replace(element, instead)
    elif table.has_records:
        _label_cells(table)
        element.set("class", "whole stack")
        _wrap(element)
    else:
        link = _link(element, page, words)
        link.set("class", "recording on-phone")
        _wrap(element, "on-desktop").addnext(link)


def _join_numbers(table: DataTable) -> None:
    """Keep a number and its unit on one line."""
    for cell in (cell for row in table.rows for cell in row):
        if cell.text and not len(cell) and is_number(text := cell_text(cell)):
            cell.text = text.replace(" ", "\u00a0")


def _fits(table: DataTable, room: int, share: float = 1) -> bool:
    """Whether a table is as wide as `room` at most, without words broken and rows very high.

    Text is `share` as wide as estimated.
    """
    if not table.has_columns:
        return True
    rows = [*([table.head] if table.head else []), *table.rows]
    width = max(map(len, rows))
    room -= _GAP * (width - 1)
    least, highest = [0.0] * width, 0.0
    for row in rows:
        natural = 0.0
        for number, cell in enumerate(row):
            text, bold = cell_text(cell), cell.tag == "th"
            widest = text_width.widest_word(text, _FONT_SIZE, bold=bold)
            least[number] = max(least[number], widest)
            natural += text_width.pixels(text, _FONT_SIZE, bold=bold)
        highest = max(highest, natural)
    is_low = not table.has_records or share * highest <= _MAX_LINES * room
    return share * sum(least) <= room and is_low


def _label_cells(table: DataTable) -> None:
    """Begin each value with its label, which only phones show."""
    labels = table.labels
    for row in table.rows:
        for label, cell in zip(labels[1:], row[1:], strict=True):
            _add_label(cell, label)


def _records(element: etree._Element, table: DataTable) -> etree._Element:
    """Return a block per row: its first cell as a heading, and the others with their labels."""
    records = etree.Element("div", {"class": "records"})
    caption = element.find("caption")
    if caption is not None and cell_text(caption):
        caption.tag, caption.tail = "p", None
        caption.set("class", "caption")
        records.append(caption)
    labels = table.labels
    for row in table.rows:
        record = etree.SubElement(records, "div", {"class": "record"})
        for number, (label, cell) in enumerate(zip(labels, row, strict=True)):
            if not cell_text(cell) and cell.find(".//img") is None:
                continue
            cell.tag, cell.tail = "div", None
            for name in set(cell.keys()) - {"dir", "lang"}:
                del cell.attrib[name]
            if number:
                _add_label(cell, label)
            else:
                cell.set("class", "record-name")
            record.append(cell)
    return records


def _add_label(cell: etree._Element, label: str) -> None:
    if not label or not cell_text(cell):
        return
    place = cell
    while not (place.text or "").strip() and len(place) and place[0].tag in ("p", "div"):
        place = place[0]
    written = etree.Element("span", {"class": "label"})
    written.text, written.tail, place.text = label, f" {(place.text or '').lstrip()}", None
    place.insert(0, written)


def _link(element: etree._Element, page: str, words: Translator) -> etree._Element:
    """Return a link to a table on the web, with its caption."""
    note = etree.Element("p", {"class": "recording"})
    caption = element.find("caption")
    text = "" if caption is None else cell_text(caption)
    note.text = text
    if text:
        etree.SubElement(note, "br")
    etree.SubElement(note, "a", href=page).text = words.gettext("See the table on the web")
    return note


def _wrap(element: etree._Element, *classes: str) -> etree._Element:
    wrapper = etree.Element("div", {"class": " ".join(("wide", *classes))})
    _replace(element, wrapper)
    wrapper.append(element)
    return wrapper


def _replace(element: etree._Element, instead: etree._Element) -> None:
    instead.tail, element.tail = element.tail, None
    element.getparent().replace(element, instead)
