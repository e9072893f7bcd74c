"""Tables in mail: whole words and numbers, as a table, as blocks, or as a link to the web."""

from typing import Any

import pytest
from lxml import etree

from syndicate.body import markup
from syndicate.language import translator
from syndicate.render.mail.plain_text import render_plain_text
from syndicate.render.mail.text_tables import MAX_WIDTH
from syndicate.render.mail.text_width import columns, pieces, widest_word
from tests.render.mail.samples import URL, alert, article, config, tree

NAMES = ("District", "Eligible", "Voted", "Invalid", "Majority", "Turnout", "Candidate", "Party")
ROW = ("Varnhaven-Altstadt", "12,804", "9,120", "112", "1,204", "71.2 %", "Ada Marsh", "Fishers")
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverkäuferin"


def table(*rows: tuple[str, ...], head: tuple[str, ...] = (), caption: str = "") -> str:
    labels = "".join(f"<th>{text}</th>" for text in head)
    cells = "".join(f"<tr>{''.join(f'<td>{text}</td>' for text in row)}</tr>" for row in rows)
    title = f"<caption>{caption}</caption>" if caption else ""
    top = f"<thead><tr>{labels}</tr></thead>" if head else ""
    return f"<table>{title}{top}<tbody>{cells}</tbody></table>"


def mailed(body: str, **changes: Any) -> etree._Element:
    """Return the text of a story's mail as a tree."""
    page = tree(alert(article(body=f"{body}<p>The end.</p>", **changes)))
    end = next(element for element in page.iter("p") if element.text == "The end.")
    found = end.getparent()
    assert found is not None
    return found


def typed(body: str, language: str = "en") -> str:
    return render_plain_text(
        markup.parse(body), page=f"{URL}/a/", words=translator(language), config=config()
    )


def texts(elements: list[etree._Element]) -> list[str]:
    return [" ".join("".join(element.itertext()).split()) for element in elements]


def test_a_table_that_fits_a_phone_stays_one_with_16_pixels_between_its_columns():
    body = mailed(table(ROW[:3], head=NAMES[:3]))
    assert body.xpath("//table[contains(@class, 'stack')] | //div[@class='record']") == []
    first, *_, last = body.findall(".//td")
    assert "padding: 6px 16px 6px 0" in first.get("style")
    assert last.get("style").endswith("padding-right: 0;")


def test_one_that_fits_a_desktop_has_labels_for_phones_that_nobody_else_sees():
    body = mailed(table(ROW[:5], ("Islands", "", "-", "1", "110"), head=NAMES[:5]))
    (stacked,) = body.xpath("//table[contains(@class, 'stack')]")
    labels = stacked.findall(".//span[@class='label']")
    assert texts(labels) == [*NAMES[1:5], *NAMES[2:5]]
    assert all("display: none;mso-hide: all" in label.get("style") for label in labels)
    assert texts(stacked.findall(".//td"))[1] == "Eligible 12,804"


def test_one_that_is_too_wide_is_a_block_per_row():
    body = mailed(
        table(ROW, ("Islands", "804", "", "1", "", "98 %", '<a href="/l/">Jo</a>', ""), head=NAMES)
    )
    assert body.find(".//td") is None
    first, second = body.xpath("//div[@class='record']")
    assert texts(list(first)) == [
        ROW[0],
        *(f"{label} {value}" for label, value in zip(NAMES[1:], ROW[1:], strict=True)),
    ]
    assert "font-weight: bold" in first[0].get("style")
    assert texts(list(second)) == [
        "Islands",
        "Eligible 804",
        "Invalid 1",
        "Turnout 98 %",
        "Candidate Jo",
    ]
    assert second.find(".//a").get("href") == f"{URL}/l/"


@pytest.mark.parametrize(
    "body",
    [
        table(ROW),
        table(*[ROW] * 31, head=NAMES),
        table(ROW, head=NAMES).replace("<td>", '<td colspan="2">', 1),
        table(ROW, ROW[:6], head=NAMES),
        table(ROW, head=NAMES).replace("<tbody>", f"<tbody><tr>{'<td>b</td>' * 9}</tr>"),
    ],
    ids=["no labels", "many rows", "merged cells", "short rows", "long rows"],
)
def test_what_makes_no_sense_in_blocks_is_a_link_to_the_web(body):
    shown = mailed(body.replace("<table>", "<table><caption>Votes by district</caption>"))
    assert shown.find(".//table") is None
    (note,) = shown.xpath("//p[@class='recording']")
    assert (note.text, note[0].tag, note[1].text) == (
        "Votes by district",
        "br",
        "See the table on the web",
    )
    assert note.find("a").get("href") == f"{URL}/articles/story-1/"


