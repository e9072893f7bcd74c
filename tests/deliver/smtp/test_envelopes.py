"""What a session says of a message: addresses, options and the body, whatever is in them."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.deliver.smtp.dialogue import SmtpStep
from syndicate.deliver.smtp.transport import Envelope
from syndicate.errors import PermanentFailure
from tests.deliver.smtp.begun_dialogues import ADA, ALL, make_dialogue

HOSTILE = [
    "a@x.org\r\nRSET",
    "a@x.org>\r\nRCPT TO:<b@x.org",
    "a@x.org\n",
    "a\rb@x.org",
    "a\0@x.org",
    "a\x7f@x.org",
    "a b@x.org",
    "a\u2028b@x.org",
    "a\x85b@x.org",
    "a\x9bb@x.org",
    "a\ud800@x.org",
    "a@x\udfff.org",
    "<a@x.org>",
]


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize("place", ["sender", "recipient"])
def test_an_address_is_never_more_than_an_address(address, place):
    given = {"sender": "news@example.org", "recipient": "ada@example.org", "message_id": "<1@x>"}
    dialogue = make_dialogue()
    with pytest.raises(PermanentFailure):
        dialogue.offer(Envelope(**given | {place: address}), 100)

    assert dialogue.commands() == b""
    assert dialogue.idle


@settings(max_examples=120, deadline=None)
@given(address=st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_any_text_is_one_command_or_none(address):
    dialogue = make_dialogue()
    try:
        dialogue.offer(
            Envelope(sender="news@example.org", recipient=address, message_id="<1@x>"), 9
        )
    except PermanentFailure:
        assert dialogue.commands() == b""
    else:
        lines = dialogue.commands().split(b"\r\n")
        assert [line[:4] for line in lines] == [b"MAIL", b"RCPT", b"DATA", b""]
        assert not set(b"\r\n\0") & set(b"".join(lines))


def test_addresses_beyond_ascii_are_said_as_such_where_the_server_knows_how():
    beyond = Envelope(sender="news@example.org", recipient="adá@bücher.example", message_id="<1@x>")
    dialogue = make_dialogue()
    dialogue.offer(beyond, 100)
    mail, rcpt, *_ = dialogue.commands().split(b"\r\n")
    assert mail == b"MAIL FROM:<news@example.org> SIZE=100 BODY=8BITMIME SMTPUTF8"
    assert rcpt == "RCPT TO:<adá@bücher.example>".encode()

    with pytest.raises(PermanentFailure, match="lacks SMTPUTF8"):
        make_dialogue(ALL - {"smtputf8"}).offer(beyond, 100)


DSN = ALL | {"dsn"}
LISTED = Envelope(
    sender="news@example.org",
    recipient="ada@example.org",
    message_id="<41.7.0123456789abcdef@example.org>",
    return_path="bounce+01ab@news.example.org",
)


@pytest.mark.parametrize(
    ("extensions", "verp", "mail"),
    [
        (ALL, True, "MAIL FROM:<bounce+01ab@news.example.org> SIZE=9"),
        (ALL, False, "MAIL FROM:<news@example.org> SIZE=9"),
        (
            DSN,
            True,
            "MAIL FROM:<bounce+01ab@news.example.org> SIZE=9 RET=HDRS ENVID=41.7.0123456789abcdef",
        ),
        (DSN, False, "MAIL FROM:<news@example.org> SIZE=9 RET=HDRS ENVID=41.7.0123456789abcdef"),
    ],
)
def test_the_session_picks_the_sender_and_names_the_message(extensions, verp, mail):
    dialogue = make_dialogue(extensions, verp=verp)
    dialogue.offer(LISTED, 9)

    assert dialogue.commands().decode().split("\r\n")[0] == mail


@pytest.mark.parametrize("name", ["a+b", "a=b", "a b", "é", "", "x" * 101])
def test_a_message_id_that_would_need_encoding_is_no_envelope_id(name):
    dialogue = make_dialogue(DSN)
    dialogue.offer(replace(LISTED, message_id=f"<{name}@example.org>"), 9)

    assert b"ENVID" not in dialogue.commands()


def test_a_message_larger_than_the_server_takes_is_not_even_offered():
    dialogue = make_dialogue(max_size=1000)
    with pytest.raises(PermanentFailure, match=r"1,001 bytes.*1,000"):
        dialogue.offer(ADA, 1001)
    dialogue.offer(ADA, 1000)
    assert b"SIZE=1000" in dialogue.commands()


@settings(max_examples=120, deadline=None)
@given(lines=st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x.", b"."]), max_size=8))
def test_no_body_ends_before_its_end(lines):
    message = b"".join(line + b"\r\n" for line in lines) or b"\r\n"
    dialogue = make_dialogue()
    stuffed, end = dialogue.body(message)

    sent = stuffed + end
    assert sent.index(b"\r\n.\r\n") == len(sent) - 5 if b"\r\n.\r\n" in sent else not lines
    back = [line[1:] if line.startswith(b".") else line for line in stuffed.split(b"\r\n")]
    assert b"\r\n".join(back) == message
    assert dialogue.awaited is SmtpStep.BODY
