"""Reviewers decide by a link and a code; nobody else does, and nothing else."""

import re
from datetime import timedelta

import pytest

from syndicate.config.values import Mailbox
from syndicate.model.editions import ControlAction, EditionState
from syndicate.model.reviews import ReviewDecision
from syndicate.model.subscribers import Actor
from syndicate.schedule.release import send_back
from syndicate.web.review.decisions import ReviewDesk, ReviewOutcome, ReviewRequest
from tests.causes import by_test
from tests.web.known_reader import dump
from tests.web.review.conftest import ADA, BO, MAREN, MINUTE, NOW

SUBJECT = "Breaking: Ferry & tram"


def readers_mail(newsroom):
    newsroom.harness.tick(newsroom.now)
    return [one.subject for one in newsroom.mail(ADA)]


def code_is_kept(newsroom, reviewer, decision):
    with newsroom.store.read() as tx:
        return tx.review_codes.find(1, reviewer, decision) is not None


@pytest.mark.sql
def test_a_button_mails_a_code_and_typing_it_approves(newsroom):
    room = newsroom()
    browser = room.opened()
    browser.press("approve")
    assert room.undecided
    assert room.due
    assert "The code we emailed to m•••@example.org" in browser.words
    assert room.mail(BO, "code") == []
    browser.press("approve", code=room.code())
    assert readers_mail(room) == [SUBJECT]
    approved, released = room.decisions()[1:]
    assert approved.act is ControlAction.APPROVED
    assert approved.cause.who is Actor.REVIEWER
    assert approved.cause.how == released.cause.how == "approved by Maren Tolk, by code"
    assert approved.cause.at == NOW
    with room.store.read() as tx:
        assert approved.detail == f"content {tx.editions.get(1).content[:12]}"
    for reviewer in (MAREN, BO):
        page = room.opened(reviewer)
        assert "Maren Tolk approved it at November 24, 2026, 12:00 PM UTC" in page.words
        assert "It goes to 1 reader." in page.words
        assert "<button" not in page.page
    assert len(room.mail(BO)) == 1, "the others get no mail of it"


def test_an_approved_edition_is_held_and_can_be_stopped_until_it_is_sent(newsroom):
    room = newsroom(hold="5m")
    browser = room.opened()
    assert "after a last pause" in browser.words
    browser.press("approve")
    browser.press("approve", code=room.code())
    assert "It will be sent at November 24, 2026, 12:05 PM UTC" in browser.words
    assert not code_is_kept(room, MAREN, "approve"), "it is used up"
    room.at(NOW + 2 * MINUTE)
    other = room.opened(BO)
    assert 'value="approve"' not in other.page
    other.press("stop")
    other.press("stop", code=room.code(BO))
    assert "Bo Lund stopped it" in other.words
    room.at(NOW + 6 * MINUTE)
    assert readers_mail(room) == []


@pytest.mark.sql
def test_stopping_drops_it_and_its_stories_are_new_for_the_next_slot(newsroom):
    room = newsroom()
    browser = room.opened()
    browser.press("stop", note="not today")
    assert "not today" in browser.words
    browser.press("stop", code=room.code())
    assert room.state() is EditionState.REJECTED
    assert "Maren Tolk stopped it at" in browser.words
    assert "not today" in browser.words
    with room.store.read() as tx:
        [fire] = tx.fires.recent("breaking")
    assert fire.reason == "edition 1 wasn't sent: not today"
    room.at(NOW + 10 * MINUTE)
    assert room.state(2) is EditionState.WAITING


