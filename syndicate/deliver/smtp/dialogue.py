"""The SMTP dialogue in an open session, without a socket: RFC 5321, 3.3.

MAIL, RCPT and DATA go out in one write if the server offers that, behind the body of
the message before (RFC 2920, 3.1). Only the reply code decides about a message.

A server may be slow, broken or hostile. Its bytes come in pieces of any size, and are kept
until a reply is complete or exceeds the limit.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from syndicate.deliver.smtp.transport import (
    Envelope,
    EnvelopeRefused,
    Event,
    MessageAnswered,
    ReadyForBody,
    SessionEnded,
    SmtpReply,
)
from syndicate.errors import NoVerdict, PermanentFailure, RelayUnavailable, TemporaryFailure

_ENVELOPE_ID = re.compile(r"[!-*,-<>-~]{1,100}")
"""What needs no encoding in ENVID (xtext: RFC 3461, 4 and 4.4)."""
_INVALID_IN_ADDRESS = re.compile(r"[<>\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_CLOSING = 421
"""The server closes the session (RFC 5321, 3.8); some send it about one recipient, and stay."""
_START_INPUT = 354
_AUTHENTICATION_REQUIRED = (530, 538)
"""RFC 4954, 6: they concern the sender, whichever command they reply to."""
_DOT = b".\r\n"
_LINE = re.compile(rb"([2-5]\d\d)([ -]?)(.*)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MAX_SIZE = 64 * 1024
"""Bytes of a reply."""
_MAX_TEXT = 500
"""Characters of a reply that are kept for people to read."""

Lines = Sequence[tuple[bytes, bytes]]
"""A reply's lines, each as its code and its text."""


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
    """What the server offers, in lower case: `pipelining`, `smtputf8`, `size`, `dsn`."""
    timeout: float
    """Seconds to wait for a reply."""
    max_messages: int
    max_size: int = 0
    """The most bytes of a message that the server takes (RFC 1870); 0: it sets no limit."""
    verp: bool = True
    """Whether it takes a sender for each message."""


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
        self._envelope: Envelope | None = None
        """The one offered last."""
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
        sender = envelope.mail_from(verp=self._terms.verp)
        for address in (sender, envelope.recipient):
            if _INVALID_IN_ADDRESS.search(address):
                raise PermanentFailure(f"{address!r} can't be used as an address")
        extensions, max_size = self._terms.extensions, self._terms.max_size
        if 0 < max_size < size:
            raise PermanentFailure(
                f"the message has {size:,} bytes, and the server takes {max_size:,}"
            )
        parameters = f" SIZE={size}" if "size" in extensions else ""
        if "dsn" in extensions and _ENVELOPE_ID.fullmatch(envelope.envelope_id):
            parameters += f" RET=HDRS ENVID={envelope.envelope_id}"
        if not (sender + envelope.recipient).isascii():
            if "smtputf8" not in extensions:
                raise PermanentFailure("server lacks SMTPUTF8")
            parameters += " BODY=8BITMIME SMTPUTF8"
        if self._needs_reset:
            self._unsent.append((SmtpStep.RESET, b"RSET\r\n"))
        mail = f"MAIL FROM:<{sender}>{parameters}\r\n".encode()
        rcpt = f"RCPT TO:<{envelope.recipient}>\r\n".encode()
        self._unsent += zip(_ENVELOPE, (mail, rcpt, b"DATA\r\n"), strict=True)
        self._envelope = envelope
        self._needs_reset = True

    def body(self, *message: bytes, dot_free: bool = False) -> tuple[bytes, ...]:
        """Return what to write for `TransportSession.send_body`, the final dot included."""
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
        while not self.over and (complete := self._parser.next()) is not None:
            reply = complete[1]
            if not self._awaited:
                self.end(f"the server sent {str(reply)!r} unasked", events)
                break
            self.replies += 1
            self._handle(self._awaited.popleft(), reply, events)
        if malformed:
            self.end(malformed, events)
        return events

    def _handle(self, step: SmtpStep, reply: SmtpReply, events: list[Event]) -> None:
        if step is SmtpStep.BODY:
            if not (reply.positive or reply.negative):
                no_verdict = NoVerdict(f"{self._terms.server} answered {str(reply)!r}", reply.code)
                events.append(MessageAnswered(reply, no_verdict))
                self.end(f"the server answered {str(reply)!r} to a message", events)
                return
            events.append(MessageAnswered(reply, None if reply.positive else reply.failure))
        if reply.code == _CLOSING and step not in _ABOUT_RECIPIENT:
            self.end(self._last_421 or reply, events, about_recipient=self._last_421 is not None)
        elif step in _ENVELOPE:
            self._answers.append(reply)
            if step is SmtpStep.DATA or (not self._pipelining and reply.negative):
                self._judge_envelope(reply, events)
        elif self._last_421 is not None:  # the server has stayed
            events.append(EnvelopeRefused(TemporaryFailure(str(self._last_421), _CLOSING)))
            self._last_421 = None

    def end(
        self, reason: SmtpReply | str, events: list[Event], *, about_recipient: bool = False
    ) -> None:
        """End the session, unless it is over."""
        if not self.over:
            self.over = True
            code = reason.code if isinstance(reason, SmtpReply) else 0
            failure = TemporaryFailure(f"{self._terms.server}: {reason}", code)
            events.append(SessionEnded(failure, about_recipient=about_recipient))

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
            self.end(f"the server answered {answers!r} to MAIL, RCPT and DATA", events)
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
        about_recipient, error = _ENVELOPE[refused] is not SmtpStep.MAIL, answer.failure
        sender_refused = isinstance(error, PermanentFailure) and not about_recipient
        if answer.code in _AUTHENTICATION_REQUIRED or sender_refused:
            error = self._sender_refused(answer)
        elif not about_recipient:  # the server is named where it doesn't speak of a recipient
            error = TemporaryFailure(f"{self._terms.server}: {answer}", answer.code)
        events.append(EnvelopeRefused(error, about_recipient=about_recipient))
        if reply.code == _CLOSING:
            self.end(reply, events, about_recipient=True)

    def _sender_refused(self, answer: SmtpReply) -> RelayUnavailable:
        assert self._envelope is not None
        sender, remedy = self._envelope.mail_from(verp=self._terms.verp), "mail.from"
        if sender != self._envelope.sender:
            # without its token, so that all such errors of a relay are the same
            local, _, domain = sender.rpartition("@")
            sender = f"{local.partition('+')[0]}+…@{domain}"
            remedy = "bounces.address, verp (false: the relay gets mail.from instead)"
        return RelayUnavailable(
            f"{self._terms.server} takes nothing from {sender}: {answer}; look at "
            f"{remedy}, the username and what the relay allows this sender",
            answer.code,
        )


