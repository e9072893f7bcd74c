import contextlib
import os

import pytest

from syndicate.deliver.outbox import Outbox, file_name
from syndicate.deliver.sample_mail import send_message
from syndicate.deliver.smtp.transport import Envelope
from syndicate.errors import RelayUnavailable, TemporaryFailure
from tests.deliver.editions import content, message, reader


@pytest.fixture
def outbox(tmp_path):
    return Outbox(tmp_path / "out" / "box")


def put(outbox: Outbox, body: bytes, message_id: str = "<41.7.abc@example.org>") -> None:
    envelope = Envelope(sender="a@x.org", recipient="b@x.org", message_id=message_id)
    with contextlib.closing(outbox.open()) as session:
        send_message(session, envelope, body)


def test_a_message_is_kept_byte_for_byte_under_its_edition_and_reader(outbox):
    put(outbox, b"Subject: x\r\n\r\n.\r\n")

    kept = (outbox.folder / "000041-000007.eml").read_bytes()
    assert kept == b"Return-Path: <a@x.org>\r\nSubject: x\r\n\r\n.\r\n"


@pytest.mark.parametrize(("verp", "sender"), [(True, "b+0123@x.org"), (False, "a@x.org")])
def test_it_shows_the_sender_that_a_server_would_get(tmp_path, verp, sender):
    envelope = Envelope(
        sender="a@x.org", recipient="b@x.org", message_id="<41.7.x@y>", return_path="b+0123@x.org"
    )
    outbox = Outbox(tmp_path, verp=verp)
    with contextlib.closing(outbox.open()) as session:
        send_message(session, envelope, b"Subject: x\r\n\r\n")

    [kept] = outbox.messages()
    assert kept.headers == [("Return-Path", f"<{sender}>"), ("Subject", "x")]


def test_a_message_handed_over_twice_is_one_file(outbox):
    put(outbox, b"Subject: x\r\n\r\n")
    put(outbox, b"Subject: x\r\n\r\n")

    assert [file.name for file in outbox.folder.iterdir()] == ["000041-000007.eml"]


def test_whoever_looks_for_messages_never_finds_half_a_one(outbox, monkeypatch):
    seen, flush = [], os.fsync

    def look(handle: int) -> None:
        seen.append([path.name for path in outbox.folder.glob("*.eml")])
        flush(handle)

    monkeypatch.setattr(os, "fsync", look)
    put(outbox, b"Subject: x\r\n\r\n")

    assert seen == [[], ["000041-000007.eml"]]


def test_names_sort_as_editions_and_readers_do():
    names = [file_name(f"<{e}.{s}.x@y>") for e in (9, 10, 100) for s in (9, 10)]

    assert names == sorted(names)


def test_a_message_arrived_when_its_own_file_is_there(outbox):
    put(outbox, b"Message-ID: <41.7.abc@example.org>\r\n\r\n")

    assert outbox.arrived("<41.7.abc@example.org>")
    assert not outbox.arrived("<41.8.abc@example.org>")


def test_the_file_of_another_store_is_no_evidence(outbox):
    put(outbox, b"Message-ID: <41.7.0ld@example.org>\r\n\r\n")

    assert not outbox.arrived("<41.7.abc@example.org>")


def test_half_a_file_left_by_a_kill_is_neither_evidence_nor_listed(outbox):
    outbox.open()
    (outbox.folder / ".000041-000007.eml.new").write_bytes(
        b"Message-ID: <41.7.abc@example.org>\r\n"
    )

    assert not outbox.arrived("<41.7.abc@example.org>")
    assert outbox.messages() == []


def test_an_inbox_lists_the_newest_first_and_decodes(outbox, publication):
    for number, subject in enumerate(["Früher", "Später 🚋"], 1):
        raw = message(content(subject=subject), reader(publication(), name="Ada Ü"))
        put(outbox, raw, f"<{number}.1.x@y>")
        os.utime(outbox.folder / file_name(f"<{number}.1.x@y>"), (number, number))

    newest, oldest = outbox.messages()
    assert (newest.subject, oldest.subject) == ("Später 🚋", "Früher")
    assert newest.to == "Ada Ü <ada@example.org>"
    assert newest.date.isoformat() == "2026-11-24T12:00:00+00:00"
    assert newest.path.stat().st_size == len(newest.source.encode())


def test_one_message_opens_with_its_parts(outbox, publication):
    put(outbox, message(content(), reader(publication())))

    kept = outbox.get("000041-000007.eml")
    assert kept is not None
    assert kept.html.startswith("<p>Dear Ada &lt;ada@example.org&gt;</p>\n<a href=")
    assert kept.text.startswith("Dear Ada <ada@example.org>\n\nUnsubscribe: http")
    assert ("Auto-Submitted", "auto-generated") in kept.headers
    assert kept.source.startswith("Return-Path: <a@x.org>\r\nFrom: ")


def test_a_file_that_is_no_message_does_not_stop_the_list(outbox):
    outbox.open()
    (outbox.folder / "mine.eml").write_bytes(b"\xff\xfe\0 nothing like mail")
    put(outbox, b"Subject: x\r\n\r\n")

    assert sorted(kept.subject for kept in outbox.messages()) == ["", "x"]
    assert [(kept.html, kept.to) for kept in outbox.messages()] == [("", ""), ("", "")]
    assert all(kept.date.tzinfo for kept in outbox.messages())


@pytest.mark.parametrize(
    "name", ["../secret.eml", "/etc/passwd", ".eml", "x.txt", "a/b.eml", "", "\0.eml"]
)
def test_no_name_leads_out_of_the_folder(outbox, name):
    outbox.open()
    (outbox.folder.parent / "secret.eml").write_text("secret")

    assert outbox.get(name) is None


def test_a_folder_that_can_not_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RelayUnavailable, match=r"mail\.outbox"):
        Outbox(tmp_path / "file" / "box").open()


def test_a_message_that_can_not_be_written_is_tried_again_later(outbox):
    session = outbox.open()
    outbox.folder.rmdir()
    envelope = Envelope(sender="a@x.org", recipient="b@x.org", message_id="<1.1.x@y>")
    with pytest.raises(TemporaryFailure, match="No such file"):
        send_message(session, envelope, b"x")