@pytest.mark.sql
def test_what_is_sent_back_waits_for_a_change_and_others_see_why(newsroom):
    room = newsroom()
    browser = room.opened()
    assert browser.press("send-back", note=" ").status_code == 422
    assert "please say what needs to change" in browser.words
    browser.press("send-back", note="the ferry has a name")
    browser.press("send-back", code=room.code())
    assert room.state() is EditionState.WAITING
    with room.store.read() as tx:
        [fire] = tx.fires.recent("breaking")
    assert fire.reason == (
        "edition 1 waits: sent back by Maren Tolk, by code: the ferry has a name"
    )
    other = room.opened(BO)
    assert "Maren Tolk sent it back at" in other.words
    assert "the ferry has a name" in other.words
    assert 'value="approve"' not in other.page
    assert 'value="stop"' in other.page
    room.harness.file("ferry", title="The Aurora sinks", at=NOW + MINUTE)
    room.at(NOW + MINUTE)
    assert "Edition 2 has taken its place." in room.opened(BO).words
    again = room.opened(BO, 2)
    again.press("approve")
    again.press("approve", code=room.code(BO))
    assert readers_mail(room) == ["Breaking: The Aurora sinks"]


def test_a_forwarded_proof_asks_for_a_code_that_only_the_reviewer_gets(newsroom):
    room = newsroom()
    friend = room.opened(MAREN)
    friend.press("approve")
    assert room.mail(MAREN, "code")
    assert [one for one in room.mail(ADA) + room.mail(BO) if "code" in one.subject] == []
    friend.press("approve", code="000000" if room.code() != "000000" else "111111")
    assert "That isn’t the code." in friend.words
    assert room.undecided
    assert friend.cookies == {}
    assert readers_mail(room) == []


def test_a_filter_that_opens_every_link_and_presses_every_button_decides_nothing(newsroom):
    room = newsroom()
    machine = room.browser()
    path = room.link()
    for place in (path, f"{path}/body", f"{path}?code=approve", f"{path}?action=approve"):
        machine.get(place)
    for action in ("approve", "send-back", "stop"):
        assert machine.post(path, {"action": action, "note": "x"}).status_code == 403
    assert room.mail(MAREN, "code") == [], "a form that isn't ours mails nothing"
    for action in ("approve", "send-back", "stop"):
        machine.get(path)
        machine.press(action, note="x")
    assert machine._client.head(path).status_code == 200
    assert room.undecided
    assert readers_mail(room) == []


def test_another_site_can_press_no_button(newsroom):
    room = newsroom()
    browser = room.opened()
    browser.press("stop")
    browser.press("stop", code="x")
    stamp = _stamp(browser)
    for header in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        headers = {"sec-fetch-site": "cross-site", **header}
        data = {"action": "approve", "stamp": stamp}
        assert browser.post(room.link(), data, **headers).status_code == 403
    assert room.undecided


@pytest.mark.sql
def test_five_wrong_codes_use_a_code_up(newsroom):
    room = newsroom()
    browser = room.opened()
    browser.press("approve")
    right = room.code()
    wrong = "123456" if right != "123456" else "654321"
    browser.press("approve", code="12345")
    for _ in range(4):
        assert browser.press("approve", code=wrong).status_code == 422
        assert "That isn’t the code." in browser.words
    browser.press("approve", code=wrong)
    assert "no longer valid" in browser.words
    browser.post(room.link(), {"stamp": _stamp(browser), "action": "approve", "code": right})
    assert "no longer valid" in browser.words
    assert room.undecided


def test_a_code_is_valid_for_ten_minutes_and_once(newsroom):
    room = newsroom()
    browser = room.opened()
    browser.press("approve")
    code = room.code()
    room.at(NOW + 10 * MINUTE - timedelta(seconds=1), tick=False)
    late = room.opened()
    room.at(NOW + 10 * MINUTE, tick=False)
    late.post(room.link(), {"stamp": _stamp(late), "action": "approve", "code": code})
    assert "no longer valid" in late.words
    assert room.undecided


