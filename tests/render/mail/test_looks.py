"""How editions look: in Chromium, as wide as a phone and as a desktop client, light and dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from syndicate.config import Newsletter
from syndicate.config.sections.newsletters import Style
from syndicate.model.articles import Figure
from tests import checkers
from tests.browser import served
from tests.render.mail.samples import (
    ADS,
    alert,
    article,
    config,
    digest,
    draw,
    filled,
    stories,
    story,
)
from tests.render.mail.test_styles import WRITTEN

NUMBERS = ("12,804", "9,120", "71.2 %", "1,204,000", "-", "2026-11-24", "08:05", "€ 1,200")
LATIN = (
    "Varnhaven-Altstadt",
    "Islands",
    "Eligible",
    "Mammutwahlkommission",
    "Old Bridge",
    "Ada Marsh",
)
ARABIC = ("المدينة القديمة", "الجزر", "المسجلون", "النسبة المئوية", "الأغلبية", "الجسر")


def tables(words: tuple[str, ...] = LATIN) -> Iterator[str]:
    """Yield tables with two to nine columns, of more words and of more numbers, with labels."""
    for columns in range(2, 10):
        for numbers in range(0, columns, 2):
            labels = [words[column % len(words)] for column in range(columns)]
            row = [*labels[: columns - numbers], *NUMBERS[:numbers]]
            head = "".join(f"<th>{label}</th>" for label in labels)
            cells = "".join(f"<td>{text}</td>" for text in row)
            yield f"<table><thead><tr>{head}</tr></thead><tbody>{f'<tr>{cells}</tr>' * 3}</tbody></table>"


pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mails")
    draw(folder)
    with served(folder) as url:
        given = {"config": config(url=url, ads=ADS)}
        table = f"<table><tr>{'<td>longwordlongword</td>' * 6}</tr></table><pre>{'x' * 200}</pre>"
        wide = article(body=table, title="Donaudampfschifffahrtsgesellschaft")
        for name, content in {
            "alert": alert(story(), **given),
            "digest": digest(stories(), more=[article(9, "Rowers win")], **given),
            "wide": alert(wide, **given),
            "logo": alert(story(), config=config(url=url, logo=Path("logo.png"))),
            "wordless": alert(article(image=Figure(src="", alt="A dam", caption="The dam"))),
            "rtl": digest(stories(), config=config(url=url, language="ar")),
            "tables": alert(article(body="".join(tables())), **given),
            "arabic": alert(article(body="".join(tables(ARABIC)), language="ar"), **given),
            "brief": digest(stories(), newsletter=_style("brief"), more=stories(), **given),
            "letter": digest(stories(), newsletter=_style("letter"), brief=WRITTEN, **given),
        }.items():
            (folder / f"{name}.html").write_text(filled(content))
        yield url


def _style(style: Style) -> Newsletter:
    return Newsletter(name="news", title="The Briefing", style=style)


SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NAMES = (
    *("alert", "digest", "brief", "letter", "wide", "logo", "wordless", "rtl", "tables", "arabic"),
)
BROKEN = """() => {
  const broken = [];
  for (const cell of document.querySelectorAll('.body td, .body th, .body .record div')) {
    const nodes = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
      for (const {0: word, index} of nodes.currentNode.data.matchAll(/[^ \\n-]+(?:-(?=[0-9])[^ \\n-]+)*/g)) {
        const range = document.createRange();
        range.setStart(nodes.currentNode, index);
        range.setEnd(nodes.currentNode, index + word.length);
        if (new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1) {
          broken.push(word);
        }
      }
    }
  }
  return broken;
}"""
"""Finds the words in tables that stand on several lines; names may break after a hyphen."""


@pytest.mark.parametrize("name", ["tables", "arabic"])
def test_no_word_and_no_number_of_a_table_is_broken(browser, mails, name):
    page = opened(browser, f"{mails}/{name}.html", width=320)
    assert page.evaluate("document.querySelectorAll('.body td, .record').length") > 100
    for width in (320, 360, 480, 599, 600, 640):
        resize(page, width)
        assert page.evaluate(BROKEN) == [], width
    page.close()


@pytest.mark.parametrize(
    ("name", "side", "other"), [("tables", "left", "right"), ("arabic", "right", "left")]
)
def test_on_a_phone_a_row_is_a_block_that_begins_at_the_side_of_its_language(
    browser, mails, name, side, other
):
    page = opened(browser, f"{mails}/{name}.html", width=360)
    style = "(e, name) => getComputedStyle(e)[name]"
    cell = page.locator(".stack td").nth(1)
    assert cell.evaluate(style, "display") == "block"
    assert cell.evaluate(style, "textAlign") == side
    assert page.locator(".stack .label").first.is_visible()
    assert page.locator(".stack thead").first.is_hidden()
    desktop = opened(browser, f"{mails}/{name}.html", width=640)
    assert desktop.locator(".stack .label").first.is_hidden()
    first = desktop.locator(".stack td").first
    assert first.evaluate(style, f"padding{other.title()}") == "16px"
    assert first.evaluate(style, f"padding{side.title()}") == "0px"
    page.close()
    desktop.close()


def opened(browser: Browser, address: str, *, width: int, scheme: str = "light") -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    return page


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})


def test_nothing_scrolls_sideways(browser, mails):
    page = opened(browser, mails, width=320)
    wide = {}
    for name in NAMES:
        page.goto(f"{mails}/{name}.html")
        for width in (320, 360, 480, 640):
            resize(page, width)
            wide[name, width] = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert {at: found for at, found in wide.items() if found > at[1]} == {}


def test_axe_finds_no_barrier_in_either_theme(browser, mails):
    """Tables, and letters: `tests/web/every_page/test_every_page.py`."""
    page = opened(browser, mails, width=360)
    found = {}
    for name in NAMES[:-2]:
        page.goto(f"{mails}/{name}.html")
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            found[name, scheme] = checkers.axe(page, rules=checkers.MAIL_RULES)
    page.close()
    assert {at: barriers for at, barriers in found.items() if barriers} == {}


def test_the_dark_mail_has_the_dark_paper_everywhere(browser, mails):
    page = opened(browser, f"{mails}/alert.html", width=640, scheme="dark")
    color = "e => getComputedStyle(document.querySelector(e))"
    assert page.evaluate(f"({color})('body').backgroundColor") == "rgb(20, 22, 26)"
    assert page.evaluate(f"({color})('.paper').backgroundColor") == "rgb(20, 22, 26)"
    assert page.evaluate(f"({color})('.body .figcaption').color") == "rgb(169, 164, 154)"
    assert page.evaluate(f"({color})('.body p').color") == "rgb(236, 232, 225)"
    page.close()


def test_the_lead_picture_goes_edge_to_edge_on_a_phone(browser, mails):
    for name in ("alert", "digest"):
        page = opened(browser, f"{mails}/{name}.html", width=360)
        box = page.locator(".bleed img").first.bounding_box()
        assert box is not None
        assert (box["x"], box["width"]) == (0, 360)
        page.close()


def test_no_dot_hangs_at_the_end_of_a_line_below_the_masthead(browser, mails):
    turn = "() => [...document.querySelectorAll('.turn')].map(e => e.getBoundingClientRect())"
    for name, phone in (
        ("brief", ["The Briefing · Tuesday, November 24, 2026", "1 minute"]),
        ("digest", 1),
    ):
        page = opened(browser, f"{mails}/{name}.html", width=360)
        below = page.locator(".mail-masthead .muted div")
        if name == "brief":
            assert [line for line in below.inner_text().split("\n") if line.strip(" ·")] == phone
            assert [box["height"] for box in page.evaluate(turn)] == [0]
        lines = "e => Math.round(e.clientHeight / parseFloat(getComputedStyle(e).lineHeight))"
        assert below.evaluate(lines) == (2 if name == "brief" else 1)
        resize(page, 640)
        assert below.evaluate(lines) == 1
        page.close()


def test_the_words_of_a_missing_picture_keep_the_margin_on_a_phone(browser, mails):
    page = opened(browser, f"{mails}/wordless.html", width=360)
    for name in (".missing-picture", ".figcaption"):
        padding = page.locator(name).first.evaluate("e => getComputedStyle(e).paddingLeft")
        assert padding == "20px", name
    page.close()


@pytest.mark.parametrize(("width", "shown"), [(320, 280), (640, 536)])
def test_a_logo_is_forty_pixels_high_and_never_wider_than_the_column(browser, mails, width, shown):
    page = opened(browser, f"{mails}/logo.html", width=width, scheme="dark")
    logo = page.locator("img[src$='/assets/logo.png']")
    box = logo.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (shown, 40)
    ground = logo.evaluate("e => getComputedStyle(e).backgroundColor")
    assert ground == "rgb(255, 253, 249)", "what was drawn for light paper can be seen in the dark"
    page.close()
