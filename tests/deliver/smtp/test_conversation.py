"""What is said and heard in a session, without a socket: however it is split, it means the same."""

import itertools
import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.deliver.smtp.conversation import SessionTerms, SmtpDialogue, SmtpStep
from syndicate.deliver.smtp.relay import (
    BodyInvited,
    Envelope,
    Event,
    MessageAnswered,
    MessageDeclined,
    SessionEnded,
)
from syndicate.errors import NoVerdict, PermanentFailure, TemporaryFailure

ALL = frozenset({"pipelining", "size", "smtputf8"})
ADA = Envelope(sender="news@example.org", recipient="ada@example.org", message_id="<1.1.x@y>")
BO = Envelope(sender="news@example.org", recipient="bo@example.org", message_id="<1.2.x@y>")
BODY = b"Subject: x\r\n\r\nend\r\n"
COMMAND = re.compile(r"(MAIL FROM|RCPT TO):<[^<>\s]*>( [A-Z0-9=]+)*|DATA|RSET|\.|QUIT")


def conversation(extensions: frozenset[str] = ALL, **more: int) -> SmtpDialogue:
    """Begin one, with a server that offers these extensions."""
    return SmtpDialogue(
        SessionTerms(server="mx:25", extensions=extensions, timeout=1, max_messages=9, **more)
    )


@dataclass
class Sender:
    """Offers readers one after the other, as the engine does: one on its way, one behind it."""

    talk: SmtpDialogue
    readers: list[Envelope]
    events: list[str] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    offered: int = 0
    pending: bool = False
    """Whether an offer waits for its answer."""

    def go_on(self) -> None:
        """Say what may be said."""
        self.commands.append(self.talk.say())

    def offer(self) -> None:
        """Offer the next one, if any."""
        if self.readers and not (self.pending or self.talk.over):
            self.talk.offer(self.readers.pop(0), len(BODY))
            self.pending = True
            self.offered += 1

    def hear(self, data: bytes) -> None:
        """Take in what came, and answer events as the engine does."""
        for event in self.talk.hear(data):
            self.events.append(told(event))
            match event:
                case BodyInvited():
                    self.pending = False
                    self.talk.body(BODY)
                    self.offer()
                case MessageDeclined():
                    self.pending = False
                    self.offer()
                case MessageAnswered():
                    self.offer()
            if not self.talk.over:
                self.go_on()
        if not self.talk.over:
            self.go_on()


def told(event: Event) -> str:
    """Return an event in words; how rubbish is told may depend on how it came."""
    if isinstance(event, SessionEnded):
        return f"Ended {event.error.code}"
    return repr(event)


def heard(pieces: list[bytes], extensions: frozenset[str]) -> tuple[list[str], bytes]:
    """Return the events of a session that hears these pieces, and all that it said."""
    sender = Sender(conversation(extensions), [ADA, BO] * 3)
    sender.offer()
    sender.go_on()
    for piece in pieces:
        sender.hear(piece)
    return sender.events, b"".join(sender.commands)


def parted(stream: bytes, cuts: list[int]) -> list[bytes]:
    """Part a stream at these places, and where a body is asked for: it is awaited there."""
    asked = (found.end() for found in re.finditer(rb"354[^\n]*\n", stream))
    places = sorted({0, len(stream), *asked, *(cut for cut in cuts if cut < len(stream))})
    return [stream[start:end] for start, end in itertools.pairwise(places)]


REPLIES = st.sampled_from(
    [
        b"250 ok\r\n",
        b"250-two\r\n250 lines\r\n",
        b"250\n",
        b"354 go\r\n",
        b"450 4.2.1 later\r\n",
        b"454 4.7.0 slower\r\n",
        b"550-5.1.1 no\r\n550 5.1.1 such user\r\n",
        b"530 log in\r\n",
        b"421 closing\r\n",
        b"220 odd\r\n",
        b"what?\r\n",
        b"\xff\x00\r\n",
        b"250-half\r\n",
        b"2",
    ]
)
LIKELY = st.lists(
    st.sampled_from([b"250 ok\r\n250 ok\r\n354 go\r\n", b"250 taken\r\n"]) | REPLIES, max_size=12
).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(stream=LIKELY, cuts=st.lists(st.integers(0, 300)), extensions=st.sampled_from([ALL]))
def test_however_a_stream_is_split_it_means_the_same(stream, cuts, extensions):
    lines = [found.end() for found in re.finditer(rb"\n", stream)]
    singly = heard([stream[n : n + 1] for n in range(len(stream))], extensions)
    assert heard(parted(stream, [*cuts, *lines]), extensions) == singly


