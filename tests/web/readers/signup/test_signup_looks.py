"""Signing up as a person does it: in a browser, with the keyboard, with and without script."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from syndicate import clock
from syndicate.render.pages import ListPages, PageFrame
from syndicate.render.templates import Templates
from tests import checkers
from tests.render.pages import sample_publication
from tests.render.pages.list_samples import offers

pytestmark = pytest.mark.browser

SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
TABLES: dict[str, Any] = {
    "newsletters": [
        {"name": "breaking", "title": "Breaking news", "description": "What can't wait."},
        {"name": "briefing", "title": "The Briefing", "language": "de"},
    ],
    "signup": {"fields": [{"name": "city", "label": "Where you live", "required": True}]},
}
SMALL = "Array.from(document.querySelectorAll('button, .button, .tick, input:not([type=checkbox]):not([type=hidden])')).filter(e => !e.closest('.unseen') && e.getBoundingClientRect().height < 44).length"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def fill(page: Page) -> None:
    page.get_by_label("Email address").fill("anna@example.org")
    page.get_by_label("Where you live").fill("Hamburg")
    page.get_by_label("Breaking news").check()


def a_moment_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three seconds pass: a form that is sent within two counts as a program's."""
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(seconds=3))


def test_a_reader_signs_up_and_confirms_without_script(page, site, monkeypatch):
    opened = site(**TABLES)
    page.goto(f"{opened.client.base_url}/signup")
    fill(page)
    a_moment_later(monkeypatch)
    page.get_by_role("button", name="Subscribe").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Check your inbox"
    opened.letters()
    page.get_by_role("link", name="Read it in the outbox").click()
    mail = page.frame_locator("iframe").first
    address = mail.get_by_role("link", name="Yes, subscribe me").get_attribute("href")
    page.goto(address)
    page.get_by_role("button", name="Yes, subscribe me").click()
    assert page.get_by_role("heading", level=1).inner_text() == "You’re subscribed"
    assert opened.states() == {"breaking": "confirmed"}
    page.get_by_role("link", name="Your preferences").click()
    assert "/preferences/" in page.url


def test_the_keyboard_reaches_each_field_in_turn_and_not_the_trap(browser, site):
    page = browser.new_page()
    page.goto(f"{site(**TABLES).client.base_url}/signup")
    page.locator("main").focus()  # where the skip link leads
    reached = []
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.value"))
    assert reached[:5] == ["email", "name", "fields.city", "breaking", "briefing"]
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.close()


def test_a_mistake_is_a_link_to_its_field(page, site):
    page.goto(f"{site(**TABLES).client.base_url}/signup")
    page.get_by_label("Email address").fill("anna@")
    page.get_by_role("button", name="Subscribe").click()
    problems = page.get_by_role("alert").get_by_role("link")
    assert problems.all_inner_texts() == [
        "Email address",
        "Where you live",
        "Which newsletters would you like?",
    ]
    problems.nth(1).click()
    assert page.url.endswith("#fields.city")
    described = page.get_by_label("Email address").get_attribute("aria-describedby")
    assert "a complete email address" in page.locator(f"#{described}").inner_text()


def test_the_browser_does_the_sum_by_itself(browser, site, monkeypatch):
    opened = site(**TABLES | {"signup": TABLES["signup"] | {"proof_of_work": True}})
    page = browser.new_page()
    failures: list[Any] = []

    def note(message: Any) -> None:
        where = getattr(message, "location", {}).get("url", "")
        # nothing has been built, so there is no icon
        if getattr(message, "type", "error") == "error" and not where.endswith(".ico"):
            failures.append(message)

    page.on("pageerror", note)
    page.on("console", note)
    page.goto(f"{opened.client.base_url}/signup")
    fill(page)
    a_moment_later(monkeypatch)
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Check your inbox").wait_for()
    assert opened.states() == {"breaking": "pending"}
    assert failures == []
    page.close()


def test_axe_finds_no_barrier_after_the_form(browser, site, monkeypatch):
    """The form itself: `tests/web/every_page`."""
    opened = site(**TABLES)
    page = browser.new_page()

    def look() -> None:
        assert checkers.barriers(page, 320, 1280) == []
        assert page.evaluate(SMALL) == 0

    page.goto(f"{opened.client.base_url}/signup")
    page.get_by_role("button", name="Subscribe").click()
    look()
    fill(page)
    a_moment_later(monkeypatch)
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("heading", name="Check your inbox").wait_for()
    look()
    page.goto(f"{opened.client.base_url}{opened.link()}")
    look()
    page.get_by_role("button", name="Yes, subscribe me").click()
    page.get_by_role("heading", name="You’re subscribed").wait_for()
    look()
    opened.letters()
    (name,) = [file.name for file in (opened.config.root / "outbox").iterdir()]
    page.goto(f"{opened.client.base_url}/outbox/{name}/body")
    assert not page.evaluate(SIDEWAYS)
    for theme, colour in (("light", "rgb(11, 92, 138)"), ("dark", "rgb(134, 197, 236)")):
        page.emulate_media(color_scheme=theme)
        ground = page.evaluate("getComputedStyle(document.querySelector('.act a')).backgroundColor")
        assert ground == colour
    button = page.locator(".act table").bounding_box()
    assert button["height"] == 44
    page.close()


@pytest.fixture
def following(site, tmp_path):
    """A publication with its page about feeds, which has the form as well."""
    opened = site(**TABLES)
    frame = PageFrame(opened.config, Templates())
    files = frame.assets() | {
        "subscribe/index.html": ListPages(frame).subscribe(
            offers(opened.config, sample_publication.edition())
        )
    }
    for name, content in files.items():
        file = opened.config.output / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return opened


def test_a_reader_signs_up_beside_the_feeds(page, following):
    page.goto(f"{following.client.base_url}/subscribe/")
    fill(page)
    page.get_by_role("button", name="Subscribe").click()  # as fast as can be: it has no stamp
    assert page.get_by_role("heading", level=1).inner_text() == "Check your inbox"
    assert following.states() == {"breaking": "pending"}


def test_a_mistake_beside_the_feeds_comes_back_with_what_was_typed(page, following):
    page.goto(f"{following.client.base_url}/subscribe/")
    page.get_by_label("Email address").fill("anna@example.org")
    page.get_by_role("button", name="Subscribe").click()
    assert page.url.endswith("/signup")
    assert page.get_by_label("Email address").input_value() == "anna@example.org"
    assert "Please fill this in." in page.get_by_role("alert").inner_text()


def test_nobody_is_asked_beside_the_feeds_where_nobody_can_sign_up(publication):
    closed: list[dict[str, Any]] = [{"signup": {"enabled": False}}, {"newsletters": []}]
    for tables in closed:
        config = publication(**tables)
        assert b"<form" not in ListPages(PageFrame(config, Templates())).subscribe(
            offers(config, sample_publication.edition())
        )
