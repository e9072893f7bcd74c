"""Figures in Chromium: rows equally high, nothing higher than the window, nothing that moves."""

from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from syndicate.render import addresses
from syndicate.render.pages import ArticlePages, PageFrame
from syndicate.render.templates import Templates
from tests.browser import served
from tests.render.pages import sample_publication
from tests.render.pages.sample_publication import article, figure

pytestmark = [pytest.mark.browser, pytest.mark.neighbours]

SHAPES = {"broad": (1500, 600), "tall": (600, 1400), "plain": (900, 600), "upright": (800, 1000)}
FIGURE = '<figure{}><img src="media/{}.jpg" alt="x" width="{}" height="{}"/><figcaption>{}</figcaption></figure>'
CAPTION = "A caption that is a good deal longer than any picture here is wide, for good measure. "
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 300);
})"""
CELLS = "".join(f"<td>Column number {number}</td>" for number in range(12))


def picture(name: str, layout: str = "", caption: str = CAPTION) -> str:
    return FIGURE.format(f' class="{layout}"' if layout else "", name, *SHAPES[name], caption)


BODIES = {
    "gallery": "".join(picture(name, caption=CAPTION * n) for n, name in enumerate(SHAPES)),
    "tall": picture("tall"),
    "full": picture("broad", "full"),
    "wide": picture("plain", "wide", f"{CAPTION}<cite>Ada Lind</cite>"),
    "left": picture("upright", "left") + f"<p>{CAPTION * 8}</p>",
    "table": f"<table><tbody><tr>{CELLS}</tr></tbody></table>",
}


@pytest.fixture(scope="module")
def figures_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("figures")
    frame = PageFrame(sample_publication.config(folder), Templates())
    files = frame.assets()
    shown = tuple(figure(name, width=wide, height=high) for name, (wide, high) in SHAPES.items())
    for language in ("en", "ar"):
        for name, body in BODIES.items():
            story = article(
                body=f"<p>{'Text' if language == 'en' else 'نص'}.</p>{body}<p>Text.</p>",
                figures=shown,
                slug=f"{name}-{language}",
                language=language,
            )
            path = addresses.output_path(story.address)
            files[path] = ArticlePages(frame).article(story)
    (folder / "media").mkdir()
    for name, size in SHAPES.items():
        Image.new("RGB", size, "#678").save(folder / "media" / f"{name}.jpg")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def show(browser: Browser, figures_site: str):
    page = browser.new_page()

    def opened(name: str, width: int, height: int = 800) -> Page:
        page.set_viewport_size({"width": width, "height": height})
        address = f"{figures_site}/articles/{name}/"
        if page.url != address:
            page.goto(address, wait_until="networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, name
        return page

    yield opened
    page.close()


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    found: list[dict[str, float]] = page.eval_on_selector_all(
        selector, "all => all.map(e => e.getBoundingClientRect().toJSON())"
    )
    return found


@pytest.mark.parametrize("width", [500, 768, 1280])
def test_the_pictures_of_a_row_are_equally_high_whatever_their_captions(show, width):
    page = show("gallery-en", width)
    rows = [boxes(page, f".gallery:nth-of-type({n}) img") for n in (1, 2)]
    for row, names in zip(rows, (("broad", "tall"), ("plain", "upright")), strict=True):
        first, second = row
        assert first["height"] == pytest.approx(second["height"], abs=1)
        assert first["top"] == pytest.approx(second["top"], abs=1)
        for box, name in zip(row, names, strict=True):
            wide, high = SHAPES[name]
            assert box["width"] / box["height"] == pytest.approx(wide / high, rel=0.02)


def test_a_phone_has_the_pictures_of_a_gallery_below_each_other(show):
    lefts = {box["left"] for box in boxes(show("gallery-en", 360), ".gallery img")}
    assert len(lefts) == 1


@pytest.mark.parametrize("height", [500, 800])
def test_an_upright_picture_has_four_fifths_of_the_window_at_most(show, height):
    for width in (360, 1280):
        (box,) = boxes(show("tall-en", width, height), ".body img")
        assert box["height"] <= 0.8 * height + 1
        assert box["height"] > 0.6 * height
        assert box["width"] / box["height"] == pytest.approx(600 / 1400, rel=0.02)


def test_figures_go_beyond_the_column_as_far_as_they_say(show):
    for width in (360, 768, 1280):
        page = show("full-en", width)
        (box,) = boxes(page, ".body img")
        assert (box["left"], box["width"]) == (0, width)
    (column,) = boxes(show("wide-en", 1280), ".body")
    (box,) = boxes(show("wide-en", 1280), ".body img")
    assert box["left"] < column["left"]
    assert box["right"] > column["right"]


def test_a_credit_is_spaced_and_in_small_capitals_where_the_script_has_capitals(show):
    style = "e => [getComputedStyle(e).fontVariantCaps, getComputedStyle(e).letterSpacing]"
    shown = [show(f"wide-{name}", 1280).eval_on_selector("cite", style) for name in ("en", "ar")]
    assert shown[0][0] == "all-small-caps"
    assert shown[0][1] != "normal"
    assert shown[1] == ["normal", "normal"]


@pytest.mark.parametrize(("language", "side"), [("en", "left"), ("ar", "right")])
def test_a_figure_beside_the_text_is_where_lines_begin(show, language, side):
    page = show(f"left-{language}", 1280)
    (column,), (box,) = boxes(page, ".body"), boxes(page, ".body figure")
    assert box[side] == pytest.approx(column[side], abs=1)
    assert box["width"] < column["width"] / 2
    page = show(f"left-{language}", 360)
    (column,), (box,) = boxes(page, ".body"), boxes(page, ".body figure")
    assert box["width"] == pytest.approx(column["width"], abs=1)


def test_a_wide_table_is_a_group_that_scrolls_and_has_a_name(show):
    region = show("table-en", 360).get_by_role("group", name="Table")
    assert region.evaluate("e => e.scrollWidth > e.clientWidth && e.tabIndex === 0")
    assert "local" in region.evaluate("e => getComputedStyle(e).backgroundAttachment")


def test_nothing_moves_while_pictures_arrive(browser, figures_site):
    context = browser.new_context(viewport={"width": 1280, "height": 2400})
    page = context.new_page()
    page.route("**/media/**", lambda route: route.continue_())  # which also turns the cache off
    shifts = {}
    for name in BODIES:
        page.goto(f"{figures_site}/articles/{name}-en/", wait_until="networkidle")
        shifts[name] = page.evaluate(SHIFT)
    context.close()
    assert shifts == dict.fromkeys(BODIES, 0)
