"""The row that shares a story, in Chromium: with the system's share sheet, without it, without script."""

import re

import pytest

from tests.render.pages.test_looks import opened

pytestmark = [pytest.mark.browser, pytest.mark.neighbours]

STORY = "/articles/story-2/"
SHEET = "navigator.share = async (shared) => { window.shared = shared; };"
CLIPBOARD = """Object.defineProperty(navigator, "clipboard", {
  value: { writeText: async (text) => { window.copied = text; } } });"""


@pytest.fixture
def page(browser, address):
    with opened(browser) as page:
        page.add_init_script(SHEET + CLIPBOARD)
        page.goto(address + STORY)
        yield page


def test_the_share_sheet_gets_headline_and_address(page):
    page.get_by_role("button", name="Share …").click()
    shared = page.evaluate("window.shared")
    assert shared == {
        "title": page.locator("h1").inner_text(),
        "url": f"https://post.example{STORY}",
    }


def test_copying_the_link_says_that_it_is_copied(page):
    row, before = page.locator(".share"), page.url
    row.get_by_role("button", name="Copy link").click()
    row.get_by_role("status").get_by_text("Link copied").wait_for()
    assert page.evaluate("window.copied") == f"https://post.example{STORY}"
    assert page.url == before


def test_without_a_script_there_are_a_link_and_mail_and_no_dead_button(browser, address):
    with opened(browser, address + STORY, java_script_enabled=False) as page:
        row = page.locator(".share")
        assert row.get_by_role("link", name="Link to this story").is_visible()
        mail = row.get_by_role("link", name=re.compile("email")).get_attribute("href")
        assert (mail or "").startswith("mailto:?subject=")
        assert row.get_by_role("button").count() == 0
