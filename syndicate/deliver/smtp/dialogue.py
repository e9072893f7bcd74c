"""The SMTP dialogue in an open session, without a socket: RFC 5321, 3.3.

MAIL, RCPT and DATA go out in one write if the server offers that, behind the body of
the message before (RFC 2920, 3.1). Only the reply code decides about a message.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import Enum

from syndicate.deliver.smtp.reply_parser import MalformedReply, ReplyParser
from syndicate.deliver.smtp.transport import (
    Envelope,
    EnvelopeRefused,
    Event,
    MessageAnswered,
    ReadyForBody,
    SessionEnded,
    SmtpReply,
)
from syndicate.errors import (
    DeliveryError,
    NoVerdict,
    PermanentFailure,
    RelayUnavailable,
    TemporaryFailure,
)

_INVALID_IN_ADDRESS = re.compile(r"[<>\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CLOSING = 421
"""The server closes the session (RFC 5321, 3.8); some send it about one recipient, and stay."""
_START_INPUT = 354
_AUTHENTICATION_REQUIRED = (530, 538)
"""RFC 4954, 6: they concern the sender, whichever command they reply to."""
_DOT = b".\r\n"


class SmtpStep(Enum):
    """The command, or body, that a reply answers."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the message"
    RESET = "RSET, or a lone dot"
    """Its reply has no meaning."""


_ENVELOPE = (SmtpStep.MAIL, SmtpStep.RCPT, SmtpStep.DATA)
_ABOUT_RECIPIENT = (SmtpStep.RCPT, SmtpStep.DATA)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTerms:
    """The server's extensions, and the limits of a session."""

    server: str
    """`host:port`, for messages."""
    extensions: frozenset[str]
    """What the server offers, in lower case: `pipelining`, `smtputf8`, `size`, `8bitmime`."""
    timeout: float
    """Seconds to wait for a reply."""
    max_messages: int
    max_size: int = 0
    """The most bytes of a message that the server takes (RFC 1870); 0: it sets no limit."""


