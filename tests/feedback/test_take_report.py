"""A report by mail is recorded, dropped or kept for a person, and counted, all in one transaction."""

import threading

import pytest

from syndicate.errors import StoreError
from syndicate.feedback import held_reports
from syndicate.model.feedback import ReportOutcome
from tests.feedback.reported import ANNA, NOW, dsn

pytestmark = pytest.mark.sql


def test_a_report_finds_its_delivery_by_the_return_path(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    report = newsroom.take(dsn(newsroom.verp(edition, anna)))
    assert report.outcome is ReportOutcome.FEEDBACK
    assert report.feedback[0].record.matched_by == "return path"
    assert report.feedback[0].record.host == "mx.example.org"
    assert newsroom.suppressed() == "hard bounce"
    assert newsroom.held() == []
    assert newsroom.counts() == {("imap", "recorded"): 1}


def test_a_report_finds_its_delivery_by_the_message_id(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    id_ = newsroom.links.message_id(edition, anna, "news.example.org")
    report = newsroom.take(dsn(message_id=id_))
    assert report.feedback[0].record.matched_by == "message id"
    assert newsroom.suppressed() == "hard bounce"


@pytest.mark.parametrize("original", ["", f"Original-Recipient: rfc822; {ANNA}\n"])
def test_where_a_reader_forwards_to_fails_softly(newsroom, original):
    anna = newsroom.subscribe()
    verp = newsroom.verp(newsroom.send(), anna)
    raw = dsn(verp, recipient="colleague@elsewhere.example")
    newsroom.take(raw.replace(b"Final-Recipient", original.encode() + b"Final-Recipient"))
    assert newsroom.suppressed() is None
    newsroom.take(dsn(verp, recipient="anna@mailbox3.example.org"))
    assert newsroom.suppressed() == "hard bounce", "a server's own name for the address"


def test_the_same_report_by_any_door_counts_once(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    raw = dsn(newsroom.verp(edition, anna))
    newsroom.take(raw)
    again = newsroom.take(raw.replace(b"\n", b"\r\n"), source="pipe")
    assert again.repeated
    assert again.sentence == "this report was taken before"
    other = newsroom.take(raw + b"\n", source="maildir")
    assert not other.repeated
    assert other.feedback[0].outcome == "repeated"
    assert newsroom.counts() == {
        ("imap", "recorded"): 1,
        ("pipe", "repeated"): 1,
        ("maildir", "repeated"): 1,
    }


def test_what_only_an_address_matches_is_kept_for_a_person(newsroom):
    newsroom.subscribe()
    edition = newsroom.send()
    report = newsroom.take(dsn())
    assert report.held_because == (
        f"the hard bounce may be about edition {edition}, but only its address says so"
    )
    assert newsroom.suppressed() is None
    held = newsroom.held()[0]
    assert (held.recipient, held.source) == (ANNA, "imap")
    assert (held.subject, held.sender) == (
        "Undelivered Mail Returned to Sender",
        "MAILER-DAEMON@mx.example.org",
    )
    assert held.raw == dsn()
    assert newsroom.counts() == {("imap", "undecided"): 1}


def test_what_is_not_understood_is_kept_for_a_person(newsroom):
    report = newsroom.take(b"Subject: hello\n\nWho are you?\n")
    assert report.held_because
    assert newsroom.held()[0].raw == b"Subject: hello\n\nWho are you?\n"
    assert newsroom.counts() == {("imap", "not understood"): 1}


@pytest.mark.parametrize("raw", [b"", b"\0" * 100, b"\xff\xfe\n\n\xed\xa0\x80", b"To: \0a@b\n\n\0"])
def test_bytes_of_any_kind_can_be_kept(newsroom, raw):
    assert newsroom.take(raw).held_because
    assert newsroom.held()[0].raw == raw


@pytest.mark.parametrize(
    ("charset", "quoted"),
    [
        ("utf-7", b"<+2AA-anna@example.org>: 550 5.1.1 no such user"),
        ("utf-7", b"Message-ID: <1.2.+2AA-@example.org>\n550 5.1.1 no such user"),
        ("utf-8", b"<an=00na@example.org>: 550 5.1.1 no such user"),
    ],
    ids=["address", "message id", "zero"],
)
def test_text_that_no_database_can_store_blocks_no_door(newsroom, charset, quoted):
    raw = (
        b"From: MAILER-DAEMON@x.example\nSubject: failure notice\n"
        b"Content-Transfer-Encoding: quoted-printable\n"
        b"Content-Type: text/plain; charset=" + charset.encode() + b"\n\n" + quoted + b"\n"
    )
    newsroom.subscribe()
    newsroom.send()
    assert newsroom.take(raw).held_because


def test_of_reports_with_the_same_bytes_the_envelope_tells_which_reader_each_is_about(newsroom):
    readers = {email: newsroom.subscribe(email) for email in (ANNA, "bob@example.org")}
    edition = newsroom.send()
    raw = b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n550 5.1.1 user unknown\n"

    def take(reader):
        verp = newsroom.verp(edition, reader)
        options = {"source": "pipe", "recipients": [verp], "at": NOW}
        return newsroom.recorder.take_report(newsroom.store, raw, **options)

    for email, reader in readers.items():
        assert not take(reader).repeated
        assert newsroom.suppressed(email) == "hard bounce"
        assert take(reader).repeated


def test_an_envelope_that_the_message_has_as_well_changes_nothing(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    verp = newsroom.verp(edition, anna)
    newsroom.take(dsn(verp), source="maildir")
    options = {"source": "pipe", "recipients": [verp], "at": NOW}
    assert newsroom.recorder.take_report(newsroom.store, dsn(verp), **options).repeated


def test_of_a_large_report_the_beginning_is_kept(newsroom, monkeypatch):
    large = b"Subject: spam\n\n" + b"x" * 300_000
    newsroom.take(large)
    assert newsroom.held()[0].raw == large[: 256 * 1024]
    monkeypatch.setattr(held_reports, "CROWDED", 1)
    newsroom.take(large + b"2")
    assert newsroom.held()[1].raw == large[: 16 * 1024]


def test_a_flood_of_spam_does_not_fill_the_store(newsroom, monkeypatch):
    monkeypatch.setattr(held_reports, "MOST_HELD", 3)
    for number in range(5):
        newsroom.take(f"Subject: spam {number}\n\nBuy!\n".encode())
    assert [held.subject for held in newsroom.held()] == ["spam 2", "spam 3", "spam 4"]


def test_a_report_about_a_report_of_a_forger_changes_nothing(newsroom):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    token = newsroom.links.bounce_token(edition, anna)
    for forged in (token[:-1] + ("0" if token[-1] != "0" else "1"), token.upper() + "00", "0" * 38):
        newsroom.take(dsn(f"bounce+{forged}@news.example.org", recipient="nobody@example.net"))
    real = newsroom.links.message_id(edition, anna, "x")
    newsroom.take(dsn(message_id=real.replace(f"{edition}.", f"{edition + 1}.")))
    assert newsroom.suppressed() is None
    assert len(newsroom.held()) == 4


def test_a_failure_in_the_middle_leaves_nothing(newsroom, monkeypatch):
    anna = newsroom.subscribe()
    edition = newsroom.send()
    raw = dsn(newsroom.verp(edition, anna))

    def fail(*_, **__):
        raise StoreError("the disk is full")

    monkeypatch.setattr("syndicate.store.ledger.feedback.HeldReports.count_report", fail)
    with pytest.raises(StoreError):
        newsroom.take(raw)
    monkeypatch.undo()
    assert newsroom.suppressed() is None
    assert newsroom.kinds(edition, anna) == []
    assert not newsroom.take(raw).repeated
    assert newsroom.suppressed() == "hard bounce"


def test_of_two_pollers_at_once_one_records_a_report(newsroom):
    readers = [newsroom.subscribe(f"reader{number}@example.org") for number in range(20)]
    edition = newsroom.send()
    reports = [dsn(newsroom.verp(edition, reader), recipient="") for reader in readers]
    done: list[bool] = []
    start = threading.Barrier(2)

    def poll():
        start.wait(30)
        done.extend(newsroom.take(raw).repeated for raw in reports)

    pollers = [threading.Thread(target=poll) for _ in range(2)]
    for poller in pollers:
        poller.start()
    for poller in pollers:
        poller.join(60)
    assert sorted(done) == [False] * 20 + [True] * 20
    for reader in readers:
        assert [action for action, *_ in newsroom.history(reader)].count("suppressed") == 1
    assert newsroom.counts() == {("imap", "recorded"): 20, ("imap", "repeated"): 20}


def test_two_soft_bounces_at_once_see_each_other(newsroom):
    anna = newsroom.subscribe()
    editions = [newsroom.send() for _ in range(3)]
    soft = {"status": "4.2.2", "answer": "452 4.2.2 mailbox full"}
    reports = [dsn(newsroom.verp(edition, anna), **soft) for edition in editions]
    start = threading.Barrier(3)

    def take(raw):
        start.wait(30)
        newsroom.take(raw)

    takers = [threading.Thread(target=take, args=(raw,)) for raw in reports]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join(60)
    assert newsroom.suppressed() == "soft bounces"
