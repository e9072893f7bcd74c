"""The archive and an edition in the browser, walked through as a person does."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Page

from syndicate.config import Newsletter
from syndicate.deliver.message.links import SignedLinks
from syndicate.model.editions import Draft, EditionKind, Item
from syndicate.render.mail.edition_content import mark_links
from tests.render.mail.samples import alert, config, digest, stories, story
from tests.sample_editions import freeze, subscribe

pytestmark = [pytest.mark.browser, pytest.mark.neighbours]

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
NEWSLETTERS: list[dict[str, Any]] = [
    {
        "name": "breaking",
        "title": "Breaking news",
        "description": "What can't wait, when it happens.",
        "tracking": "readers",
    },
    {
        "name": "briefing",
        "title": "Morgenlage",
        "language": "de",
        "description": "Was heute zählt.",
    },
]
LONG = "An edition with a headline that runs on and on, as the one of a committee's report does"


@pytest.fixture
def place(web, sqlite_store, publication):
    """The address of a publication's archive with 70 editions, and of Anna's own copy of one."""
    anna = subscribe(sqlite_store, at=AT)
    for number in range(68):
        freeze(sqlite_store, at=AT + timedelta(days=number), subject=f"{LONG}, {number}", links=())
    newsletter = Newsletter.model_validate(NEWSLETTERS[0])
    for composed in (alert(story()), digest(stories())):
        content, leads = mark_links(composed, newsletter, config())
        draft = Draft(
            newsletter="breaking",
            schedule=None,
            kind=EditionKind.DIGEST,
            content=content,
            items=(Item(article=1, revision=1),),
            upto=1,
            newest=1,
            created_at=AT + timedelta(days=70),
            expires_at=AT + timedelta(days=71),
            links=leads,
        )
        with sqlite_store.write() as tx:
            last = tx.editions.add(draft)
    client = web(newsletters=NEWSLETTERS, publication={"language": "en"})
    with sqlite_store.read() as tx:
        links = SignedLinks(publication(), tx.keys.secret("links"))
    view = urlsplit(links.view(last.key, anna)).path
    base = str(client.base_url)
    return urljoin(base, "/newsletters/"), urljoin(base, view)


def test_a_reader_walks_through_the_archive(browser, place):
    page = browser.new_page(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page.goto(place[0])
    follow(page, "Breaking news")
    assert page.get_by_role("heading", level=1).inner_text() == "Breaking news"
    follow(page, "Older editions")
    assert page.url.endswith("/breaking/page/1/")
    follow(page, "Newer editions")
    page.get_by_role("listitem").first.get_by_role("link").click()
    assert page.url.endswith("/breaking/70/")
    follow(page, "Previous edition")
    assert page.title().startswith("City opens the dam after four days of rain · February 2, 2027")
    follow(page, "All editions")
    assert page.url.endswith("/breaking/")
    page.close()


def test_the_archive_can_be_walked_by_keyboard(browser, place):
    page = browser.new_page()
    page.goto(f"{place[0]}breaking/70/")
    met = []
    page.locator(".edition-bar b a").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.textContent"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert met == ["All editions", "Previous edition", "Subscribe"]
    page.close()


def test_an_edition_in_the_browser_shows_nothing_of_its_reader(browser, place):
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(place[1])
    assert "anna@" not in page.content()
    assert page.get_by_role("main").get_by_role("link", name="Subscribe").count() == 1
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 253, 249)"
    assert not [url for url in asked if "/c/" in url]
    page.close()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).first.click()
