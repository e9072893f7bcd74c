"""Pages as browsers and their users meet them: valid, accessible, fitting, quick to settle."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page

from tests import checkers
from tests.render.pages import sample_publication

PLACES = (
    "/",
    "/articles/story-1/",
    "/articles/story-2/",
    "/articles/story-8/",
    "/sections/region/",
    "/tags/river/",
    "/authors/ada-lind/",
    "/subscribe/",
    "/many/",
    "/breaking.html",
    "/calm.html",
    "/empty.html",
    "/withdrawn.html",
    "/embeds.html",
)
UNUSUAL = ("/", "/articles/story-1/", "/many/", *PLACES[-4:])
"""Those that the publication made to hurt (tests/web/every_page/test_every_page.py) has none of."""
ACCEPTED = ("Bad value “feed:", "Setting both “allow-scripts” and “allow-same-origin”", "bad.html:")
"""What programs for feeds open has a scheme of its own; and players need both, and none is served
by us, where that would matter.
"""
PHONE, DESKTOP = 360, 1280

pytestmark = [pytest.mark.browser, pytest.mark.neighbours]


@contextmanager
def opened(
    browser: Browser, address: str = "", *, width: int = DESKTOP, **options: Any
) -> Iterator[Page]:
    """Open a browser at the hour of the publication, and show a page in it."""
    context = browser.new_context(viewport={"width": width, "height": 800}, **options)
    page = context.new_page()
    page.clock.set_fixed_time(sample_publication.AT)
    if address:
        show(page, address)
    try:
        yield page
    finally:
        context.close()


def show(page: Page, address: str) -> None:
    """Show a page; one that fetches the strip has it by then, its request having come first."""
    page.goto(address)
    if page.locator("script[data-strip]").count():
        page.evaluate("fetch('/breaking.html').then(answer => answer.text())")


def test_the_nu_checker_has_nothing_to_say_but_of_a_bad_page(site: Path, tmp_path: Path) -> None:
    files = [file for file in sorted(site.rglob("*.html")) if file.parent.name != "amp"]
    assert len(files) == len(sample_publication.STORIES) + 13
    bad = tmp_path / "bad.html"
    bad.write_text("<!doctype html><title>x</title><p><img src=x></li>")
    remarks = checkers.nu([*files, bad])
    assert len([remark for remark in remarks if remark.startswith("bad.html:")]) > 1
    assert [remark for remark in remarks if not any(known in remark for known in ACCEPTED)] == []


def test_axe_finds_no_barrier(browser: Browser, address: str) -> None:
    found = {}
    with opened(browser) as page:
        for place in UNUSUAL:
            show(page, address + place)
            found[place] = checkers.barriers(page, PHONE, DESKTOP)
    assert {place: barriers for place, barriers in found.items() if barriers} == {}


def test_axe_bites(browser: Browser) -> None:
    with opened(browser, "data:text/html,<p style='color:%23bbb'>pale</p><img src=x>") as page:
        assert len(checkers.axe(page)) > 2


def test_nothing_scrolls_sideways(browser: Browser, address: str) -> None:
    with opened(browser) as page:
        for place in PLACES:
            show(page, address + place)
            for width in (320, 640):  # others: tests/web/every_page/test_every_page.py
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, place


def test_wide_code_scrolls_inside_its_box(browser: Browser, address: str) -> None:
    with opened(browser, f"{address}/articles/story-1/", width=PHONE) as page:
        assert page.eval_on_selector("pre", "e => e.scrollWidth > e.clientWidth")


def test_an_article_page_fetches_the_strip(browser: Browser, address: str) -> None:
    with opened(browser, f"{address}/articles/story-3/") as page:
        strip = page.locator(".breaking.later")
        box = strip.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] == 800, "at the foot of the window, so that nothing jumps"
        assert strip.locator("a .label + span").inner_text().startswith("Arden dam holds")
        assert strip.locator("time").inner_text() == "47 minutes ago"
        strip.locator("a").click()
        page.wait_for_url("**/articles/story-1/")
        show(page, page.url)
        assert page.locator(".breaking").count() == 0, "a story doesn't announce itself"


def test_the_strip_says_nothing_over_a_list_that_its_story_leads(
    browser: Browser, address: str
) -> None:
    for place in ("/sections/region/", "/tags/river/"):
        with opened(browser, address + place) as page:
            leads = page.locator(".first a[href='/articles/story-1/']").count()
            if place == "/sections/region/":
                shown = page.locator(".first .flag").evaluate(
                    "e => getComputedStyle(e, '::after').display"
                )
                assert (leads > 0, shown) == (True, "none"), "the section isn't named again"
            assert (place, page.locator(".breaking").count()) == (place, 0 if leads else 1)


def test_what_is_around_a_story_fits_where_letters_are_twice_as_large(
    browser: Browser, address: str
) -> None:
    with opened(browser, f"{address}/articles/story-1/", width=PHONE) as page:
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        cut = page.evaluate(
            """[...document.querySelectorAll(".story header *")]
              .filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML)"""
        )
        assert cut == []


def test_a_strip_that_is_over_is_not_shown(browser: Browser, address: str) -> None:
    for place in ("/", "/articles/story-3/"):
        with opened(browser, address + place) as page:
            page.clock.set_fixed_time(sample_publication.AT.replace(day=26))
            show(page, page.url)
            assert page.locator(".breaking").count() == 0


@pytest.mark.parametrize("place", ["/", "/articles/story-3/"])
def test_a_strip_that_was_closed_stays_away_until_the_next_story(
    browser: Browser, address: str, place: str
) -> None:
    with opened(browser, address + place, width=PHONE) as page:
        strip = page.locator(".breaking")
        box = strip.bounding_box()
        assert box is not None
        assert box["height"] <= 72, "two lines at most"
        strip.get_by_role("button", name="Close").click()
        show(page, address + place)
        assert page.locator(".breaking").count() == 0
        page.evaluate("localStorage.setItem('breaking-closed', '/articles/story-2/')")
        show(page, address + place)
        assert page.locator(".breaking").count() == 1


def test_without_script_everything_is_there(browser: Browser, address: str) -> None:
    with opened(browser, address, java_script_enabled=False) as page:
        assert page.locator(".breaking time").inner_text() == "1:30 PM"
    with opened(browser, f"{address}/articles/story-1/", java_script_enabled=False) as page:
        assert page.locator(".contributors").is_visible()


def test_pages_work_under_a_strict_content_security_policy(browser: Browser, address: str) -> None:
    policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"
    context = browser.new_context()
    page = context.new_page()
    page.clock.set_fixed_time(sample_publication.AT)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.route(
        "**/*",
        lambda route: route.fulfill(
            response=(answer := route.fetch()),
            headers={**answer.headers, "content-security-policy": policy},
        ),
    )
    page.goto(f"{address}/articles/story-3/", wait_until="networkidle")
    assert page.locator(".breaking").count() == 1
    assert page.eval_on_selector("body", "e => getComputedStyle(e).margin") == "0px"
    assert said == []
    context.close()


def test_the_keyboard_can_skip_to_the_content(browser: Browser, address: str) -> None:
    with opened(browser, address) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.locator(".skip").bounding_box()["x"] == 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"


def test_nothing_jumps_while_a_page_loads(browser: Browser, address: str) -> None:
    with opened(browser, f"{address}/articles/story-1/", width=PHONE) as page:
        shift = page.evaluate(
            """() => new Promise(done => new PerformanceObserver(list =>
                 done(list.getEntries().reduce((sum, e) => sum + e.value, 0)))
               .observe({type: 'layout-shift', buffered: true}) || setTimeout(() => done(0), 500))"""
        )
        assert shift == 0


def test_on_paper_links_tell_their_address_and_advertising_stays_off(
    browser: Browser, address: str
) -> None:
    with opened(browser, f"{address}/articles/story-1/") as page:
        page.emulate_media(media="print")
        after = page.eval_on_selector(
            ".body a[href^=http]", "e => getComputedStyle(e, '::after').content"
        )
        assert "https://example.org/evacuation" in after or "attr" in after
        assert not page.locator(".ad").first.is_visible()
        assert page.locator("figcaption").first.is_visible()
        own = page.locator(".printed")
        assert own.inner_text() == page.locator("link[rel=canonical]").get_attribute("href")
        assert own.is_visible()
        page.emulate_media(media="screen")
        assert not own.is_visible()


def test_on_paper_the_address_is_at_the_side_where_its_lines_begin(
    browser: Browser, address: str
) -> None:
    with opened(browser, f"{address}/articles/story-1/") as page:
        page.emulate_media(media="print")
        for direction in ("ltr", "rtl"):
            story, own = page.locator(".story"), page.locator(".printed bdi")
            story.evaluate("(story, direction) => { story.dir = direction }", direction)
            box, line = _box(own), _box(page.locator(".signed"))
            left, right = box["x"] - line["x"], line["x"] + line["width"] - box["x"] - box["width"]
            near, far = (left, right) if direction == "ltr" else (right, left)
            assert near < 1 < far


@pytest.mark.parametrize("width", [768, DESKTOP])
def test_the_name_is_in_the_middle_and_a_long_one_leaves_the_date_its_room(
    browser: Browser, address: str, width: int
) -> None:
    with opened(browser, address, width=width) as page:
        name, date = page.locator(".nameplate a"), page.locator(".today")
        assert abs(_middle(name) - width / 2) < 10
        sections = [_box(item) for item in page.locator(".sections li").all()]
        assert sections[0]["x"] + sections[-1]["x"] + sections[-1]["width"] == pytest.approx(
            width, abs=1
        )
        line = date.evaluate("date => parseFloat(getComputedStyle(date).lineHeight)")
        name.evaluate("name => { name.textContent = 'The Northern Islands Post '.repeat(5) }")
        assert _box(date)["height"] <= 2 * line + 1
        assert abs(_middle(name) - width / 2) < width / 20


def _box(element: Locator) -> FloatRect:
    box = element.bounding_box()
    assert box is not None
    return box


def _middle(element: Locator) -> float:
    box = _box(element)
    return box["x"] + box["width"] / 2
