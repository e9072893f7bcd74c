"""A change of address: both have to agree, and nobody learns what we know of the new one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from structlog.testing import capture_logs

from syndicate import clock
from syndicate.errors import TemplateError
from syndicate.model.deliveries import ClaimRequest, Lease
from syndicate.model.subscribers import Action, Actor, ConfirmationKind, SuppressionKind
from syndicate.store.audience.subscribers import Confirmations
from syndicate.web.forms import Form
from syndicate.web.pages import WebPages
from syndicate.web.readers.address_change import AddressChange
from syndicate.web.readers.letters import LetterSender, SignupLimits
from syndicate.web.readers.signup_requests import SignupValidator
from syndicate.web.telemetry.counters import RequestCounters
from tests.causes import by_test
from tests.deliver import editions
from tests.web.known_reader import (
    TABLES,
    dump,
    dump_without_limits,
    path_of,
    questions_to,
    status_text,
    subscribe_anna,
)
from tests.web.readers.mover import NEW, Mover

pytestmark = pytest.mark.neighbours

ORDERS = ((NEW, "anna@example.org"), ("anna@example.org", NEW))


@pytest.fixture
def mover(web, sqlite_store, publication):
    return Mover(subscribe_anna(web(**TABLES), sqlite_store, publication(**TABLES)))


def test_each_address_gets_a_letter_with_a_question(mover):
    page = mover.ask()
    assert status_text(page).startswith(
        "If we may write to that address, we’ve sent an email to both."
    )
    assert mover.letters == {
        NEW: "Is this your new address?",
        "anna@example.org": "Send your newsletters to a new address?",
    }
    old, new = mover.question("anna@example.org"), mover.question(NEW)
    assert old.asked == {"from": mover.anna.key, "to": new.subscriber, "pair": new.letter}
    assert new.asked == old.asked | {"pair": old.letter}
    assert mover.anna.states == {"breaking": "confirmed"}
    assert mover.anna.last.action is Action.ASKED


@pytest.mark.parametrize("order", ORDERS, ids=["new address first", "old address first"])
def test_when_both_agree_everything_moves(mover, order):
    edition = editions.freeze(
        mover.store,
        replace(
            editions.draft(), created_at=clock.now(), expires_at=clock.now() + timedelta(days=1)
        ),
    )
    mover.ask()
    first, second = (mover.link(email) for email in order)
    asks = mover.anna.client.get(first)
    assert "<form" in asks.text
    waits = mover.confirm(first)
    waited_for = "old" if order[0] == NEW else "new"
    assert f"the email to your {waited_for} address" in waits.text
    assert mover.anna.person.email == "anna@example.org"
    assert mover.anna.client.get(first).text == waits.text
    done = mover.confirm(second)
    assert "Your address has been changed" in done.text
    assert "a•••@example.net" in done.text
    assert mover.emails == [NEW]
    assert mover.anna.person.email == NEW
    assert mover.anna.person.name == "Anna"
    assert mover.anna.states == {"breaking": "confirmed"}
    moved = next(change for change in mover.anna.trail if change.action is Action.MOVED)
    assert moved.cause.who is Actor.READER
    assert moved.cause.origin == "127.0.0.0/24"
    assert NEW in editions.rows(mover.store, edition.key), "what is on its way goes to them too"


def test_old_links_lead_to_who_moved(mover):
    preferences = mover.anna.path
    unsubscribe = path_of(mover.anna.links.unsubscribe(mover.anna.key, "breaking"))
    mover.ask()
    for link in [mover.link(email) for email in ORDERS[0]]:
        mover.confirm(link)
    assert "a•••@example.net" in mover.anna.client.get(preferences).text
    mover.anna.client.post(unsubscribe, data={"List-Unsubscribe": "One-Click"})
    assert mover.anna.states == {"breaking": "left"}


def test_who_has_the_new_address_already_becomes_one_with_them_and_who_left_stays_away(mover):
    other = mover.subscribe(NEW, "breaking")
    mover.subscribe(NEW, "culture")
    with mover.store.write() as tx:
        tx.subscribers.unsubscribe(other, "breaking", cause=by_test(clock.now()))
    other_path = path_of(mover.anna.links.preferences(other))
    mover.ask()
    for link in [mover.link(email) for email in ORDERS[0]]:
        mover.confirm(link)
    assert mover.anna.states == {"breaking": "left", "culture": "confirmed"}
    assert mover.emails == [NEW]
    assert mover.anna.client.get(other_path).status_code == 200


def test_a_letter_that_cannot_be_written_asks_for_patience(mover, monkeypatch):
    def broken(*_args):
        raise TemplateError("mail/letter.mjml", 7, "unexpected end")

    monkeypatch.setattr(LetterSender, "compose", broken)
    with capture_logs() as logs:
        answer = mover.ask()
    assert answer.status_code == 503
    assert [line["reason"] for line in logs] == ["mail/letter.mjml:7: unexpected end"]


def test_an_invalid_address_is_reported_and_stays_in_the_form(mover, tmp_path):
    before = dump_without_limits(tmp_path)
    for typed in ("", "anna", "anna@", "a b@example.org", "a@example.org\r\nBcc: b@example.org"):
        page = mover.ask(typed)
        assert status_text(page) == "Nothing was changed: we can’t send email to that address."
        assert 'aria-invalid="true"' in page.text
    assert dump_without_limits(tmp_path) == before


def test_disposable_addresses_are_refused(web, sqlite_store, publication, tmp_path):
    (tmp_path / "disposable.txt").write_text("throwaway.example\n")
    tables = TABLES | {"signup": {"disposable_domains": "disposable.txt"}}
    mover = Mover(subscribe_anna(web(**tables), sqlite_store, publication(**tables)))
    assert status_text(mover.ask("a@throwaway.example")).startswith("Nothing was changed")
    assert mover.letters == {}


@pytest.mark.usefixtures("within_the_hour")
def test_letters_are_limited(mover):
    for number in range(3):
        assert status_text(mover.ask(f"anna{number}@example.net")).startswith("If we may")
    for number in range(2):
        refused = mover.ask(f"anna{number + 3}@example.net")
        assert refused.status_code == 429
        assert status_text(refused).startswith(
            "We’ve already sent several emails to a•••@example.org."
        )
    assert len(mover.letters) == 4  # three new addresses and the old one
    assert len(mover.site.letters()) == 6
    mover.anna.key = mover.subscribe("bo@example.org", "breaking")
    for _ in range(5):
        mover.ask("victim@example.net")
    with mover.store.read() as tx:
        victim = tx.subscribers.by_email("victim@example.net").key
        assert len(questions_to(tx, victim, ConfirmationKind.ADDRESS)) == 3


def test_an_expired_confirmation_changes_no_address(web, sqlite_store, publication):
    tables = TABLES | {"signup": {"expire_after": "1s"}}
    mover = Mover(subscribe_anna(web(**tables), sqlite_store, publication(**tables)))
    mover.ask()
    links = [mover.link(email) for email in ORDERS[0]]
    later = clock.now() + timedelta(seconds=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        for link in links:
            assert mover.confirm(link).status_code == 410
            assert mover.anna.client.get(link).status_code == 410
    assert mover.anna.person.email == "anna@example.org"


def test_a_yes_in_time_waits_for_no_answer_that_is_late(web, sqlite_store, publication):
    tables = TABLES | {"signup": {"expire_after": "1h"}}
    mover = Mover(subscribe_anna(web(**tables), sqlite_store, publication(**tables)))
    mover.ask()
    first, second = (mover.link(email) for email in ORDERS[0])
    mover.confirm(first)
    later = clock.now() + timedelta(hours=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        assert mover.confirm(second).status_code == 410
        assert "This request is no longer valid" in mover.anna.client.get(first).text
    assert mover.anna.person.email == "anna@example.org"


def test_an_older_question_is_over_once_the_address_has_changed(mover):
    mover.ask("one@example.net")
    first = mover.link("one@example.net")
    old_to_first = mover.link("anna@example.org")
    mover.ask("two@example.net")
    for link in (mover.link("two@example.net"), mover.link("anna@example.org")):
        mover.confirm(link)
    assert mover.anna.person.email == "two@example.net"
    for link in (first, old_to_first):
        assert "This request is no longer valid" in mover.confirm(link).text
    assert mover.anna.person.email == "two@example.net"


def test_no_reader_moves_to_an_address_that_was_suppressed_since(mover):
    mover.ask()
    first, second = (mover.link(email) for email in ORDERS[0])
    mover.confirm(first)
    with mover.store.write() as tx:
        tx.subscribers.suppress(NEW, "550", cause=by_test(clock.now()))
    assert mover.confirm(second).status_code == 410
    assert mover.anna.person.email == "anna@example.org"


def test_a_reader_may_move_to_an_address_that_once_bounced_since_a_letter_arrives_there(mover):
    with mover.store.write() as tx:
        kind = SuppressionKind.HARD_BOUNCE
        tx.subscribers.suppress(NEW, "550 5.1.1", kind=kind, cause=by_test(clock.now()))
    mover.ask()
    for email in ORDERS[0]:
        mover.confirm(mover.link(email))
    assert mover.anna.person.email == NEW
    assert mover.anna.person.suppressed is None


@pytest.mark.parametrize("gone", ORDERS[0])
def test_who_was_erased_meanwhile_moves_nowhere(mover, gone):
    mover.ask()
    links = [mover.link(email) for email in ORDERS[0]]
    with mover.store.write() as tx:
        tx.erasures.erase(tx.subscribers.by_email(gone).key, cause=by_test(clock.now()))
    answers = [mover.confirm(link).status_code for link in links]
    assert answers == ([404, 200] if gone == NEW else [410, 404])
    assert mover.emails == [email for email in ORDERS[1] if email != gone][::-1]


def test_a_button_pressed_twice_is_as_once(mover):
    mover.ask()
    first, second = (mover.link(email) for email in ORDERS[0])
    for link in (first, first, second):
        mover.confirm(link)
    before = mover.anna.trail
    again = mover.confirm(second)
    assert "Your address has been changed" in again.text
    assert mover.anna.trail == before


def test_who_came_back_by_moving_is_erased_no_more(mover):
    other = mover.subscribe(NEW, "culture")
    with mover.store.write() as tx:
        tx.erasures.erase(other, cause=by_test(clock.now()))
    mover.ask()
    for link in [mover.link(email) for email in ORDERS[0]]:
        mover.confirm(link)
    with mover.store.read() as tx:
        assert not tx.erasures.contains(NEW)
        assert tx.subscribers.by_email(NEW).subscriptions[0].newsletter == "breaking"


def test_looking_and_foreign_forms_change_nothing(mover, tmp_path):
    mover.ask()
    links = [mover.link(email) for email in ORDERS[0]]
    before = dump(tmp_path)
    for link, method in product(links, ("GET", "HEAD", "OPTIONS")):
        mover.anna.client.request(method, link)
    for link in links:
        headers = {"sec-fetch-site": "cross-site"}
        assert mover.anna.client.post(link, headers=headers).status_code in {400, 403}
    assert dump(tmp_path) == before


def test_who_moves_keeps_number_and_history(store):
    editions.subscribe(store, "anna@example.org")
    edition = editions.freeze(store)
    with store.write() as tx:
        key = tx.subscribers.by_email("anna@example.org").key
        new = tx.subscribers.add_pending("Anna@Example.net", (), cause=by_test(editions.NOON))
        tx.subscribers.change_address(key, new, cause=by_test(editions.NOON))
        person = tx.subscribers.by_email(NEW)
        assert (person.key, person.email) == (key, "Anna@Example.net")
        assert tx.subscribers.by_email("anna@example.org") is None
        assert tx.merges.current_number(new) == key
        assert [change.action for change in tx.audit_log.changes(key)] == [
            "subscribed",
            "merged",
            "moved",
        ]
        later = editions.NOON + timedelta(minutes=1)
        (claim,) = tx.claims.claim(
            ClaimRequest(edition=edition.key), Lease("w", editions.NOON, later)
        )
        assert claim.email == "Anna@Example.net"


@pytest.mark.sql
def test_of_two_answers_at_once_the_later_moves(store, publication, monkeypatch):
    config = publication()
    letters = LetterSender(store, config, SignupLimits(config, b"s", RequestCounters()))
    change = AddressChange(WebPages(config), letters, SignupValidator(config))
    editions.subscribe(store, "anna@example.org")
    with store.read() as tx:
        anna = tx.subscribers.by_email("anna@example.org")
    change.request(anna, NEW, cause=by_test(clock.now()))
    with store.read() as tx:
        new = tx.subscribers.by_email(NEW)
        questions = [
            questions_to(tx, reader.key, ConfirmationKind.ADDRESS)[0] for reader in (anna, new)
        ]
    both_answered = threading.Barrier(2)
    answer = Confirmations.mark_done

    def slowly(self, letter, *, at):
        answered = answer(self, letter, at=at)
        with suppress(threading.BrokenBarrierError):
            both_answered.wait(timeout=0.5)  # only who isn't kept out meets the other here
        return answered

    monkeypatch.setattr(Confirmations, "mark_done", slowly)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda question: change.confirm(question, Form(), origin=""), questions))
    with store.read() as tx:
        assert tx.subscribers.by_key(anna.key).email == NEW
