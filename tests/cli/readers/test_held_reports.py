"""What an operator decides about reports that wait for a person."""

import json

import pytest

from syndicate import clock
from syndicate.config.loading.load import load
from syndicate.feedback.event_intake import EventIntake
from syndicate.feedback.providers.provider_event import EventKind, ProviderEvent
from syndicate.model.feedback import DeliveryReference
from syndicate.store import Store
from tests.feedback.reported import HOUR, Newsroom, dsn

BO = "bo@example.org"
BOUNCES = '[bounces]\naddress = "bounce@news.example.org"\n'


@pytest.fixture
def newsroom(operator):
    """A publication that has sent an edition to two readers."""
    operator.configure("[bounces]\n", BOUNCES)
    config = load(operator.folder / "config.toml")
    store = Store.open(f"sqlite:///{operator.folder}/syndicate.db")
    opened = Newsroom(store, config)
    for email in ("anna@example.org", BO):
        opened.subscribe(email, at=clock.now() - HOUR)
    opened.send(clock.now() - HOUR / 2)
    yield opened
    store.close()


def take(newsroom, raw=None, **fields):
    """Take a report that names an address alone; return its number."""
    newsroom.take(raw or dsn(recipient=BO, **fields), at=clock.now())
    return newsroom.held()[-1].key


def test_reports_are_listed_with_why_they_wait(operator, newsroom):
    nothing = operator.run("bounces")
    assert (nothing.out, nothing.err) == ("", "no report waits for you\n")
    assert operator.run("bounces", "--json").out == "[]\n"
    take(newsroom)
    take(newsroom, b"From: eve@example.org\nSubject: Hello\n\nWho are you?\n")
    lines = operator.run("bounces", "list").out.splitlines()
    headings = ["report", "at", "by", "about", "from", "subject", "why"]
    assert lines[0].split() == headings
    assert lines[2].split()[-11:][:3] == ["imap", "eve@example.org", "Hello"]
    assert BO in lines[1]
    assert "the hard bounce may be about edition 1, but only its address says so" in lines[1]
    listed = json.loads(operator.run("bounces", "--json").out)
    assert [(item["report"], item["about"], item["by"]) for item in listed] == [
        (1, BO, "imap"),
        (2, "", "imap"),
    ]


def test_a_report_is_shown_without_harm_or_byte_by_byte(operator, newsroom):
    raw = b"Subject: \x1b[2J\n\nA bell \x07 and \xff\x9b31m\n"
    take(newsroom, raw)
    shown = operator.run("bounces", "show", "1").out
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert "waits    " in shown
    assert operator.run("bounces", "show", "1", "--json").code == 0
    newsroom.take(b"Subject: x\n\nCaf\xc3\xa9\n", at=clock.now())
    assert operator.run("bounces", "show", "2", "--raw").out == "Subject: x\n\nCafé\n"


def test_a_bounce_that_is_applied_suppresses_and_is_kept_as_feedback(operator, newsroom):
    key = take(newsroom)
    applied = operator.run("bounces", "apply", f"{key}", "--because", "the same man")
    assert applied.out == f"{BO} is suppressed: 550 5.1.1 no such user; the same man\n"
    assert newsroom.suppressed(BO) == "hard bounce"
    assert newsroom.held() == []
    with newsroom.store.read() as tx:
        bo = tx.subscribers.by_email(BO).key
        (record,) = tx.feedback.by_delivery(1, bo)
    assert (record.matched_by, record.source, record.domain) == ("address", "imap", "example.org")
    assert newsroom.history(bo)[-1][:3] == (
        "suppressed",
        "operator",
        f"syndicate bounces apply {key}",
    )


def test_it_may_count_as_something_else_and_for_somebody_else(operator, newsroom):
    key = take(newsroom, b"Subject: You are on my list\n\nStop it!\n")
    for words, why in (
        ([], f"report {key} names no address; add --address"),
        (["--address", BO], f"it isn't clear what report {key} reports; add --as"),
        (["--address", "no@example.org", "--as", "complaint"], "nobody has the address no@"),
    ):
        refused = operator.run("bounces", "apply", f"{key}", *words)
        assert refused.code == 1
        assert why in refused.err
    applied = operator.run(
        *("bounces", "apply", f"{key}", "--address", BO, "--as", "complaint"),
        *("--because", "she wrote so"),
    )
    assert applied.out == f"{BO} is suppressed: she wrote so\n"
    assert newsroom.suppressed(BO) == "complaint"
    assert newsroom.newsletters(BO) == {"breaking": "left"}


