"""The reviewer's page in a browser: from the proof to the decision, and for everybody to use."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from syndicate import clock
from syndicate.model.editions import EditionState
from tests import checkers
from tests.schedule.conftest import BREAKING, ScheduleHarness
from tests.web.review.conftest import ADA, MAREN, REVIEW, ReviewNewsroom

pytestmark = [pytest.mark.browser, pytest.mark.neighbours]

SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"


@dataclass
class ServedNewsroom:
    """A newsroom whose edition waits, and the address of Maren's page."""

    room: ReviewNewsroom
    link: str
    text: str
    """The same page, as its source."""


@pytest.fixture
def served(web, sqlite_store, publication) -> ServedNewsroom:
    tables = {"schedules": [{**BREAKING, "approve": True, "hold": "5m"}], "review": REVIEW}
    client = web(**tables)
    config = publication(**tables, web={"port": client.base_url.port})
    harness = ScheduleHarness(sqlite_store, config)
    now = clock.now()
    harness.subscribe(ADA)
    harness.file("ferry", title=f"Ferry & tram {LONG}", at=now)
    harness.tick(now)
    room = ReviewNewsroom(harness, lambda _: None, now=now)
    path = room.link()
    return ServedNewsroom(room, f"{client.base_url}{path}".replace("//review", "/review"), path)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


def test_an_editor_approves_on_a_phone_and_then_stops_it_without_another_code(served, page):
    page.goto(served.link)
    page.get_by_role("button", name="Approve").click()
    field = page.get_by_label("The code we emailed to m•••@example.org")
    assert field.evaluate("element => element === document.activeElement")
    field.fill("000000")
    page.get_by_role("button", name="Approve", exact=True).click()
    page.get_by_role("alert").wait_for()
    code = served.room.code()
    page.get_by_label("The code we emailed").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Approve", exact=True).click()
    assert "Maren Tolk approved it" in page.get_by_role("status").inner_text()
    assert page.url == served.link
    assert not page.evaluate(SIDEWAYS)
    page.get_by_role("button", name="Stop").click()
    assert "Maren Tolk stopped it" in page.get_by_role("status").inner_text()
    assert served.room.state() is EditionState.REJECTED


def test_a_reload_while_the_code_is_awaited_mails_no_other_one(served, page):
    page.goto(served.link)
    page.get_by_role("button", name="Stop").click()
    page.reload()
    page.get_by_label("The code we emailed").wait_for()
    assert len(served.room.mail(MAREN, "code")) == 1


def test_the_edition_is_seen_at_both_widths_and_as_text(served, page):
    page.set_viewport_size({"width": 1280, "height": 1900})
    page.goto(served.link, wait_until="networkidle")
    assert [frame.evaluate("innerWidth") for frame in page.frames[1:]] == [360, 640, 360, 640]
    page.get_by_role("group", name="Width").get_by_role("link", name="Phone").click()
    assert page.locator("iframe").count() == 2
    page.get_by_role("link", name="Text", exact=True).click()
    assert "All about ferry." in page.locator("pre").inner_text()


def test_axe_finds_no_barrier(browser, served):
    page = browser.new_page()
    page.goto(served.link)
    assert checkers.barriers(page, 360, 1280) == []
    page.get_by_label("Note").fill("x")
    page.get_by_role("button", name="Send back").click()
    page.get_by_label("The code we emailed").fill("1")
    page.get_by_role("button", name="Send back").click()
    page.get_by_role("alert").wait_for()
    assert checkers.barriers(page, 360, 1280) == []
    page.close()


def test_the_nu_checker_has_nothing_to_say(served, tmp_path):
    browser = served.room.opened()
    pages = [browser.page]
    pages.append(browser.get(f"{served.text}?view=text").text)
    browser.press("send-back", note="x")
    pages.append(browser.page)
    browser.press("send-back", code=served.room.code())
    pages.append(browser.page)
    files = []
    for number, text in enumerate(pages):
        files.append(tmp_path / f"{number}.html")
        files[-1].write_text(text)
    accepted = ("appears to be written in", "@container", "“container”")
    assert [line for line in checkers.nu(files) if not any(a in line for a in accepted)] == []
