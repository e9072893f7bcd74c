"""The hidden field, and forms that are filled in too fast."""

import re
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.web.readers.bot_checks import BotChecks, StampAge

pytestmark = pytest.mark.neighbours


def test_a_filled_hidden_field_gets_the_usual_page_and_no_letter(site):
    opened = site()
    expected = opened.sign_up("bo@example.org").content
    assert opened.sign_up(subject="Cheap pills").content == expected
    assert opened.reader() is None


def test_people_and_screen_readers_skip_the_hidden_field(site):
    page = site().client.get("/signup").text
    (trap,) = re.findall(r'<p class="unseen" aria-hidden="true">.*?</p>', page)
    assert 'name="subject" tabindex="-1" autocomplete="off"' in trap


def test_a_form_sent_within_a_second_comes_back_as_it_was(site, monkeypatch):
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    opened = site()
    (stamp,) = re.findall(r'name="at" value="([^"]+)"', opened.client.get("/signup").text)
    page = opened.sign_up(at=stamp, name="Anna Lind")
    assert page.status_code == 400
    assert "press the button once more" in page.text
    assert 'value="Anna Lind"' in page.text
    assert opened.reader() is None
    (again,) = re.findall(r'name="at" value="([^"]+)"', page.text)
    later = now + timedelta(seconds=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert opened.sign_up(at=again).status_code == 200


def test_a_stamp_is_good_from_two_seconds_to_a_day():
    stamps, at = BotChecks(b"secret"), clock.now()
    ages = {1.9: StampAge.TOO_SOON, 2.1: StampAge.OK, 86_000: StampAge.OK, 86_500: StampAge.STALE}
    for seconds, verdict in ages.items():
        stamp = stamps.make_stamp(at - timedelta(seconds=seconds))
        assert (seconds, stamps.check_stamp(stamp, at)) == (seconds, verdict)
    assert stamps.check_stamp(None, at) is StampAge.OK
    forged = [
        BotChecks(b"another").make_stamp(at - timedelta(hours=1)),
        "",
        "1",
        "1.",
        "x.y",
        "\ud800.é",
    ]
    assert {stamps.check_stamp(stamp, at) for stamp in forged} == {StampAge.STALE}
