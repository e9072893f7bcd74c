"""What operators see of readers whose mail came back: why, since when, and how to put it right."""

import json
import shutil
from datetime import timedelta

import pytest

from syndicate import clock
from syndicate.config.sections.feedback import BounceSettings
from syndicate.model.feedback import FeedbackKind, HeldReport, MatchedBy
from syndicate.model.subscribers import Actor, Cause, SuppressionKind
from syndicate.store import Store
from tests.cli.conftest import Operator
from tests.feedback_records import report

pytestmark = pytest.mark.neighbours

ADA, BO = "ada@example.org", "bo@example.org"
NO_SUCH_USER = {"code": 550, "status": "5.1.1", "text": "5.1.1 no such user"}
FULL = {"code": 452, "status": "4.2.2", "text": "4.2.2 mailbox full"}
MINUTES = timedelta(minutes=1)


@pytest.fixture(scope="module")
def mailed(tmp_path_factory):
    """A publication whose editions 1 to 3 the servers of two readers have accepted."""
    folder = tmp_path_factory.mktemp("mailed")
    assert Operator(folder).run("init", "post").code == 0
    operator = Operator(folder / "post")
    operator.subscribe(f"{ADA},Ada", f"{BO},")
    operator.file("ferry")
    operator.run("import", "articles")
    for _ in range(3):
        assert operator.run("send", "breaking", "--article", "ferry").code == 0
    return operator.folder


@pytest.fixture
def sent(mailed, tmp_path):
    """An operator of a copy of it."""
    return Operator(shutil.copytree(mailed, tmp_path / "post"))


def bounce(operator, edition, kind, email=ADA, *, after=12, **changes):
    """Record a report as the recorder does, some minutes after the message was accepted."""
    store = Store.open(f"sqlite:///{operator.folder}/syndicate.db")
    with store.write() as tx:
        person = tx.subscribers.by_email(email)
        assert person is not None
        reader = person.key
        [accepted] = [d.at for d in tx.deliveries.by_edition(edition) if d.subscriber == reader]
        at = accepted + after * MINUTES
        record = report(edition, reader, kind, **{"at": at, **changes})
        how = f"{kind} of edition {edition}, by imap"
        cause = Cause(who=Actor.SERVER, how=how, at=record.received_at, why="as it says")
        if kind is FeedbackKind.COMPLAINT:
            tx.feedback.add(record)
            tx.subscribers.unsubscribe(reader, "breaking", cause=cause)
            complaint = SuppressionKind.COMPLAINT
            tx.subscribers.suppress(email, "complained", kind=complaint, cause=cause)
        else:
            tx.bounces.record(record, email, settings=BounceSettings(), cause=cause)
    store.close()


def test_a_bounce_says_its_evidence_and_how_to_put_it_right(sent):
    bounce(sent, 2, FeedbackKind.HARD_BOUNCE, **NO_SUCH_USER)
    lines = sent.run("subscribers", "show", ADA).out.splitlines()
    at = next(number for number, line in enumerate(lines) if "not mailed" in line)
    evidence = "550 5.1.1 by mx.example.net for edition 2, 12 minutes after it was accepted"
    assert lines[at].startswith("  not mailed  hard bounce since 20")
    assert lines[at].endswith(": 550 5.1.1 no such user, by mx.example.net")
    assert lines[at + 1] == f"              {evidence}"
    remedy = f"`syndicate subscribers unsuppress {ADA} --because …`"
    assert lines[at + 2] == f"              {remedy} has it mailed again"
    [change] = [line for line in lines if "suppressed" in line]
    assert "mail server" in change
    assert "hard bounce of edition 2, by imap" in change
    assert change.endswith(evidence)
    [mail] = [line for line in lines if line.endswith("hard bounce: 550 5.1.1 no such user")]
    assert "accepted" in mail
    values = json.loads(sent.run("subscribers", "show", ADA, "--json").out)
    not_mailed = values["not_mailed"]
    assert (not_mailed["kind"], not_mailed["evidence"]) == ("hard bounce", [evidence])
    assert (not_mailed["remedy"], not_mailed["since"][:2]) == (remedy, "20")
    assert [c["evidence"] for c in values["history"]] == ["", evidence]
    assert [len(item["feedback"]) for item in values["mail"]] == [0, 1, 0]