def test_replies_that_come_together_are_the_same_as_replies_that_come_alone():
    whole = b"250 a\r\n250 b\r\n354 c\r\n250 taken\r\n250 a\r\n550 5.1.1 no\r\n503 c\r\n"
    together = heard(parted(whole, []), ALL)
    for at in range(len(whole)):
        assert heard(parted(whole, [at]), ALL) == together
    assert len(together[0]) == 3


@settings(max_examples=400, deadline=None)
@given(stream=LIKELY | st.binary(max_size=200), pipelining=st.booleans())
def test_whatever_is_heard_events_come_in_order_and_commands_are_whole(stream, pipelining):
    events, said = heard([stream], ALL if pipelining else ALL - {"pipelining"})

    kinds = [event.split("(")[0].split()[0] for event in events]
    assert kinds.count("SessionEnded") <= 1
    assert "SessionEnded" not in kinds[:-1], "the end is the last that is heard"
    invited = 0
    for kind in kinds:
        invited += (kind == "BodyInvited") - (kind == "MessageAnswered")
        assert invited in {0, 1}, "nobody is answered who was not invited"
    for line in said.decode().split("\r\n")[:-1]:
        assert COMMAND.fullmatch(line), line
    assert said.endswith(b"\r\n")


def test_without_pipelining_one_command_waits_for_the_answer_to_the_one_before():
    talk = conversation(frozenset())
    talk.offer(ADA, 100)
    said = []
    for reply in (b"250 a\r\n", b"250 b\r\n", b"354 c\r\n"):
        said.append(talk.say())
        assert talk.say() == b""
        events = list(talk.hear(reply))

    assert said == [
        b"MAIL FROM:<news@example.org>\r\n",
        b"RCPT TO:<ada@example.org>\r\n",
        b"DATA\r\n",
    ]
    assert events == [BodyInvited()]


@pytest.mark.parametrize("refused", [b"450 later\r\n", b"550 5.1.1 no\r\n", b"530 log in\r\n"])
@pytest.mark.parametrize("step", [0, 1])
def test_a_refusal_without_pipelining_takes_back_what_was_not_said_yet(step, refused):
    talk = conversation(frozenset())
    talk.offer(ADA, 100)
    for reply in [b"250 ok\r\n"] * step + [refused]:
        talk.say()
        events = list(talk.hear(reply))
    assert isinstance(events[0], MessageDeclined)
    assert talk.say() == b""

    talk.offer(BO, 100)
    assert talk.say() == b"RSET\r\n"
    assert list(talk.hear(b"250 ok\r\n")) == []
    assert talk.say().startswith(b"MAIL FROM:<news@example.org>")


def test_a_421_that_comes_with_the_answers_ends_it_behind_them():
    talk = conversation()
    talk.offer(ADA, 100)
    talk.say()
    [invited] = talk.hear(b"250 a\r\n250 b\r\n354 c\r\n")
    assert invited == BodyInvited()
    talk.body(BODY)
    talk.offer(BO, 100)
    talk.say()
    answered, ended = talk.hear(b"250 taken\r\n421 bye\r\n354 never heard\r\n")

    assert isinstance(answered, MessageAnswered)
    assert answered.error is None
    assert isinstance(ended, SessionEnded)
    assert ended.error.code == 421
    assert list(talk.hear(b"250 x\r\n")) == []


BUSY = b"421 4.3.2 mailbox busy\r\n"


@pytest.mark.parametrize(
    ("extensions", "replies"),
    [
        (ALL, [b"250 a\r\n" + BUSY + b"503 no recipients\r\n"]),
        (ALL, [b"250 a\r\n" + BUSY, b"354 go on\r\n"]),
        (ALL, [b"250 a\r\n250 b\r\n" + BUSY, b"250 reset\r\n"]),
        (ALL, [b"250 a\r\n" + BUSY + BUSY, b"250 reset\r\n"]),
        (frozenset(), [b"250 a\r\n", BUSY, b"250 reset\r\n"]),
        (frozenset(), [b"250 a\r\n", b"250 b\r\n", BUSY, b"250 reset\r\n"]),
    ],
)
def test_a_421_after_which_the_server_goes_on_is_about_the_reader(extensions, replies):
    talk = conversation(extensions)
    talk.offer(ADA, 100)
    talk.say()
    for reply in replies:
        events = talk.hear(reply)
        talk.say()

    [declined] = events
    assert isinstance(declined, MessageDeclined)
    assert (declined.error.code, str(declined.error)) == (421, "421 4.3.2 mailbox busy")
    assert declined.of_reader
    assert not talk.over
    talk.offer(BO, 100)
    assert b"RCPT TO:<bo@example.org>" in talk.say() or not extensions