def test_on_phones_a_table_without_labels_gives_way_to_the_link():
    shown = mailed(table(ROW[:6]))
    (wide,) = shown.xpath("//div[contains(@class, 'on-desktop')]")
    assert wide.find("table") is not None
    note = wide.getnext()
    assert note.get("class") == "recording on-phone"
    assert "display: none" in note.get("style")


def test_rows_with_much_text_are_blocks_although_their_words_are_short():
    prose = "many short words " * 30
    assert mailed(table(("a", prose, prose), head=("x", "y", "z"))).find(".//td") is None
    assert mailed(table(("a", prose), head=("x", "y"))).find(".//td") is not None


def test_a_word_that_no_column_holds_makes_blocks_where_it_may_break():
    body = mailed(table((LONG, "12"), head=("Name", "Number")))
    assert body.find(".//td") is None
    single = mailed(table((LONG * 2,)))
    assert "whole" not in single.find(".//table").get("class", "")


def test_a_number_keeps_its_unit():
    cells = mailed(table(("71.2 %", "12 804", "two words"))).findall(".//td")
    assert [cell.text for cell in cells] == ["71.2\u00a0%", "12\u00a0804", "two words"]


def test_a_table_in_a_table_is_left_alone():
    inner = table(("b", "c"))
    shown = mailed(f"<table><tbody><tr><td>a</td><td>{inner}</td></tr></tbody></table>")
    assert len(shown.findall(".//table")) == 2


def test_text_is_in_columns_with_numbers_to_the_right():
    rows = [("Islands", "804", "98.3 %"), ("Lantern Hill", "112,804", "-")]
    assert typed(table(*rows, head=("District", "Eligible", "Share"), caption="Votes")) == (
        "Votes\n"
        "District      Eligible   Share\n"
        "------------  --------  ------\n"
        "Islands            804  98.3 %\n"
        "Lantern Hill   112,804       -"
    )


def test_text_too_wide_for_columns_is_in_blocks():
    wide = (*NAMES, "Association")
    assert typed(table((*ROW, "Harbour"), ("Islands", *[""] * 7, "Quay"), head=wide)) == (
        "Varnhaven-Altstadt\n"
        "  Eligible: 12,804\n"
        "  Voted: 9,120\n"
        "  Invalid: 112\n"
        "  Majority: 1,204\n"
        "  Turnout: 71.2 %\n"
        "  Candidate: Ada Marsh\n"
        "  Party: Fishers\n"
        "  Association: Harbour\n"
        "\n"
        "Islands\n"
        "  Association: Quay"
    )


@pytest.mark.parametrize("count", [3, 31])
def test_no_line_of_text_is_longer_than_78_characters(count):
    long = "word " * 30
    for body in (
        table(*[(*ROW, long)] * count, head=(*NAMES, "Notes")),
        table(*[(*ROW, long)] * count),
        table(*[(*ROW, long)] * count).replace("<td>", '<td colspan="2">', 1),
        table(*[("日本語" * 20, "東京" * 20)] * count, head=("都市", "名前")),
    ):
        text = typed(body)
        assert max(map(columns, text.split("\n"))) <= MAX_WIDTH
        assert ("See the table on the web" in text) == (count > 30)


def test_a_table_in_a_list_has_less_room():
    row = ("x" * 40, "y" * 34)
    assert "  " + "y" * 34 in typed(table(row, head=("a", "b")))
    for around in ("ol", "ul"):
        text = typed(f"<{around}><li><p>a</p>{table(row, head=('a', 'b'))}</li></{around}>")
        assert max(map(columns, text.split("\n"))) <= MAX_WIDTH
        assert "b: " + "y" * 34 in text


def test_columns_are_counted_as_a_terminal_shows_them():
    text = typed(table(("東京", "1"), ("Oslo", "22"), head=("City", "n")))
    assert text == "City   n\n----  --\n東京   1\nOslo  22"


def test_chinese_and_japanese_may_break_anywhere_but_not_before_a_full_stop():
    assert pieces("東京。a b") == ["東", "京。", "a", " ", "b"]
    assert widest_word("東京の" * 20, 15) <= 15
    assert widest_word("12,804 %", 15) < 60