class SmtpDialogue:
    """Turns envelopes and bodies into commands to write, and replies into events."""

    def __init__(self, terms: SessionTerms) -> None:
        self._terms = terms
        self._pipelining = "pipelining" in terms.extensions
        self._parser = ReplyParser()
        self._unsent: deque[tuple[SmtpStep, bytes]] = deque()
        self._awaited: deque[SmtpStep] = deque()
        self._answers: list[SmtpReply] = []
        """The replies to the current envelope so far."""
        self._sender = ""
        self._needs_reset = False
        """Whether an envelope was offered that no body followed: RSET ends it."""
        self._last_421: SmtpReply | None = None
        """A 421 to RCPT or DATA; if the server stays, it concerned the recipient."""
        self.over = False
        self.replies = 0
        """How many replies were understood so far."""

    @property
    def awaited(self) -> SmtpStep | None:
        """What the next reply answers; None if none is due."""
        return self._awaited[0] if self._awaited else None

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, so that QUIT may be sent."""
        return not (self._awaited or self._unsent or self._answers)

    @property
    def recipient_421(self) -> SmtpReply | None:
        """A 421 about the recipient of the current envelope, if it was the last reply."""
        if self._answers and self._answers[-1].code == _CLOSING:
            return self._answers[-1]
        return self._last_421

    def offer(self, envelope: Envelope, size: int) -> None:
        """Queue MAIL, RCPT and DATA; raise PermanentFailure if the server can't take it."""
        for address in (envelope.sender, envelope.recipient):
            if _INVALID_IN_ADDRESS.search(address):
                raise PermanentFailure(f"{address!r} can't be used as an address")
        extensions, max_size = self._terms.extensions, self._terms.max_size
        if 0 < max_size < size:
            raise PermanentFailure(
                f"the message has {size:,} bytes, and the server takes {max_size:,}"
            )
        parameters = f" SIZE={size}" if "size" in extensions else ""
        if not (envelope.sender + envelope.recipient).isascii():
            if "smtputf8" not in extensions:
                raise PermanentFailure("server lacks SMTPUTF8")
            parameters += " BODY=8BITMIME SMTPUTF8"
        if self._needs_reset:
            self._unsent.append((SmtpStep.RESET, b"RSET\r\n"))
        mail = f"MAIL FROM:<{envelope.sender}>{parameters}\r\n".encode()
        rcpt = f"RCPT TO:<{envelope.recipient}>\r\n".encode()
        self._unsent += zip(_ENVELOPE, (mail, rcpt, b"DATA\r\n"), strict=True)
        self._sender = envelope.sender
        self._needs_reset = True

    def body(self, *message: bytes, dot_free: bool = False) -> tuple[bytes, ...]:
        """Return what to write for the body, the final dot included.

        The message may come in pieces, such as header and body; `dot_free`: none of its
        lines begins with a dot.
        """
        self._answers.clear()
        self._awaited.append(SmtpStep.BODY)
        self._needs_reset = False
        if not dot_free:  # double the dots that begin a line (RFC 5321, 4.5.2)
            stuffed = b"".join(message).replace(b"\r\n.", b"\r\n..")
            message = (b"." + stuffed if stuffed.startswith(b".") else stuffed,)
        return *message, _DOT if message[-1].endswith(b"\r\n") else b"\r\n" + _DOT

    def commands(self) -> bytes:
        """Return the commands that may be written now."""
        commands: list[bytes] = []
        while self._unsent and (self._pipelining or not (self._awaited or commands)):
            step, command = self._unsent.popleft()
            commands.append(command)
            self._awaited.append(step)
        return b"".join(commands)

    def receive(self, data: bytes) -> list[Event]:
        """Take in received bytes and return the events; SessionEnded is the last of all."""
        events: list[Event] = []
        malformed = ""
        try:
            self._parser.feed(data)
        except MalformedReply as error:
            malformed = str(error)
        while not self.over and (reply := self._parser.next()) is not None:
            if not self._awaited:
                self._abort(f"the server sent {str(reply)!r} unasked", events)
                break
            self.replies += 1
            self._handle(self._awaited.popleft(), reply, events)
        if malformed:
            self._abort(malformed, events)
        return events

    def _handle(self, step: SmtpStep, reply: SmtpReply, events: list[Event]) -> None:
        if step is SmtpStep.BODY:
            if not (reply.positive or reply.negative):
                no_verdict = NoVerdict(f"{self._terms.server} answered {str(reply)!r}", reply.code)
                events.append(MessageAnswered(reply, no_verdict))
                self._abort(f"the server answered {str(reply)!r} to a message", events)
                return
            events.append(MessageAnswered(reply, None if reply.positive else _failure(reply)))
        if reply.code == _CLOSING and step not in _ABOUT_RECIPIENT:
            about_recipient = self._last_421 is not None
            self._close(self._last_421 or reply, events, about_recipient=about_recipient)
        elif step in _ENVELOPE:
            self._answers.append(reply)
            if step is SmtpStep.DATA or (not self._pipelining and reply.negative):
                self._judge_envelope(reply, events)
        elif self._last_421 is not None:  # the server has stayed
            events.append(EnvelopeRefused(TemporaryFailure(str(self._last_421), _CLOSING)))
            self._last_421 = None

    def _close(self, reply: SmtpReply, events: list[Event], *, about_recipient: bool) -> None:
        self.over = True
        closing = TemporaryFailure(f"{self._terms.server}: {reply}", reply.code)
        events.append(SessionEnded(closing, about_recipient=about_recipient))

    def _judge_envelope(self, reply: SmtpReply, events: list[Event]) -> None:
        """Decide by the replies to MAIL, RCPT and DATA: the first refusal counts."""
        while self._unsent and self._unsent[0][0] in _ENVELOPE:  # refused before all were sent
            self._unsent.popleft()
        if [answer.code // 100 for answer in self._answers] == [2, 2, 3]:
            events.append(ReadyForBody())
            return
        refused = next((n for n, answer in enumerate(self._answers) if answer.negative), None)
        if refused is None:
            answers = " / ".join(map(str, self._answers))
            self._abort(f"the server answered {answers!r} to MAIL, RCPT and DATA", events)
            return
        answer = self._answers[refused]
        if reply.code == _START_INPUT:  # it waits for a body all the same: an empty one
            self._unsent.appendleft((SmtpStep.RESET, _DOT))
            self._needs_reset = False
        self._answers.clear()
        if answer.code == reply.code == _CLOSING:
            self._last_421, self._needs_reset = answer, False
            self._unsent.appendleft((SmtpStep.RESET, b"RSET\r\n"))  # does it close, or stay?
            return
        about_recipient, error = _ENVELOPE[refused] is not SmtpStep.MAIL, _failure(answer)
        sender_refused = answer.permanent and not about_recipient
        if answer.code in _AUTHENTICATION_REQUIRED or sender_refused:
            error = RelayUnavailable(
                f"{self._terms.server} takes nothing from {self._sender}: {answer}; look at "
                "mail.from, the username and what the relay allows this sender",
                answer.code,
            )
        events.append(EnvelopeRefused(error, about_recipient=about_recipient))
        if reply.code == _CLOSING:
            self._close(reply, events, about_recipient=True)

    def _abort(self, problem: str, events: list[Event]) -> None:
        if not self.over:
            self.over = True
            events.append(SessionEnded(TemporaryFailure(f"{self._terms.server}: {problem}")))


def _failure(reply: SmtpReply) -> DeliveryError:
    failure = PermanentFailure if reply.permanent else TemporaryFailure
    return failure(str(reply), reply.code)
