"""The outbox in a browser."""

from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests import checkers
from tests.web.test_outbox import HTML, letter, put

pytestmark = [pytest.mark.browser, pytest.mark.neighbours]

DARK = "matchMedia('(prefers-color-scheme: dark)').matches"
SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without an emulated colour scheme, which the frames would inherit."""
    context = browser.new_context(color_scheme="null", viewport={"width": 1440, "height": 1900})
    yield context.new_page()
    context.close()


@pytest.fixture
def outbox(web, tmp_path) -> str:
    """The address of an outbox with some mail in it."""
    base = str(web().base_url)
    html = HTML.replace("http://127.0.0.1:8000", base)
    for number in (1, 2, 3):
        put(tmp_path / "outbox", number, letter(f"Edition {number}", html=html))
    return f"{base}/outbox"


def test_the_newest_mail_is_seen_at_both_widths_in_both_themes(page, outbox):
    page.goto(outbox, wait_until="networkidle")
    seen = [(frame.evaluate("innerWidth"), frame.evaluate(DARK)) for frame in page.frames[1:]]
    assert seen == [(360, False), (640, False), (360, True), (640, True)]
    grounds = [
        frame.evaluate("getComputedStyle(document.body).backgroundColor")
        for frame in page.frames[1:]
    ]
    assert grounds == ["rgb(255, 253, 249)"] * 2 + ["rgb(20, 22, 26)"] * 2


def test_forced_dark_turns_the_light_colours_around_and_not_the_dark_ones(page, outbox):
    page.goto(outbox)
    page.get_by_role("link", name="Forced dark").click()
    page.wait_for_load_state("networkidle")
    frames = page.frames[1:]
    assert [frame.evaluate("innerWidth") for frame in frames] == [360, 640]
    ground, ink = (
        frames[0].evaluate(f"getComputedStyle(document.body).{name}")
        for name in ("backgroundColor", "color")
    )
    assert (ground, ink) == ("rgb(53, 52, 49)", "rgb(233, 233, 233)")
    assert "Roughly what" in page.locator("article").inner_text()


def test_without_pictures_a_mail_shows_what_they_are_called(page, outbox, tmp_path):
    own = f"{outbox.removesuffix('/outbox')}/media/dam.png"
    (tmp_path / "feeds/media").mkdir(parents=True)
    Image.new("RGB", (9, 6)).save(tmp_path / "feeds/media/dam.png")
    html = HTML.replace("http://elsewhere.example/pixel.gif", own)
    put(tmp_path / "outbox", 4, letter("With a picture", html=html))
    asked: list[str] = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.goto(outbox, wait_until="networkidle")
    assert own in asked
    asked.clear()
    page.get_by_role("link", name="Blocked").click()
    page.wait_for_load_state("networkidle")
    assert own not in asked
    assert page.locator("iframe").count() == 4
    page.get_by_role("link", name="Dark", exact=True).click()
    page.wait_for_load_state("networkidle")
    assert own not in asked, "a switch keeps what the others say"


def test_a_narrow_window_shrinks_the_screens_and_not_their_widths(page, outbox):
    page.goto(f"{outbox}/000003-000001.eml", wait_until="networkidle")
    for width in (1280, 1120, 820, 390):
        page.set_viewport_size({"width": width, "height": 4000})
        seen = [frame.evaluate("innerWidth") for frame in page.frames[1:]]
        assert seen == [360, 640, 360, 640], width
        assert not page.evaluate(SIDEWAYS)


def test_a_mail_loads_nothing_from_elsewhere_and_runs_nothing(page, outbox):
    asked = []
    page.on("requestfinished", lambda request: asked.append(request.url))
    page.goto(outbox, wait_until="networkidle")
    assert not [url for url in asked if "elsewhere" in url]
    assert {frame.evaluate("document.title") for frame in page.frames[1:]} == {"x"}


def test_a_link_in_a_mail_opens_in_a_window_of_its_own(page, outbox):
    page.goto(f"{outbox}?width=phone&theme=light", wait_until="networkidle")
    with page.expect_popup() as opening:
        page.frame_locator("iframe").get_by_role("link", name="Read on").click()
    assert opening.value.url.endswith("/articles/dam/")
    assert page.url.startswith(outbox)


def test_every_switch_and_tab_can_be_reached(page, outbox):
    page.goto(outbox)
    page.get_by_role("group", name="Width").get_by_role("link", name="Phone").click()
    page.get_by_role("group", name="Theme").get_by_role("link", name="Dark", exact=True).click()
    assert page.locator("iframe").count() == 1
    page.get_by_role("link", name="Edition 1").click()
    assert page.get_by_role("heading", level=2).inner_text() == "Edition 1"
    assert page.locator("iframe").count() == 1  # the switches stay as they were
    for tab, words in (("Text", "Not bold"), ("Headers", "Message-ID"), ("Source", "MIME-Version")):
        page.get_by_role("link", name=tab, exact=True).click()
        assert words in page.locator("main").inner_text()


def test_on_a_phone_the_list_and_the_mail_are_two_pages(page, outbox):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(outbox)
    assert not page.locator("article").is_visible()
    assert not page.evaluate(SIDEWAYS)
    page.get_by_role("link", name="Edition 2").click()
    page.locator("article").wait_for(state="visible")
    assert not page.locator("nav.list").is_visible()
    page.get_by_role("link", name="All messages").click()
    page.locator("nav.list").wait_for(state="visible")
    assert not page.locator("article").is_visible()


def test_axe_finds_no_barrier_in_any_view_and_in_an_empty_outbox(page, web, outbox):
    """Mail as it is shown first: `tests/web/every_page`."""
    message = f"{outbox}/000003-000001.eml"
    views = ("view=text", "view=headers", "view=source", "theme=forced&pictures=blocked")
    for place in (
        *(f"{message}?{view}" for view in views),
        f"{web(mail={'outbox': 'none'}).base_url}/outbox",
    ):
        page.goto(place)
        assert (place, checkers.barriers(page, 360, 1440)) == (place, [])
