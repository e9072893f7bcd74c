"""What the two sides of a change of address learn: nothing of what we know of the other."""

import json
from dataclasses import replace
from datetime import timedelta
from email.utils import parseaddr

import pytest

from syndicate import clock
from tests.causes import by_test
from tests.web.known_reader import TABLES, status_text, subscribe_anna
from tests.web.readers.mover import NEW, Mover

pytestmark = pytest.mark.neighbours


@pytest.fixture
def mover(web, sqlite_store, publication):
    return Mover(subscribe_anna(web(**TABLES), sqlite_store, publication(**TABLES)))


def test_the_answer_is_the_same_whatever_we_know(mover):
    mover.subscribe("known@example.org", "breaking")
    with mover.store.write() as tx:
        tx.subscribers.suppress("gone@example.org", "550", cause=by_test(clock.now()))
    stranger, *others = (
        mover.ask(email).text
        for email in (
            "new@example.org",
            "known@example.org",
            "gone@example.org",
            " Anna@EXAMPLE.org",
        )
    )
    assert set(others) == {stranger}
    assert set(mover.letters) == {"anna@example.org", "new@example.org", "known@example.org"}
    subjects = [kept.subject for kept in mover.site.letters()]
    assert (
        subjects.count("Send your newsletters to a new address?") == 3
    )  # none for her own address


def withhold(mover, how):
    """Make NEW an address that is not written to."""
    if how == "suppressed":
        with mover.store.write() as tx:
            tx.subscribers.suppress(NEW, "550", cause=by_test(clock.now()))
        return
    for _ in range(mover.anna.config.signup.per_address):
        mover.site.sign_up(NEW, newsletter="culture")


def seen(mover, email):
    """All that who holds the old address sees of a change, until it is over."""
    own = mover.anna.person.email
    asked = status_text(mover.ask(email))
    link = mover.link(own)
    pages = [mover.anna.client.get(link), mover.confirm(link), mover.confirm(link)]
    with pytest.MonkeyPatch.context() as patch:
        now = clock.now()
        for hours in (47, 49):
            later = now + timedelta(hours=hours)
            patch.setattr(clock, "now", lambda later=later: later)
            pages += [mover.anna.client.get(link), mover.confirm(link)]
    data = json.loads(mover.anna.with_data("download").content)
    questions = [(item["kind"], item["asked"]) for item in data["questions"]]
    trail = [(change.action, change.detail, change.cause.how) for change in mover.anna.trail[:-1]]
    letters = [kept.subject for kept in mover.site.letters() if parseaddr(kept.to)[1] == own]
    answers = [(page.status_code, page.text.replace(link, "LINK")) for page in pages]
    return asked, answers, questions, trail, letters


@pytest.mark.usefixtures("within_the_hour")
@pytest.mark.parametrize("how", ["suppressed", "limited"])
def test_the_old_address_learns_nothing_of_the_new_one(web, sqlite_store, publication, how):
    tables = TABLES | {"signup": {"expire_after": "2d"}}
    anna = subscribe_anna(web(**tables), sqlite_store, publication(**tables))
    ada = replace(anna, key=Mover(anna).subscribe("ada@example.org", "breaking"))
    withhold(Mover(anna), how)
    expected = seen(Mover(ada), "free@example.net")
    assert seen(Mover(anna), NEW) == expected
    _, answers, questions, _, letters = expected
    assert [status for status, _ in answers] == [200] * 5 + [410] * 2
    assert "the email to your new address" in answers[1][1]
    assert questions == [("address", {}), ("data", {})]
    assert letters == ["Send your newsletters to a new address?", "Your data at Morning Post"]
    assert anna.person.email == "anna@example.org"


def test_a_new_address_that_bounces_looks_like_a_slow_one(mover):
    mover.ask()
    link = mover.link("anna@example.org")
    with mover.store.write() as tx:
        tx.subscribers.suppress(NEW, "550", cause=by_test(clock.now()))
    assert "the email to your new address" in mover.confirm(link).text
    assert mover.confirm(mover.link(NEW)).status_code == 410
    assert mover.anna.person.email == "anna@example.org"