def test_a_soft_bounce_adds_to_the_others_and_leaving_ends_one_subscription(operator, newsroom):
    key = take(newsroom, status="4.2.2", answer="452 4.2.2 mailbox full")
    applied = operator.run("bounces", "apply", f"{key}")
    assert applied.out == f"{BO} has one more soft bounce, of edition 1\n"
    assert newsroom.suppressed(BO) is None
    key = take(newsroom, b"Subject: unsubscribe\n\nPlease\n")
    operator.run("bounces", "apply", f"{key}", "--as", "unsubscribe", "--address", BO)
    assert newsroom.newsletters(BO) == {"breaking": "left"}
    assert newsroom.held() == []


def test_what_says_nothing_is_dropped(operator, newsroom):
    first = take(newsroom)
    second = take(newsroom, b"spam\n")
    assert operator.run("bounces", "drop", f"{first}", f"{second}").out == "dropped 2 reports\n"
    assert (newsroom.held(), newsroom.suppressed(BO)) == ([], None)
    for command in ("show", "apply", "drop"):
        gone = operator.run("bounces", command, f"{first}")
        assert gone.code == 1
        assert f"no report {first} waits; `syndicate bounces` lists those that do" in gone.err


def test_a_complaint_is_put_right_only_with_a_reason(operator, newsroom):
    operator.run("bounces", "apply", f"{take(newsroom)}", "--as", "complaint")
    refused = operator.run("subscribers", "unsuppress", BO)
    assert refused.code == 1
    assert "called your mail spam: add --because" in refused.err
    reason = "she pressed the wrong button"
    done = operator.run("subscribers", "unsuppress", BO, "--because", reason)
    assert done.out == f"{BO} is not suppressed any more\n"
    assert done.err == "they left breaking, and only they can subscribe again\n"
    assert reason in operator.run("subscribers", "show", BO).out


def test_suppressed_addresses_are_listed_and_exported_by_kind(operator, newsroom):
    operator.run("bounces", "apply", f"{take(newsroom)}")
    operator.run("subscribers", "suppress", "x@example.org", "--reason", "by telephone")
    run = operator.run
    by = json.loads(run("subscribers", "list", "--suppressed-by", "hard-bounce", "--json").out)
    assert [(item["email"], item["suppression"]) for item in by] == [(BO, "hard bounce")]
    by = json.loads(run("subscribers", "list", "--suppressed-by", "operator", "--json").out)
    assert by == [
        {"email": "x@example.org", "suppressed": "by telephone", "suppression": "operator"}
    ]
    confirmed = ("--state", "confirmed", "--suppressed-by", "operator", "--json")
    assert json.loads(run("subscribers", "list", *confirmed).out) == []
    columns = ("--fields", "email,suppression", "--suppressed-by", "hard-bounce")
    assert run("subscribers", "export", *columns).out.split() == [
        "email,suppression",
        f"{BO},hard",
        "bounce",
    ]
    assert (
        "x@example.org,operator"
        in run("subscribers", "export", "--fields", "email,suppression").out
    )


def test_the_event_of_a_provider_is_decided_as_a_report_is(operator, newsroom):
    event = ProviderEvent(
        id="e1",
        kind=EventKind.COMPLAINED,
        reference=DeliveryReference(recipient=BO),
        fields={"event": "spamreport", "email": BO},
    )
    EventIntake(newsroom.store, newsroom.recorder).record("hook grid", [event], clock.now())
    (line,) = operator.run("bounces").out.splitlines()[1:]
    assert line.split()[4:7] == ["hook", "grid", BO]
    assert "only its address says so" in line
    shown = operator.run("bounces", "show", "1").out
    assert "by       hook grid\n" in shown
    assert '  "event": "spamreport",\n' in shown
    assert json.loads(operator.run("bounces", "show", "1", "--raw").out)["event"]["email"] == BO
    assert "1 to read" in operator.run("subscribers", "show", BO).out
    assert operator.run("bounces", "apply", "1").out == f"{BO} is suppressed: complaint\n"
    assert newsroom.newsletters(BO) == {"breaking": "left"}
    assert newsroom.held() == []
