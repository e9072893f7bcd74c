"""How editions look: in Chromium, as wide as a phone and as a desktop client, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from syndicate.model.articles import Figure
from tests import ROOT
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
from tests.requirements import require

AXE = ROOT / "tests/checkers/node_modules/axe-core/axe.min.js"

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
        }.items():
            (folder / f"{name}.html").write_text(filled(content))
        yield url


NAMES = ("alert", "digest", "wide", "logo", "wordless", "rtl")


def opened(browser: Browser, address: str, *, width: int, scheme: str = "light") -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    return page


@pytest.mark.parametrize("width", [320, 360, 640])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_scrolls_sideways(browser, mails, name, width):
    page = opened(browser, f"{mails}/{name}.html", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_a_checker_finds_nothing_to_say_in_either_theme(browser, mails, name, scheme):
    require(AXE.exists(), "axe-core is not installed in tests/checkers")
    page = opened(browser, f"{mails}/{name}.html", width=360, scheme=scheme)
    page.evaluate(AXE.read_text())
    rules = ["wcag2a", "wcag2aa", "wcag21aa"]  # landmarks are the mail client's own
    found = page.evaluate(
        "async (rules) => (await axe.run({runOnly: rules})).violations"
        ".map(v => `${v.id}: ${v.nodes.map(n => n.html + n.any.map(a => a.message)).join(' | ')}`)",
        rules,
    )
    assert found == []
    page.close()


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
