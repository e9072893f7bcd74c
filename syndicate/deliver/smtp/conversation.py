"""What is said in an SMTP session after it was opened: RFC 5321, 3.3, without a socket.

MAIL, RCPT and DATA go out in one write where the server takes that, behind the
body of the message before (RFC 2920, 3.1). A verdict is a reply code and nothing else.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import Enum

from syndicate.deliver.smtp.relay import (
    BodyInvited,
    Envelope,
    Event,
    MessageAnswered,
    MessageDeclined,
    SessionEnded,
    SmtpReply,
)
from syndicate.deliver.smtp.replies import MalformedReply, ReplyParser
from syndicate.errors import (
    DeliveryError,
    NoVerdict,
    PermanentFailure,
    RelayUnavailable,
    TemporaryFailure,
)

_UNSAYABLE = re.compile(r"[<>\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CLOSING = 421
"""The server leaves, says RFC 5321, 3.8; some say it of one reader, and stay."""
_GO_AHEAD = 354
_LOG_IN_FIRST = (530, 538)
"""RFC 4954, 6: said to the sender, at whichever step."""
_DOT = b".\r\n"


class SmtpStep(Enum):
    """What a reply is to."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the message"
    ASIDE = "RSET, or a lone dot"
    """What is said to it means nothing."""


