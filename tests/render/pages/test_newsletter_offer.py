"""The newsletters on the home page: which, in which words, and where the form leads."""

import pytest

from syndicate.config import Newsletter
from syndicate.config.sections.navigation import NavigationSettings
from syndicate.config.sections.newsletters import Schedule
from syndicate.model.own_pages import OwnPage
from syndicate.render.pages import ListPages, PageFrame
from syndicate.render.templates import Templates
from tests.render.pages import sample_publication
from tests.render.pages.list_samples import blocks, home
from tests.render.pages.test_article_page import read, text

BRIEFING = Newsletter(name="briefing", title="The Briefing", description="All before coffee.")
PORT = Newsletter(name="port", title="Hafenpost", language="de")
STAFF = Newsletter(name="staff", offered=False)
AT_SEVEN = Schedule(name="early", newsletter="briefing", cron="0 7 * * mon-fri")
SIGNUP = "https://post.example/signup"


@pytest.fixture
def front(tmp_path):
    """Render a home page."""

    def rendered(*newsletters, articles=(), own_pages=(), **tables):
        config = sample_publication.config(tmp_path)
        config = config.override(newsletters=newsletters, schedules=(AT_SEVEN,), **tables)
        lists = ListPages(PageFrame(config, Templates(), own_pages=own_pages))
        return read(home(lists, articles, sections=blocks(articles)))

    return rendered


def test_each_newsletter_has_its_name_its_promise_and_how_often_it_comes(front):
    page = front(STAFF, BRIEFING, PORT)
    assert [tick.text_content().split("  ") for tick in page.cssselect(".letters .tick span")] == [
        ["The Briefing All before coffee. weekdays at 7 AM"],
        ["Hafenpost from time to time"],
    ]
    (port,) = page.xpath("//b[.='Hafenpost']")
    assert (port.get("lang"), port.get("dir")) == ("de", "auto")
    assert page.xpath("//h2[@id='letters']/a/@href") == ["https://post.example/newsletters/"]


def test_the_form_leads_to_the_sign_up_page_with_what_was_ticked_and_an_address(front):
    (form,) = front(BRIEFING, PORT).cssselect(".letters form")
    assert (form.get("method"), form.get("action")) == ("post", SIGNUP)
    form.fields["email"] = "anna@example.org"
    assert form.form_values() == [("email", "anna@example.org"), ("card", "1")]
    form.cssselect("[value=port]")[0].checked = True
    assert form.form_values()[0] == ("newsletter", "port")


def test_a_single_newsletter_needs_no_tick(front):
    (form,) = front(BRIEFING).cssselect(".letters form")
    assert ("newsletter", "briefing") in form.form_values()
    assert not form.cssselect("[type=checkbox], fieldset")
    assert "All before coffee." in form.text_content()


def test_editors_choose_them_and_their_order_or_none(front):
    def names(*listed):
        page = front(BRIEFING, PORT, navigation=NavigationSettings(newsletters=listed))
        return page.xpath("//*[contains(@class, 'letters')]//input[@name='newsletter']/@value")

    assert names("port", "briefing") == ["port", "briefing"]
    assert names() == []
    assert not front(STAFF).cssselect(".letters")


def test_they_are_below_the_sections_and_also_where_nothing_has_been_published(front):
    page = front(BRIEFING, articles=sample_publication.edition())
    parts = [part.get("class").split()[1] for part in page.cssselect("main > .sheet")]
    assert parts == ["front", "letters", "beyond"]
    assert [part.get("class") for part in front(BRIEFING).cssselect("main > *")] == [
        "sheet notice",
        "sheet letters",
    ]


def test_the_page_about_data_is_linked_where_there_is_one(front):
    privacy = OwnPage(file="pages/privacy.md", slug="privacy", title="Privacy", body="")
    links = "//*[@class='enter']//small/a/@href"
    shelf = "https://post.example/newsletters/"
    assert front(BRIEFING).xpath(links) == [shelf]
    assert front(BRIEFING, own_pages=(privacy,)).xpath(links) == ["/privacy/", shelf]
    assert text(front(BRIEFING), ".enter small").endswith("All newsletters")