@pytest.mark.parametrize("extensions", [ALL, frozenset()])
def test_a_421_is_the_last_word_until_something_else_is_heard(extensions):
    talk = conversation(extensions)
    talk.offer(ADA, 100)
    talk.say()
    talk.hear(b"250 a\r\n")
    talk.say()
    assert talk.parting is None
    assert talk.hear(BUSY) == []
    talk.say()
    assert talk.parting is not None
    assert talk.parting.code == 421


def test_a_server_that_answers_421_to_everything_leaves():
    talk = conversation()
    talk.offer(ADA, 100)
    talk.say()
    assert talk.hear(b"250 a\r\n" + BUSY + BUSY) == []
    assert talk.say() == b"RSET\r\n"
    [ended] = talk.hear(b"421 4.3.0 bye\r\n")

    assert isinstance(ended, SessionEnded)
    assert ended.of_reader
    assert "mailbox busy" in str(ended.error)
    assert talk.over


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"421 bye\r\n", TemporaryFailure),
        (b"554 no\r\n", PermanentFailure),
        (b"354 more\r\n", NoVerdict),
    ],
)
def test_the_answer_to_a_body_says_what_became_of_it(reply, kind):
    talk = conversation()
    talk.offer(ADA, 100)
    talk.say()
    list(talk.hear(b"250 a\r\n250 b\r\n354 c\r\n"))
    talk.body(BODY)
    answered, *_ = talk.hear(reply)

    assert isinstance(answered, MessageAnswered)
    assert type(answered.error) is kind


# what can't be said

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
    talk = conversation()
    with pytest.raises(PermanentFailure):
        talk.offer(Envelope(**given | {place: address}), 100)

    assert talk.say() == b""
    assert talk.idle


@settings(max_examples=300, deadline=None)
@given(address=st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_any_text_is_one_command_or_none(address):
    talk = conversation()
    try:
        talk.offer(Envelope(sender="news@example.org", recipient=address, message_id="<1@x>"), 9)
    except PermanentFailure:
        assert talk.say() == b""
    else:
        lines = talk.say().split(b"\r\n")
        assert [line[:4] for line in lines] == [b"MAIL", b"RCPT", b"DATA", b""]
        assert not set(b"\r\n\0") & set(b"".join(lines))


def test_addresses_beyond_ascii_are_said_as_such_where_the_server_knows_how():
    beyond = Envelope(sender="news@example.org", recipient="adá@bücher.example", message_id="<1@x>")
    talk = conversation()
    talk.offer(beyond, 100)
    mail, rcpt, *_ = talk.say().split(b"\r\n")
    assert mail == b"MAIL FROM:<news@example.org> SIZE=100 BODY=8BITMIME SMTPUTF8"
    assert rcpt == "RCPT TO:<adá@bücher.example>".encode()

    with pytest.raises(PermanentFailure, match="lacks SMTPUTF8"):
        conversation(ALL - {"smtputf8"}).offer(beyond, 100)


def test_a_message_larger_than_the_server_takes_is_not_even_offered():
    talk = conversation(max_size=1000)
    with pytest.raises(PermanentFailure, match=r"1,001 bytes.*1,000"):
        talk.offer(ADA, 1001)
    talk.offer(ADA, 1000)
    assert b"SIZE=1000" in talk.say()


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x.", b"."]), max_size=8))
def test_no_body_ends_before_its_end(lines):
    message = b"".join(line + b"\r\n" for line in lines) or b"\r\n"
    talk = conversation()
    said, end = talk.body(message)

    sent = said + end
    assert sent.index(b"\r\n.\r\n") == len(sent) - 5 if b"\r\n.\r\n" in sent else not lines
    back = [line[1:] if line.startswith(b".") else line for line in said.split(b"\r\n")]
    assert b"\r\n".join(back) == message
    assert talk.awaited is SmtpStep.BODY
