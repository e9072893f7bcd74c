"""What came back is forgotten with its reader, and by retention; replays stay known for longer."""

import base64
import json
import quopri
from dataclasses import replace
from datetime import timedelta

import pytest

from syndicate.model.feedback import FeedbackKind
from syndicate.schedule.retention import count_purgeable, purge
from syndicate.store.audience.erasures import mentions
from syndicate.web.readers.personal_data import export_json
from tests.causes import by_test
from tests.feedback.reported import ANNA, DAY, HOUR, NOW, Newsroom, dsn
from tests.store.audience.samples import LETTER

pytestmark = pytest.mark.sql
BO = "bo@example.org"


def test_of_an_erased_reader_no_report_is_left_and_those_of_others_are(newsroom):
    anna, bo = newsroom.subscribe(), newsroom.subscribe(BO)
    edition = newsroom.send()
    for reader in (anna, bo):
        bounce = newsroom.bounce(edition, reader, FeedbackKind.SOFT_BOUNCE)
        newsroom.record(replace(bounce, text=f"{ANNA} is full"))
    newsroom.take(dsn())
    newsroom.take(dsn(recipient=BO))
    newsroom.take(b"Subject: a word\n\nThis is ANNA@Example.org, who has had enough.\n")
    newsroom.take(b"Subject: another\n\nAnn at example\n")
    with newsroom.store.write() as tx:
        tx.erasures.erase(anna, cause=by_test(NOW))
    assert [held.recipient for held in newsroom.held()] == [BO, ""]
    with newsroom.store.read() as tx:
        (hers,) = tx.feedback.by_delivery(edition, anna)
        (his,) = tx.feedback.by_delivery(edition, bo)
    assert (hers.text, hers.host, hers.domain) == ("", "", "")
    assert (hers.kind, hers.status) == ("soft bounce", "4.2.2")
    assert (his.host, his.domain) == ("mx.example.org", "example.org")


@pytest.mark.parametrize(
    "hidden",
    [
        "To: Anna@Example.ORG",
        "Return-Path: <list-anna=example.org@list.example>",
        "X: =61nna=40example.org",
        quopri.encodestring(b"x" * 70 + b" anna@example.org").decode(),
        "Content-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(b"Dear list, it is I, " + b"-" * 90 + b" anna@example.org").decode(),
        "Subject: =?utf-8?B?" + base64.b64encode(b"for anna@example.org").decode() + "?=",
    ],
)
def test_an_address_is_found_wherever_a_message_hides_it(hidden):
    assert mentions(hidden.encode(), [ANNA])
    assert not mentions(hidden.encode(), [BO])


def test_a_hostile_message_is_searched_in_time():
    for hostile in (b"a" * 256 * 1024, b"=" * 256 * 1024, b"aaaa\n" * 50_000, b"base64" * 40_000):
        assert not mentions(b"base64" + hostile, [ANNA])


def test_retention_deletes_reports_and_keeps_replays_known_for_longer(store, publication):
    bounces = {"address": "bounce@news.example.org"}
    newsroom = Newsroom(store, publication(retention={"events": "30d"}, bounces=bounces))
    anna = newsroom.subscribe()
    edition = newsroom.send(NOW - HOUR)
    raw, other = dsn(newsroom.verp(edition, anna)), dsn(recipient=BO)
    newsroom.take(raw)
    newsroom.take(other)
    event = newsroom.bounce(edition, anna, FeedbackKind.DELIVERED, event_id="e1")
    newsroom.record(event, source="hook ses")
    later = NOW + 31 * DAY
    assert count_purgeable(store, newsroom.config, at=NOW + 29 * DAY).events == 0
    assert count_purgeable(store, newsroom.config, at=later).events >= 3
    purge(store, newsroom.config, at=later)
    assert (newsroom.kinds(edition, anna), newsroom.held()) == ([], [])
    assert newsroom.take(raw, at=later).repeated
    assert newsroom.record(event, source="hook ses", at=later).outcome != "repeated"
    purge(store, newsroom.config, at=NOW + 201 * DAY)
    again = newsroom.take(raw, at=NOW + 201 * DAY)
    assert not again.repeated
    assert again.feedback[0].outcome == "without effect"


def test_the_feedback_about_a_letter_goes_with_the_letter(newsroom):
    anna = newsroom.subscribe()
    with newsroom.store.write() as tx:
        letter = tx.editions.add_letter(LETTER, to=anna, created_at=NOW, expires_at=NOW + DAY)
    newsroom.deliver(letter, NOW)
    newsroom.record(newsroom.bounce(letter, anna, FeedbackKind.DELIVERED))
    with newsroom.store.write() as tx:
        assert tx.erasures.delete_letters(NOW + 2 * DAY) == 1
    assert newsroom.kinds(letter, anna) == []


def test_readers_get_what_was_reported_about_their_mail(newsroom):
    old, new = newsroom.subscribe(), newsroom.subscribe(BO)
    edition = newsroom.send(NOW - HOUR)
    newsroom.record(newsroom.bounce(edition, old, at=NOW - HOUR / 2))
    newsroom.take(dsn(recipient=BO))
    with newsroom.store.write() as tx:
        tx.subscribers.unsuppress(ANNA, cause=by_test(NOW))
        tx.subscribers.merge(old, new, cause=by_test(NOW + timedelta(minutes=1)))
        record = tx.data_export.load(new)
    data = json.loads(export_json(record, newsroom.config, at=NOW))
    assert data["reports"] == [
        {
            "edition": edition,
            "kind": "hard bounce",
            "at": (NOW - HOUR / 2).isoformat(),
            "reported_at": NOW.isoformat(),
            "answer": "550 5.1.1 no such user",
            "server": "mx.example.org",
            "by": "imap",
        }
    ]
    (unread,) = data["unread_reports"]
    assert unread["subject"] == "Undelivered Mail Returned to Sender"