def test_a_code_confirms_nothing_but_what_it_was_asked_for(newsroom):
    room = newsroom()
    maren, bo = room.opened(), room.opened(BO)
    maren.press("stop")
    code = room.code()
    bo.press("approve")
    maren.get(room.link())
    maren.press("approve")
    approving = room.code()
    if approving != code:
        maren.post(room.link(), {"stamp": _stamp(maren), "action": "approve", "code": code})
        bo.post(room.link(BO), {"stamp": _stamp(bo), "action": "approve", "code": code})
    assert room.undecided
    room.harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    room.at(NOW + MINUTE)
    again = room.opened(MAREN, 2)
    again.post(
        room.link(MAREN, 2), {"stamp": _stamp(again), "action": "approve", "code": approving}
    )
    assert "no longer valid" in again.words
    assert readers_mail(room) == []


def test_a_story_that_changed_since_it_was_seen_is_not_approved(newsroom):
    room = newsroom()
    browser = room.opened()
    browser.press("approve")
    code = room.code()
    room.harness.file("ferry", title="Ferry sinks", at=NOW + MINUTE)
    browser.press("approve", code=code)
    assert "Nothing was decided: it has changed since." in browser.words
    assert room.state() is EditionState.WAITING
    assert readers_mail(room) == []


def test_a_reviewer_gets_five_codes_an_hour_and_one_that_came_still_works(newsroom):
    room = newsroom(approve_by="3h", every="6h")
    browser = room.opened()
    for number in range(5):
        room.at(NOW + 2 * number * MINUTE, tick=False)
        browser.get(room.link())
        browser.press("approve")
        assert len(room.mail(MAREN, "code")) == number + 1
    browser.get(room.link())
    browser.press("approve")
    assert len(room.mail(MAREN, "code")) == 5, "one was mailed just now"
    room.at(NOW + 10 * MINUTE, tick=False)
    browser.get(room.link())
    answer = browser.press("approve")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "You’ve asked for too many codes." in browser.words
    room.opened(BO).press("approve")
    assert len(room.mail(BO, "code")) == 1
    browser.get(f"{room.link()}?code=approve")
    browser.press("approve", code=room.code())
    assert "Maren Tolk approved it" in browser.words


def test_a_browser_with_a_code_needs_none_for_twelve_hours_and_only_for_its_reviewer(newsroom):
    room = newsroom(every="30m", max_late="24h", approve_by="24h")
    browser = room.opened()
    browser.press("stop")
    browser.press("stop", code=room.code())
    later = NOW.replace(second=0) + timedelta(hours=11, minutes=30)
    room.at(later)
    browser.get(room.link(MAREN, 2))
    assert "each button takes effect at once" in browser.words
    assert room.state(2) is EditionState.WAITING, "to look at it decides nothing"
    browser.get(room.link(BO, 2))
    browser.press("approve")
    assert room.state(2) is EditionState.WAITING
    assert len(room.mail(BO, "code")) == 1
    browser.get(room.link(MAREN, 2))
    browser.press("stop")
    assert room.decisions(2)[-1].cause.how == (
        "stopped by Maren Tolk, in a browser trusted by a code"
    )
    assert "Maren Tolk stopped it" in browser.words
    room.at(NOW + timedelta(hours=12))
    browser.get(room.link(MAREN, 3))
    assert "a button emails a code" in browser.words.lower()
    browser.press("approve")
    assert room.state(3) is EditionState.WAITING


def test_a_cookie_can_be_neither_forged_nor_read_by_a_script(newsroom):
    room = newsroom({"publication": {"url": "https://post.example"}})
    browser = room.opened()
    browser.press("stop")
    path = room.link()
    data = {"stamp": _stamp(browser), "action": "stop", "code": room.code()}
    answer = browser._client.request("POST", path, data=data)
    cookie = answer.headers["set-cookie"].lower()
    for attribute in ("httponly", "secure", "samesite=lax", "path=/review", "max-age=43200"):
        assert attribute in cookie
    assert MAREN not in cookie
    name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
    room.at(NOW + 10 * MINUTE)
    for forged in (f"9{value}", value[:-1], f"{value}0", "", "9999999999.", "é.x"):
        browser.cookies = {name: forged.encode("latin-1").decode("ascii", "ignore")}
        browser.get(room.link(MAREN, 2))
        assert "each button takes effect at once" not in browser.words
    browser.cookies = {name: value}
    browser.get(room.link(MAREN, 2))
    assert "each button takes effect at once" in browser.words
    bo = f"reviewer_{room.harness.services.links.reviewer_key(BO):016x}"
    browser.cookies = {bo: value}
    browser.get(room.link(BO, 2))
    assert "each button takes effect at once" not in browser.words