class MalformedReply(OSError):  # noqa: N818 - reads as the outcome that it is
    """The server sent something that is not an SMTP reply."""


class ReplyParser:
    """Puts replies together from received bytes; reads no socket itself."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._complete: deque[tuple[Lines, SmtpReply]] = deque()

    @property
    def pending(self) -> bool:
        """Whether bytes were fed that `next` has not yet returned."""
        return bool(self._complete or self._lines or self._rest)

    def feed(self, data: bytes) -> None:
        """Take in received bytes; raise MalformedReply if they are not a reply, or too long."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            reply = None if self._lines else _one_line_reply(line)
            if reply is None:
                self._add_line(line)
            else:
                self._complete.append(reply)
        self._check_size(self._size + len(self._rest))

    def next(self) -> tuple[Lines, SmtpReply] | None:
        """Return the next complete reply, if there is one: its lines, and what they say."""
        return self._complete.popleft() if self._complete else None

    def _add_line(self, line: bytes) -> None:
        parsed = _parse_line(line)
        if parsed is None or (self._lines and parsed[0] != self._lines[0][0]):
            raise MalformedReply(f"the server sent {legible(line)[:80]!r}, not an SMTP reply")
        self._size += len(line)
        self._check_size(self._size)
        code, more, text = parsed
        self._lines.append((code, text))
        if not more:
            self._complete.append(_complete(self._lines))
            self._lines, self._size = [], 0

    def _check_size(self, size: int) -> None:
        if size > _MAX_SIZE:
            raise MalformedReply(f"the server's answer is longer than {_MAX_SIZE // 1024} KB")


@lru_cache(maxsize=64)
def _one_line_reply(line: bytes) -> tuple[Lines, SmtpReply] | None:
    """Return the reply if it is only this line; cached, since servers repeat themselves."""
    parsed = _parse_line(line) if len(line) <= _MAX_SIZE else None
    return None if parsed is None or parsed[1] else _complete([(parsed[0], parsed[2])])


def _complete(lines: Lines) -> tuple[Lines, SmtpReply]:
    return lines, SmtpReply(int(lines[0][0]), legible(b" ".join([text for _, text in lines])))


def _parse_line(line: bytes) -> tuple[bytes, bool, bytes] | None:
    """Return the code, whether more lines follow, and the text; None if it is not a reply line."""
    match = _LINE.fullmatch(line.strip(b"\r "))
    return None if match is None else (match[1], match[2] == b"-", match[3].strip())


def legible(reply: bytes) -> str:
    """Return a reply's text on one line, shortened, without control characters."""
    text = _CONTROL.sub(" ", reply.decode("utf-8", "backslashreplace")).strip()
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