_OFFER = (SmtpStep.MAIL, SmtpStep.RCPT, SmtpStep.DATA)
_OF_READER = (SmtpStep.RCPT, SmtpStep.DATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTerms:
    """What holds for every transaction of a session."""

    server: str
    """`host:port`, for messages."""
    extensions: frozenset[str]
    """What the server offers, in lower case: `pipelining`, `smtputf8`, `size`, `8bitmime`."""
    timeout: float
    """Seconds to wait for a reply."""
    max_messages: int
    max_size: int = 0
    """Bytes of a message that the server takes (RFC 1870); 0: it doesn't say."""


class SmtpDialogue:
    """Both sides of what is said: commands to write, and events that replies mean."""

    def __init__(self, terms: SessionTerms) -> None:
        self._terms = terms
        self._pipelining = "pipelining" in terms.extensions
        self._replies = ReplyParser()
        self._unsaid: deque[tuple[SmtpStep, bytes]] = deque()
        self._awaited: deque[SmtpStep] = deque()
        self._answers: list[SmtpReply] = []
        """What was said so far to the message that is offered."""
        self._sender = ""
        self._dirty = False
        """Whether an offer was made that no body ended: RSET ends it."""
        self._last_421: SmtpReply | None = None
        """A 421 to RCPT or DATA, until something else is heard: then it was the reader's."""
        self.over = False
        self.heard = 0
        """How many replies were understood so far."""

    @property
    def awaited(self) -> SmtpStep | None:
        """What the next reply is to; None when none is awaited."""
        return self._awaited[0] if self._awaited else None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, so that the session can be ended politely."""
        return not (self._awaited or self._unsaid or self._answers)

    @property
    def parting(self) -> SmtpReply | None:
        """A 421 to the reader that is offered, where it was the last that was heard."""
        if self._answers and self._answers[-1].code == _CLOSING:
            return self._answers[-1]
        return self._last_421

    def offer(self, envelope: Envelope, size: int) -> None:
        """Ask for a message to be taken; raise PermanentFailure where it can't be asked."""
        parameters = self._parameters(envelope, size)
        if self._dirty:
            self._unsaid.append((SmtpStep.ASIDE, b"RSET\r\n"))
        mail = f"MAIL FROM:<{envelope.sender}>{parameters}\r\n".encode()
        rcpt = f"RCPT TO:<{envelope.recipient}>\r\n".encode()
        self._unsaid += zip(_OFFER, (mail, rcpt, b"DATA\r\n"), strict=True)
        self._sender = envelope.sender
        self._dirty = True

    def body(self, *message: bytes, tame: bool = False) -> tuple[bytes, ...]:
        """Return what is to be written for the body that is awaited, and what ends it.

        The message may come in pieces, such as its header and its body.

        `tame`: whoever made it knows that no line of it begins with a dot.
        """
        self._answers.clear()
        self._awaited.append(SmtpStep.BODY)
        self._dirty = False
        said = message if tame else (_stuffed(b"".join(message)),)
        return *said, _DOT if message[-1].endswith(b"\r\n") else b"\r\n" + _DOT

    def say(self) -> bytes:
        """Return the commands that may be written now."""
        said: list[bytes] = []
        while self._unsaid and (self._pipelining or not (self._awaited or said)):
            step, command = self._unsaid.popleft()
            said.append(command)
            self._awaited.append(step)
        return b"".join(said)

    def hear(self, data: bytes) -> list[Event]:
        """Take in what was received; what comes of it. The last event of all is Ended."""
        events: list[Event] = []
        garbled: MalformedReply | None = None
        try:
            self._replies.feed(data)
        except MalformedReply as error:
            garbled = error
        while not self.over and (reply := self._replies.next()) is not None:
            if not self._awaited:
                self._end(MalformedReply(f"the server said {str(reply)!r} out of turn"), events)
                break
            self.heard += 1
            self._answered(self._awaited.popleft(), reply, events)
        if garbled is not None:
            self._end(garbled, events)
        return events

    # how

    def _answered(self, step: SmtpStep, reply: SmtpReply, events: list[Event]) -> None:
        if step is SmtpStep.BODY:
            events.append(MessageAnswered(reply, self._meaning(reply)))
            if not (reply.positive or reply.negative):
                said = f"the server answered {str(reply)!r} to a message"
                self._end(MalformedReply(said), events)
                return
        if reply.code == _CLOSING and step not in _OF_READER:
            self._close(self._last_421 or reply, events, of_reader=self._last_421 is not None)
        elif step in _OFFER:
            self._answers.append(reply)
            if step is SmtpStep.DATA or (not self._pipelining and reply.negative):
                self._judge(reply, events)
        elif self._last_421 is not None:  # the server is still there
            events.append(MessageDeclined(TemporaryFailure(str(self._last_421), _CLOSING)))
            self._last_421 = None

    def _close(self, reply: SmtpReply, events: list[Event], *, of_reader: bool) -> None:
        self.over = True
        closing = TemporaryFailure(f"{self._terms.server}: {reply}", reply.code)
        events.append(SessionEnded(closing, of_reader=of_reader))

    def _judge(self, reply: SmtpReply, events: list[Event]) -> None:
        """Read what MAIL, RCPT and DATA come to: the first refusal is the verdict."""
        while self._unsaid and self._unsaid[0][0] in _OFFER:  # refused before all was said
            self._unsaid.popleft()
        if [each.code // 100 for each in self._answers] == [2, 2, 3]:
            events.append(BodyInvited())
            return
        refused = next((n for n, each in enumerate(self._answers) if each.negative), None)
        if refused is None:
            said = " / ".join(map(str, self._answers))
            garbled = MalformedReply(f"the server answered {said!r} to MAIL, RCPT and DATA")
            self._end(garbled, events)
            return
        answer = self._answers[refused]
        if reply.code == _GO_AHEAD:
            self._unsaid.appendleft((SmtpStep.ASIDE, _DOT))
            self._dirty = False
        self._answers.clear()
        if answer.code == reply.code == _CLOSING:
            self._last_421, self._dirty = answer, False
            self._unsaid.appendleft((SmtpStep.ASIDE, b"RSET\r\n"))  # to hear whether it leaves
            return
        step = _OFFER[refused]
        error = self._refusal(answer, step)
        events.append(MessageDeclined(error, of_reader=step is not SmtpStep.MAIL))
        if reply.code == _CLOSING:
            self._close(reply, events, of_reader=True)

    def _refusal(self, reply: SmtpReply, step: SmtpStep) -> DeliveryError:
        if reply.code in _LOG_IN_FIRST or (step is SmtpStep.MAIL and reply.permanent):
            return RelayUnavailable(
                f"{self._terms.server} takes nothing from {self._sender}: {reply}; look at "
                "mail.from, the username and what the relay allows this sender",
                reply.code,
            )
        failure = PermanentFailure if reply.permanent else TemporaryFailure
        return failure(str(reply), reply.code)

    def _meaning(self, reply: SmtpReply) -> DeliveryError | None:
        if reply.positive:
            return None
        if reply.permanent:
            return PermanentFailure(str(reply), reply.code)
        if reply.temporary:
            return TemporaryFailure(str(reply), reply.code)
        return NoVerdict(f"{self._terms.server} answered {str(reply)!r}", reply.code)

    def _end(self, error: MalformedReply, events: list[Event]) -> None:
        if not self.over:
            self.over = True
            events.append(SessionEnded(TemporaryFailure(f"{self._terms.server}: {error}")))

    def _parameters(self, envelope: Envelope, size: int) -> str:
        for address in (envelope.sender, envelope.recipient):
            if _UNSAYABLE.search(address):
                raise PermanentFailure(f"{address!r} can't be used as an address")
        offered = self._terms.extensions
        if 0 < self._terms.max_size < size:
            raise PermanentFailure(
                f"the message has {size:,} bytes, and the server takes {self._terms.max_size:,}"
            )
        parameters = f" SIZE={size}" if "size" in offered else ""
        if not (envelope.sender + envelope.recipient).isascii():
            if "smtputf8" not in offered:
                raise PermanentFailure("server lacks SMTPUTF8")
            parameters += " BODY=8BITMIME SMTPUTF8"
        return parameters


def _stuffed(message: bytes) -> bytes:
    """Double the dots that begin a line (RFC 5321, 4.5.2)."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
