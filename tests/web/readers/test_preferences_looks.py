"""The pages behind readers' links, used in a browser as people do."""

import json
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from syndicate.deliver.message.links import SignedLinks
from tests import checkers
from tests.causes import by_test
from tests.web.known_reader import TABLES, KnownReader, path_of, subscribe_anna
from tests.web.readers.mover import NEW, Mover

pytestmark = [pytest.mark.browser, pytest.mark.neighbours]


@pytest.fixture
def anna(web, sqlite_store, publication):
    return subscribe_anna(web(**TABLES), sqlite_store, publication(**TABLES))


def at(anna: KnownReader) -> str:
    return str(anna.client.base_url).rstrip("/") + anna.path


def data(anna: KnownReader) -> str:
    """Return the address that the letter to Anna's data leads to."""
    return str(anna.client.base_url).rstrip("/") + anna.data_link()


def judged(page: Page) -> None:
    assert checkers.barriers(page, 360, 1280) == []


def button(page: Page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def test_no_page_has_barriers_after_a_button(browser, anna):
    """Pages as a link opens them: `tests/web/every_page`."""
    page = browser.new_page()
    page.goto(at(anna))
    button(page, "Pause").click()
    judged(page)
    page.get_by_label("New address").fill("anna@localhost")
    button(page, "Send the emails").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing was changed")
    judged(page)
    button(page, "Email me the link").click()
    expect(page.get_by_role("status")).to_contain_text("We’ve emailed a link")
    judged(page)
    page.goto(data(anna))
    judged(page)
    page.get_by_label("Name").fill("x" * 200)
    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    judged(page)
    button(page, "Delete my data…").click()
    judged(page)
    page.goto(at(anna).replace(anna.path, path_of(anna.links.unsubscribe(anna.key, "breaking"))))
    button(page, "Unsubscribe").click()
    judged(page)
    page.get_by_label("Something else").check()
    page.get_by_label("In your own words").fill("Too loud")
    button(page, "Send").click()
    expect(page.get_by_role("status")).to_have_text("Thank you for telling us.")
    judged(page)
    page.close()
    assert anna.trail[-1].detail == "other: Too loud"


def test_a_reader_decides_everything_without_script(browser, anna):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(at(anna))
    button(page, "Subscribe Culture & more").click()
    expect(page.get_by_role("status")).to_contain_text("We’ve sent an email to a•••@example.org.")
    page.get_by_label("For how long?").select_option(label="4 weeks")
    button(page, "Pause").click()
    button(page, "End the pause now").click()
    page.get_by_role("combobox", name="Language").select_option(label="Deutsch")
    page.get_by_role("region", name="Language").get_by_role("button").click()
    expect(page.get_by_role("status")).to_have_text("Gespeichert.")
    expect(page.get_by_role("heading", name="Sprache")).to_be_visible()
    button(page, "Alles abbestellen").click()
    assert set(anna.states.values()) == {"left"}
    button(page, "Link per E-Mail anfordern").click()
    expect(page.get_by_role("status")).to_contain_text("Wir haben einen Link")
    page.goto(data(anna))
    page.get_by_label("Where you live").fill("Bonn")
    button(page, "Speichern").click()
    with page.expect_download() as coming:
        button(page, "Alles herunterladen").click()
    exported = json.loads(coming.value.path().read_text())
    assert exported["person"]["fields"] == {"city": "Bonn"}
    button(page, "Meine Daten löschen …").click()
    button(page, "Alles löschen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Auf Wiedersehen")
    assert anna.gone
    context.close()


def test_the_keyboard_alone_is_enough(browser, anna):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(at(anna))
    reach(page, "Pause")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your newsletters are paused until")
    reach(page, "Unsubscribe from everything")
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_have_text("You’ve unsubscribed from everything.")
    page.goto(data(anna))
    reach(page, "Delete my data…")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delete everything")
    reach(page, "Delete everything")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Goodbye")
    context.close()


def reach(page: Page, name: str) -> None:
    """Press Tab until what has this name is focused, and is seen to be."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"Tab never comes to {name}")


def test_a_reader_moves_by_the_buttons_of_two_letters(browser, anna):
    mover = Mover(anna)
    page = browser.new_page()
    page.goto(at(anna))
    page.get_by_label("New address").fill(NEW)
    button(page, "Send the emails").click()
    base = str(anna.client.base_url).rstrip("/")
    for email, name in ((NEW, "this address"), ("anna@example.org", "the new address")):
        page.goto(base + mover.link(email))
        assert checkers.axe(page) == []
        button(page, f"Yes, use {name}").click()
        assert checkers.axe(page) == []
    expect(page.get_by_role("heading", level=1)).to_have_text("Your address has been changed")
    page.close()


def test_a_reader_leaves_and_comes_back_by_the_buttons(browser, web, sqlite_store, publication):
    joined = datetime(2026, 11, 24, tzinfo=UTC)
    with sqlite_store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", "breaking", cause=by_test(joined))
        token = (
            SignedLinks(publication(), tx.keys.secret("links"))
            .unsubscribe(1, "breaking")
            .rpartition("/")[2]
        )
    page = browser.new_page()
    page.goto(f"{web().base_url}/unsubscribe/{token}")
    page.get_by_role("button", name="Unsubscribe").click()
    assert page.get_by_role("heading", level=1).inner_text() == "You’ve unsubscribed"
    page.get_by_role("button", name="Subscribe again").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Welcome back"
    page.close()
