"""What those who leave are offered instead: a newsletter that comes less often, or a pause."""

from datetime import timedelta

import pytest
from lxml import html

from syndicate import clock
from tests.causes import by_test
from tests.web.readers.unsubscribe.leaving_reader import AT, known_reader

pytestmark = pytest.mark.neighbours

NEWSLETTERS = [
    {"name": "breaking"},
    {"name": "briefing", "title": "The Morning Briefing"},
    {"name": "weekend", "title": "Das Wochenende", "language": "de"},
    {"name": "staff", "offered": False},
    {"name": "letters-page"},
]
SCHEDULES = [
    {"name": "breaking", "newsletter": "breaking", "every": "1m"},
    {"name": "briefing", "newsletter": "briefing", "cron": "0 7 * * mon-fri"},
    {"name": "weekend", "newsletter": "weekend", "cron": "0 9 * * sat"},
    {"name": "staff", "newsletter": "staff", "cron": "0 9 * * sun"},
]


def offered_instead(page):
    found = html.document_fromstring(page.text).xpath("//ul[@class='newsletters']//h3")
    return [heading.text for heading in found if heading.get("id") != "pause"]


@pytest.mark.parametrize(
    ("left", "instead"),
    [
        ("breaking", ["The Morning Briefing", "Das Wochenende"]),
        ("briefing", ["Das Wochenende"]),
        ("weekend", []),
        ("letters-page", []),
    ],
)
def test_who_leaves_is_offered_what_comes_less_often(web, sqlite_store, publication, left, instead):
    tables = {"newsletters": NEWSLETTERS, "schedules": SCHEDULES}
    reader = known_reader(web(**tables), sqlite_store, publication(**tables), left)
    page = reader.client.post(reader.path, data={"action": "leave"})
    assert reader.state == "left"  # before anything is offered
    assert offered_instead(page) == instead


def test_no_more_than_three_newsletters_are_offered(web, sqlite_store, publication):
    names = ["breaking", *(f"weekly-{number}" for number in range(5))]
    every = ["1m", *["7d"] * 5]
    tables = {
        "newsletters": [{"name": name} for name in names],
        "schedules": [
            {"name": name, "newsletter": name, "every": interval}
            for name, interval in zip(names, every, strict=True)
        ],
    }
    reader = known_reader(web(**tables), sqlite_store, publication(**tables))
    page = reader.client.post(reader.path, data={"action": "leave"})
    assert offered_instead(page) == ["Weekly 0", "Weekly 1", "Weekly 2"]


def test_what_a_reader_gets_already_is_not_offered_and_the_rest_takes_a_letter(
    web, sqlite_store, publication
):
    tables = {"newsletters": NEWSLETTERS, "schedules": SCHEDULES}
    reader = known_reader(web(**tables), sqlite_store, publication(**tables))
    with sqlite_store.write() as tx:
        tx.subscribers.subscribe("anna@example.org", "briefing", cause=by_test(AT))
    page = reader.client.post(reader.path, data={"action": "leave"})
    assert offered_instead(page) == ["Das Wochenende"]
    (form,) = html.document_fromstring(page.text).xpath("//form[.//button[@value='join']]")
    answer = reader.client.post(
        form.get("action"), data={"action": "join", "newsletter": "weekend"}
    )
    assert (
        "We’ve sent an email to a•••@example.org"
        in html.document_fromstring(answer.text).text_content()
    )
    with sqlite_store.read() as tx:
        found = tx.subscribers.by_key(reader.key)
    assert {item.newsletter: item.state for item in found.subscriptions}["weekend"] == "pending"


def test_who_leaves_may_pause_instead_and_the_pause_ends_by_itself(reader):
    reader.client.post(reader.path, data={"action": "leave"})
    page = reader.client.post(reader.path, data={"action": "pause"})
    assert "Your mail is paused" in page.text
    assert reader.state == "confirmed"
    until = reader.everything.paused_until
    assert timedelta(days=29) < until - clock.now() < timedelta(days=31)
    actions = [(change.action, change.cause.how) for change in reader.trail[-2:]]
    how = "pause on the unsubscribe page"
    assert actions == [("rejoined", how), ("paused", how)]
    with reader.store.write() as tx:
        before, after = (
            tx.editions.count_readers("breaking", newest=1, segment=None, at=at)
            for at in (clock.now(), until)
        )
    assert (before, after) == (0, 1)


def test_a_pause_that_is_longer_than_a_month_stays(reader):
    until = clock.now() + timedelta(weeks=8)
    with reader.store.write() as tx:
        tx.subscribers.pause(reader.key, until, cause=by_test(AT))
    reader.client.post(reader.path, data={"action": "leave"})
    assert "Your mail is paused" in reader.client.post(reader.path, data={"action": "pause"}).text
    assert reader.everything.paused_until == until
    assert reader.state == "confirmed"


def test_an_old_link_pauses_nobody_back_into_a_newsletter(reader, monkeypatch):
    reader.client.post(reader.path, data={"action": "leave"})
    later = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    page = reader.client.post(reader.path, data={"action": "pause"})
    assert "You’ve unsubscribed" in page.text
    assert 'value="pause"' not in page.text
    assert (reader.state, reader.everything.paused_until) == ("left", None)
