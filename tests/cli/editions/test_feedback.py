"""What operators see of bounces and complaints: of an edition, of each delivery, and in all."""

import json
import shutil
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.model.feedback import FeedbackKind, HeldReport, MatchedBy
from syndicate.store import Store
from tests.cli.conftest import Operator
from tests.feedback_records import report

pytestmark = pytest.mark.neighbours

READERS = (
    "ada@example.org,",
    "bo@example.org,",
    "cy@example.org,",
    "di@example.org,",
    "ed@example.org,",
)
HARD = FeedbackKind.HARD_BOUNCE
NO_SUCH_USER = {"code": 550, "status": "5.1.1", "text": "5.1.1 no such user"}


@pytest.fixture(scope="module")
def mailed(tmp_path_factory):
    """A publication whose edition 1 five readers' servers have accepted."""
    folder = tmp_path_factory.mktemp("mailed")
    assert Operator(folder).run("init", "post").code == 0
    operator = Operator(folder / "post")
    operator.subscribe(*READERS)
    operator.file("ferry")
    operator.run("import", "articles")
    assert "delivered: 5 accepted" in operator.run("tick").out
    return operator.folder


@pytest.fixture
def sent(mailed, tmp_path):
    """An operator of a copy of it."""
    return Operator(shutil.copytree(mailed, tmp_path / "post"))


def come_back(operator, *reports):
    """Record reports of a kind about a reader, by number; others are changes."""
    store = Store.open(f"sqlite:///{operator.folder}/syndicate.db")
    with store.write() as tx:
        for reader, kind, changes in reports:
            tx.feedback.add(report(1, reader, kind, **{"at": clock.now(), **changes}))
    store.close()


def test_an_edition_says_what_came_back_by_domain_and_code(sent):
    full = {"code": 452, "status": "4.2.2", "text": "mailbox full", "domain": "full.example"}
    come_back(
        sent,
        (1, HARD, NO_SUCH_USER),
        (2, FeedbackKind.SOFT_BOUNCE, full),
        (3, FeedbackKind.SOFT_BOUNCE, full),
        (4, FeedbackKind.COMPLAINT, {"text": "abuse"}),
        (4, FeedbackKind.DELIVERED, {}),
    )
    listed = sent.run("editions").out
    assert "5 accepted; 3 bounced, 1 called it spam" in listed
    lines = sent.run("editions", "show", "1").out.splitlines()
    assert "3 bounced after a server had accepted them: 1 hard, 2 soft" in lines
    assert "1 called it spam" in lines
    assert "1 reported as delivered" in lines
    found = [line.split(maxsplit=2) for line in lines if "later" in line]
    assert [one[0] for one in found] == ["2", "1", "1"]
    assert "full.example  452 4.2.2 mailbox full" in found[0][2]
    shown = json.loads(sent.run("editions", "show", "1", "--json").out)
    assert shown["accepted"] == shown["audience"] == 5, "a bounce moves nothing in the ledger"
    groups = shown["feedback"].pop("groups")
    assert shown["feedback"] == {
        "bounced": 3,
        "hard": 1,
        "soft": 2,
        "blocked": 0,
        "complained": 1,
        "delivered": 1,
        "unsubscribed": 0,
    }
    assert groups[0]["count"] == 2
    assert groups[0]["at_hand_over"] is False
    [row] = json.loads(sent.run("editions", "--json").out)
    assert row["feedback"] == shown["feedback"]


def test_of_many_domains_a_few_are_printed_and_the_rest_is_counted(sent):
    come_back(
        sent,
        *(
            (100 + number, FeedbackKind.COMPLAINT, {"domain": f"d{number}.example"})
            for number in range(12)
        ),
    )
    shown = sent.run("editions", "show", "1")
    assert shown.out.count(".example") == 10
    assert "and 2 more of 2 other domains or codes: --json lists all" in shown.err


def test_an_edition_of_which_nothing_came_back_says_nothing_of_it(sent):
    shown = sent.run("editions", "show", "1").out
    assert not any(word in shown for word in ("bounced", "spam", "such as"))


def test_a_delivery_that_was_accepted_and_bounced_says_both(sent):
    assert "came back" not in sent.run("deliveries", "1").out
    later = clock.now() + timedelta(minutes=12)
    refused = {"matched_by": MatchedBy.HAND_OVER, "source": "smtp", "text": "in its own row"}
    come_back(
        sent,
        (1, HARD, {**NO_SUCH_USER, "at": later}),
        (1, FeedbackKind.UNSUBSCRIBED, {"at": later}),
        (2, FeedbackKind.BLOCKED, refused),
    )
    out = sent.run("deliveries", "1").out
    heading, first, *others = out.splitlines()
    assert heading.endswith("came back")
    assert first.startswith("accepted")
    assert first.endswith("hard bounce: 550 5.1.1 no such user; unsubscribed")
    assert not any("bounce" in line or "in its own row" in line for line in others)
    rows = json.loads(sent.run("deliveries", "1", "--json").out)
    [bounce, _] = rows[0]["feedback"]
    assert bounce == {
        "kind": "hard bounce",
        "code": 550,
        "status": "5.1.1",
        "text": "5.1.1 no such user",
        "host": "mx.example.net",
        "source": "imap",
        "matched_by": "return path",
        "at": bounce["at"],
    }
    assert [len(row["feedback"]) for row in rows] == [2, 1, 0, 0, 0]


def test_when_readers_complain_commands_say_what_happens_next(sent):
    come_back(sent, *((reader, FeedbackKind.COMPLAINT, {}) for reader in range(1, 5)))
    assert "wait for a person" not in sent.run("agenda").out
    store = Store.open(f"sqlite:///{sent.folder}/syndicate.db")
    with store.write() as tx:
        tx.feedback.add(report(1, 5, FeedbackKind.COMPLAINT, at=clock.now()))
        held = HeldReport(source="imap", received_at=clock.now(), reason="unclear", raw=b"")
        tx.held_reports.add(held)
    store.close()
    finding = "readers called 5 of 5 recent messages of breaking spam"
    assert f"breaking  its next editions wait for a person: {finding}" in sent.run("agenda").out
    agenda = json.loads(sent.run("agenda", "--json").out)
    assert agenda["complaints"] == {"breaking": finding}
    sent.file("tram")
    sent.run("import", "articles")
    explained = sent.run("explain", "breaking").out
    assert f"waits:      {finding}" in explained
    assert "waits:      for a person's approval, until" in explained
    shown = sent.run("status")
    assert shown.code == 1
    lines = shown.out.splitlines()
    assert lines[0].startswith(
        "wrong      breaking: readers called 100 % of its mail of the last 7"
    )
    assert "waiting    1 report about mail for a person: `syndicate bounces`" in lines
    assert "came back  of breaking within 7 days: 5 called it spam" in lines
    [coming] = [line for line in lines if line.startswith("next ")]
    assert coming.endswith(f"breaking → breaking, and waits for a person: {finding}")
    status = json.loads(sent.run("status", "--json").out)
    assert status["next"][0]["waits_for"] == finding
    assert status["feedback"][0]["complained"] == 5
    assert "delivered" not in status["feedback"][0], "nobody counted it"
    assert status["held_reports"] == 1
