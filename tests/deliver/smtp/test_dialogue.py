"""What is said and heard in a session, without a socket: however it is split, it means the same."""

import itertools
import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.deliver.smtp.dialogue import SmtpDialogue
from syndicate.deliver.smtp.transport import (
    Envelope,
    EnvelopeRefused,
    Event,
    MessageAnswered,
    ReadyForBody,
    SessionEnded,
)
from syndicate.errors import NoVerdict, PermanentFailure, TemporaryFailure
from tests.deliver.smtp.begun_dialogues import ADA, ALL, BO, BODY, make_dialogue

COMMAND = re.compile(r"(MAIL FROM|RCPT TO):<[^<>\s]*>( [A-Z0-9=]+)*|DATA|RSET|\.|QUIT")


@dataclass
class Sender:
    """Offers readers one after the other, as the send loop does: one on its way, one behind it."""

    dialogue: SmtpDialogue
    readers: list[Envelope]
    events: list[str] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    offered: int = 0
    pending: bool = False
    """Whether an offer waits for its answer."""

    def go_on(self) -> None:
        """Say what may be said."""
        self.commands.append(self.dialogue.commands())

    def offer(self) -> None:
        """Offer the next one, if any."""
        if self.readers and not (self.pending or self.dialogue.over):
            self.dialogue.offer(self.readers.pop(0), len(BODY))
            self.pending = True
            self.offered += 1

    def receive(self, data: bytes) -> None:
        """Take in what came, and answer events as the send loop does."""
        for event in self.dialogue.receive(data):
            self.events.append(describe(event))
            match event:
                case ReadyForBody():
                    self.pending = False
                    self.dialogue.body(BODY)
                    self.offer()
                case EnvelopeRefused():
                    self.pending = False
                    self.offer()
                case MessageAnswered():
                    self.offer()
            if not self.dialogue.over:
                self.go_on()
        if not self.dialogue.over:
            self.go_on()


def describe(event: Event) -> str:
    """Return an event in words; how rubbish is told may depend on how it came."""
    if isinstance(event, SessionEnded):
        return f"Ended {event.error.code}"
    return repr(event)


def events_and_commands(pieces: list[bytes], extensions: frozenset[str]) -> tuple[list[str], bytes]:
    """Return the events of a session that hears these pieces, and all that it said."""
    sender = Sender(make_dialogue(extensions), [ADA, BO] * 3)
    sender.offer()
    sender.go_on()
    for piece in pieces:
        sender.receive(piece)
    return sender.events, b"".join(sender.commands)


def split_stream(stream: bytes, cuts: list[int]) -> list[bytes]:
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


@settings(max_examples=150, deadline=None)
@given(stream=LIKELY, cuts=st.lists(st.integers(0, 300)), extensions=st.sampled_from([ALL]))
def test_however_a_stream_is_split_it_means_the_same(stream, cuts, extensions):
    lines = [found.end() for found in re.finditer(rb"\n", stream)]
    singly = events_and_commands([stream[n : n + 1] for n in range(len(stream))], extensions)
    assert events_and_commands(split_stream(stream, [*cuts, *lines]), extensions) == singly


def test_replies_that_come_together_are_the_same_as_replies_that_come_alone():
    whole = b"250 a\r\n250 b\r\n354 c\r\n250 taken\r\n250 a\r\n550 5.1.1 no\r\n503 c\r\n"
    together = events_and_commands(split_stream(whole, []), ALL)
    for at in range(len(whole)):
        assert events_and_commands(split_stream(whole, [at]), ALL) == together
    assert len(together[0]) == 3


@settings(max_examples=150, deadline=None)
@given(stream=LIKELY | st.binary(max_size=200), pipelining=st.booleans())
def test_whatever_is_heard_events_come_in_order_and_commands_are_whole(stream, pipelining):
    events, sent = events_and_commands([stream], ALL if pipelining else ALL - {"pipelining"})

    kinds = [event.split("(")[0].split()[0] for event in events]
    assert kinds.count("SessionEnded") <= 1
    assert "SessionEnded" not in kinds[:-1], "the end is the last that is heard"
    ready = 0
    for kind in kinds:
        ready += (kind == "ReadyForBody") - (kind == "MessageAnswered")
        assert ready in {0, 1}, "nobody is answered who was not invited"
    for line in sent.decode().split("\r\n")[:-1]:
        assert COMMAND.fullmatch(line), line
    assert sent.endswith(b"\r\n")