@pytest.mark.parametrize("act", ["approve", "send-back", "stop"])
def test_who_sends_a_form_twice_sees_what_was_decided(newsroom, act):
    room = newsroom()
    browser = room.opened()
    browser.press(act, note="x")
    data = {"stamp": _stamp(browser), "action": act, "code": room.code()}
    for _ in range(2):
        assert browser.post(room.link(), data).status_code == 200
        assert "Nothing was decided" not in browser.words
        assert "Maren Tolk" in browser.words
    assert len([one for one in room.decisions() if one.cause.who is Actor.REVIEWER]) == 1


@pytest.mark.sql
def test_of_two_who_decide_the_second_sees_who_was_first(newsroom):
    room = newsroom()
    maren, bo = room.opened(), room.opened(BO)
    maren.press("stop")
    bo.press("approve")
    code = room.code(BO)
    maren.press("stop", code=room.code())
    assert not code_is_kept(room, BO, "approve"), "there is nothing left to decide"
    bo.press("approve", code=code)
    assert "Nothing was decided: someone was quicker" in bo.words
    assert "Maren Tolk stopped it" in bo.words
    assert readers_mail(room) == []


@pytest.mark.sql
def test_an_approval_that_meets_a_note_of_the_same_moment_does_not_overrule_it(newsroom):
    room = newsroom()
    desk = ReviewDesk(room.store, room.harness.config, b"secret", lambda: None)
    with room.store.read() as tx:
        edition = tx.editions.get(1)
    bo = Mailbox(name="Bo Lund", address=BO)
    asked = ReviewRequest(
        edition=edition, reviewer=bo, decision=ReviewDecision.APPROVE, note="", at=NOW
    )
    assert desk.send_code(asked) is None
    with room.store.write() as tx:
        send_back(tx, 1, by_test(NOW))
    assert desk.confirm(asked, room.code(BO)) is ReviewOutcome.TOO_LATE
    assert desk.decide(asked) is ReviewOutcome.TOO_LATE
    assert readers_mail(room) == []


def test_after_its_time_nothing_is_decided(newsroom):
    room = newsroom(approve_by="5m")
    browser = room.opened()
    browser.press("approve")
    code = room.code()
    room.at(NOW + 5 * MINUTE, tick=False)
    browser.press("approve", code=code)
    assert "Its time is up." in browser.words
    assert "<button" not in browser.page
    room.at(NOW + 5 * MINUTE)
    assert readers_mail(room) == []
    assert "It wasn’t sent." in room.opened().words


def test_the_code_is_nowhere_in_the_store_once_its_mail_has_left(newsroom, tmp_path):
    room = newsroom()
    room.opened().press("approve")
    code = room.code()
    with room.store.read() as tx:
        stored = tx.review_codes.find(1, MAREN, "approve")
    assert code not in repr(stored)
    if tmp_path.joinpath("syndicate.db").is_file():
        assert [line for line in dump(tmp_path) if re.search(rf"\b{code}\b", line)] == []


def _stamp(browser):
    [stamp, *_] = re.findall(r'name="stamp" value="([^"]+)"', browser.page)
    return stamp


def test_while_all_mail_is_paused_it_can_be_approved_and_is_sent_afterwards(newsroom):
    room = newsroom()
    cause = by_test(NOW)
    with room.store.write() as tx:
        tx.mail_pause.begin(cause)
    browser = room.opened()
    browser.press("approve")
    browser.press("approve", code=room.code())
    assert "All mail is paused at the moment" in browser.words
    assert readers_mail(room) == []
    with room.store.write() as tx:
        tx.mail_pause.end(cause)
    assert readers_mail(room) == [SUBJECT]