def test_soft_bounces_are_all_named(sent):
    for edition in (1, 2, 3):
        full = {"matched_by": MatchedBy.HAND_OVER} if edition == 3 else {}
        bounce(sent, edition, FeedbackKind.SOFT_BOUNCE, after=edition, **FULL | full)
    values = json.loads(sent.run("subscribers", "show", ADA, "--json").out)
    assert values["not_mailed"]["kind"] == "soft bounces"
    assert values["not_mailed"]["evidence"] == [
        "452 4.2.2 by mx.example.net for edition 1, 60 seconds after it was accepted",
        "452 4.2.2 by mx.example.net for edition 2, 2 minutes after it was accepted",
        "452 4.2.2 by mx.example.net for edition 3 when it was handed over",
    ]


def test_a_complaint_is_the_evidence_of_leaving_too(sent):
    bounce(sent, 1, FeedbackKind.COMPLAINT, after=180, host="feedback.example", text="abuse")
    evidence = "complaint by feedback.example about edition 1, 3 hours after it was accepted"
    values = json.loads(sent.run("subscribers", "show", ADA, "--json").out)
    found = {change["change"]: change["evidence"] for change in values["history"]}
    assert found["left"] == found["suppressed"] == evidence
    assert values["not_mailed"]["evidence"] == [evidence]


def test_a_report_that_may_be_about_them_is_named(sent):
    assert "bounces" not in sent.run("subscribers", "show", BO).out
    store = Store.open(f"sqlite:///{sent.folder}/syndicate.db")
    held = HeldReport(
        source="imap",
        received_at=clock.now(),
        reason="only its address matches",
        recipient=BO,
        raw=b"",
    )
    with store.write() as tx:
        tx.held_reports.add(held)
    store.close()
    assert "  reports     1 to read: `syndicate bounces`" in sent.run("subscribers", "show", BO).out
    assert json.loads(sent.run("subscribers", "show", BO, "--json").out)["held_reports"] == [1]


def test_who_is_mailed_has_no_such_line(sent):
    assert "not mailed" not in sent.run("subscribers", "show", BO).out
    assert json.loads(sent.run("subscribers", "show", BO, "--json").out)["not_mailed"] is None


def test_an_operators_reason_is_all_that_there_is_to_say(sent):
    assert sent.run("subscribers", "suppress", BO, "--reason", "wrote a letter").code == 0
    lines = sent.run("subscribers", "show", BO).out.splitlines()
    at = next(number for number, line in enumerate(lines) if "not mailed" in line)
    assert lines[at].endswith(": wrote a letter")
    assert "unsuppress" in lines[at + 1]
    sent.run("subscribers", "suppress", "o'hara@example.org", "--reason", "is nobody here")
    unknown = sent.run("subscribers", "show", "o'hara@example.org").out.splitlines()
    assert unknown[0] == "o'hara@example.org is suppressed, and nothing else is known about it"
    assert unknown[1].startswith("  operator since 20")
    assert """unsuppress 'o'"'"'hara@example.org'""" in unknown[2]


def test_stats_count_what_came_back_and_who_is_suppressed_by_newsletter(sent):
    assert "bounced" not in sent.run("subscribers", "stats").out
    bounce(sent, 2, FeedbackKind.HARD_BOUNCE, **NO_SUCH_USER)
    for edition in (1, 2, 3):
        bounce(sent, edition, FeedbackKind.SOFT_BOUNCE, BO, at=clock.now(), **FULL)
    out = sent.run("subscribers", "stats").out.splitlines()
    at = next(number for number, line in enumerate(out) if "called it spam" in line)
    words = out[at + 1].split()
    assert words[:4] == ["breaking", "4", "0", "0"]
    assert out[at + 1].endswith("1 by hard bounce, 1 by soft bounces")
    found = json.loads(sent.run("subscribers", "stats", "--json").out)["newsletters"]
    [breaking] = [one for one in found if one["newsletter"] == "breaking"]
    assert breaking["suppressed"] == sum(breaking["suppressed_by"].values()) == 2
    assert breaking["suppressed_by"]["hard_bounce"] == 1
    assert (breaking["feedback"]["bounced"], breaking["feedback"]["hard"]) == (4, 1)
    assert "delivered" not in breaking["feedback"], "nobody counted it"