def test_without_pipelining_one_command_waits_for_the_answer_to_the_one_before():
    dialogue = make_dialogue(frozenset())
    dialogue.offer(ADA, 100)
    sent = []
    for reply in (b"250 a\r\n", b"250 b\r\n", b"354 c\r\n"):
        sent.append(dialogue.commands())
        assert dialogue.commands() == b""
        events = list(dialogue.receive(reply))

    assert sent == [
        b"MAIL FROM:<news@example.org>\r\n",
        b"RCPT TO:<ada@example.org>\r\n",
        b"DATA\r\n",
    ]
    assert events == [ReadyForBody()]


@pytest.mark.parametrize("refused", [b"450 later\r\n", b"550 5.1.1 no\r\n", b"530 log in\r\n"])
@pytest.mark.parametrize("step", [0, 1])
def test_a_refusal_without_pipelining_takes_back_what_was_not_said_yet(step, refused):
    dialogue = make_dialogue(frozenset())
    dialogue.offer(ADA, 100)
    for reply in [b"250 ok\r\n"] * step + [refused]:
        dialogue.commands()
        events = list(dialogue.receive(reply))
    assert isinstance(events[0], EnvelopeRefused)
    assert dialogue.commands() == b""

    dialogue.offer(BO, 100)
    assert dialogue.commands() == b"RSET\r\n"
    assert list(dialogue.receive(b"250 ok\r\n")) == []
    assert dialogue.commands().startswith(b"MAIL FROM:<news@example.org>")


def test_a_421_that_comes_with_the_answers_ends_it_behind_them():
    dialogue = make_dialogue()
    dialogue.offer(ADA, 100)
    dialogue.commands()
    [ready] = dialogue.receive(b"250 a\r\n250 b\r\n354 c\r\n")
    assert ready == ReadyForBody()
    dialogue.body(BODY)
    dialogue.offer(BO, 100)
    dialogue.commands()
    answered, ended = dialogue.receive(b"250 taken\r\n421 bye\r\n354 never heard\r\n")

    assert isinstance(answered, MessageAnswered)
    assert answered.error is None
    assert isinstance(ended, SessionEnded)
    assert ended.error.code == 421
    assert list(dialogue.receive(b"250 x\r\n")) == []


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
    dialogue = make_dialogue(extensions)
    dialogue.offer(ADA, 100)
    dialogue.commands()
    for reply in replies:
        events = dialogue.receive(reply)
        dialogue.commands()

    [declined] = events
    assert isinstance(declined, EnvelopeRefused)
    assert (declined.error.code, str(declined.error)) == (421, "421 4.3.2 mailbox busy")
    assert declined.about_recipient
    assert not dialogue.over
    dialogue.offer(BO, 100)
    assert b"RCPT TO:<bo@example.org>" in dialogue.commands() or not extensions


@pytest.mark.parametrize("extensions", [ALL, frozenset()])
def test_a_421_is_the_last_word_until_something_else_is_heard(extensions):
    dialogue = make_dialogue(extensions)
    dialogue.offer(ADA, 100)
    dialogue.commands()
    dialogue.receive(b"250 a\r\n")
    dialogue.commands()
    assert dialogue.recipient_421 is None
    assert dialogue.receive(BUSY) == []
    dialogue.commands()
    assert dialogue.recipient_421 is not None
    assert dialogue.recipient_421.code == 421


def test_a_server_that_answers_421_to_everything_leaves():
    dialogue = make_dialogue()
    dialogue.offer(ADA, 100)
    dialogue.commands()
    assert dialogue.receive(b"250 a\r\n" + BUSY + BUSY) == []
    assert dialogue.commands() == b"RSET\r\n"
    [ended] = dialogue.receive(b"421 4.3.0 bye\r\n")

    assert isinstance(ended, SessionEnded)
    assert ended.about_recipient
    assert "mailbox busy" in str(ended.error)
    assert dialogue.over


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b"421 bye\r\n", TemporaryFailure),
        (b"554 no\r\n", PermanentFailure),
        (b"354 more\r\n", NoVerdict),
    ],
)
def test_the_answer_to_a_body_says_what_became_of_it(reply, kind):
    dialogue = make_dialogue()
    dialogue.offer(ADA, 100)
    dialogue.commands()
    list(dialogue.receive(b"250 a\r\n250 b\r\n354 c\r\n"))
    dialogue.body(BODY)
    answered, *_ = dialogue.receive(reply)

    assert isinstance(answered, MessageAnswered)
    assert type(answered.error) is kind
