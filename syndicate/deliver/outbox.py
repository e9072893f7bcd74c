"""The outbox: a transport that writes every message into a folder, and an inbox to read it.

A file is named after its edition and reader, so a message that is sent twice leaves one
file, and the file is the evidence that it arrived. As at a mail server where mail ends, it
begins with the envelope sender, as Return-Path (RFC 5321, 4.4).
"""

import contextlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.errors import MessageError
from email.header import Header, decode_header, make_header
from email.message import Message
from email.policy import default
from email.utils import parsedate_to_datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Self

from syndicate.config import Config, RelaySettings, SmtpServer
from syndicate.deliver.smtp.transport import (
    Envelope,
    Event,
    MessageAnswered,
    ReadyForBody,
    SmtpReply,
)
from syndicate.errors import RelayUnavailable, TemporaryFailure
from syndicate.private_file import FOLDER_MODE, open_private

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\.eml")
_MESSAGE_ID = re.compile(r"<(\d+)\.(\d+)\.")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_MAX_HEADER = 64 * 1024
"""Bytes that are read in search of the header."""


class Outbox:
    """A folder of messages, and a Transport that writes them."""

    def __init__(self, folder: Path, *, sessions: int = 4, verp: bool = True) -> None:
        self.folder = folder
        server = SmtpServer(host="outbox", connections=sessions, verp=verp)
        self.settings = RelaySettings.from_server(server)

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return the outbox of a publication."""
        mail = config.mail
        return cls(config.path(mail.outbox), sessions=mail.connections, verp=mail.verp)

    def open(self) -> "OutboxSession":
        """Create the folder; raise RelayUnavailable if that fails."""
        try:
            self.folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise RelayUnavailable(
                f"mail.outbox: {self.folder} can't be created: {error.strerror}"
            ) from error
        return OutboxSession(self)

    def arrived(self, message_id: str) -> bool | None:
        """Return whether the folder has this message, and not another store's with its name."""
        message = self.get(file_name(message_id))
        return message is not None and message.message_id == message_id

    def messages(self) -> "list[OutboxMessage]":
        """Return all messages, newest first; no file is read yet."""
        if not self.folder.is_dir():
            return []
        with os.scandir(self.folder) as entries:
            files = [e for e in entries if _FILE_NAME.fullmatch(e.name) and e.is_file()]
        files.sort(key=lambda file: (-file.stat().st_mtime_ns, file.name))
        return [OutboxMessage(Path(file.path)) for file in files]

    def get(self, name: str) -> "OutboxMessage | None":
        """Return a message by its file name; None if there is none, and for any other path."""
        path = self.folder / name
        return OutboxMessage(path) if _FILE_NAME.fullmatch(name) and path.is_file() else None

    def __str__(self) -> str:
        return str(self.folder)


class OutboxSession:
    """Writes messages into the folder, each completely or not at all."""

    exhausted = False
    body_sent = True

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._envelopes: list[Envelope] = []
        self._events: list[Event] = []
        self.answered = 0

    @property
    def wants_write(self) -> bool:
        """Whether there are events for `poll`."""
        return bool(self._events)

    def fileno(self) -> int:
        """Return -1: it never waits."""
        return -1

    def send_envelope(self, envelope: Envelope, size: int) -> None:  # noqa: ARG002 - see Transport
        """Accept every envelope."""
        self._envelopes.append(envelope)
        self._events.append(ReadyForBody())

    def send_body(self, *message: bytes, dot_free: bool = False) -> None:  # noqa: ARG002 - as above
        """Write the message; defer it if the disk is full, or writing is not allowed."""
        envelope = self._envelopes.pop(0)
        path = self._outbox.folder / file_name(envelope.message_id)
        sender = envelope.mail_from(verp=self._outbox.settings.verp)
        try:
            _write(path, f"Return-Path: <{sender}>\r\n".encode() + b"".join(message))
        except OSError as error:
            reason = f"{path} can't be written: {error.strerror}"
            self._events.append(MessageAnswered(SmtpReply(452, reason), TemporaryFailure(reason)))
        else:
            self.answered += 1
            self._events.append(MessageAnswered(SmtpReply(250, f"kept as {path.name}")))

    def poll(self, now: float, *, readable: bool = True) -> list[Event]:  # noqa: ARG002 - as above
        """Return the events since the last call."""
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class OutboxMessage:
    """A message of the outbox; its file is read when needed."""

    path: Path

    @property
    def name(self) -> str:
        """Its file name, by which `Outbox.get` finds it."""
        return self.path.name

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return self._header("Subject")

    @property
    def sender(self) -> str:
        """The sender, decoded."""
        return self._header("From")

    @property
    def to(self) -> str:
        """The recipient, decoded."""
        return self._header("To")

    @property
    def message_id(self) -> str:
        """The Message-ID, with its angle brackets."""
        return self._header("Message-ID").strip()

    @property
    def date(self) -> datetime:
        """Its Date; if that is invalid, when the file was written."""
        with contextlib.suppress(ValueError):
            date = parsedate_to_datetime(self._header("Date"))
            if date.tzinfo:
                return date.astimezone(UTC)
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All header fields in order, decoded."""
        return [(name, _decoded(value)) for name, value in self._head.items()]

    @cached_property
    def html(self) -> str:
        """The HTML part; empty if there is none."""
        return self._part("html")

    @cached_property
    def text(self) -> str:
        """The text part; empty if there is none."""
        return self._part("plain")

    @property
    def source(self) -> str:
        """The unparsed file."""
        return self.path.read_bytes().decode("utf-8", "replace")

    @cached_property
    def _head(self) -> Message:
        with self.path.open("rb") as file:
            head = file.read(_MAX_HEADER).partition(b"\r\n\r\n")[0]
        return message_from_string(head.decode("utf-8", "replace"))

    def _header(self, name: str) -> str:
        return _decoded(self._head[name] or "")

    def _part(self, subtype: str) -> str:
        part = message_from_bytes(self.path.read_bytes(), policy=default).get_body((subtype,))
        return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


def _decoded(value: str | Header) -> str:
    """Decode a header field as mail programs do.

    `email.policy.default` recurses into the comments of an address, and a name may consist
    of parentheses.
    """
    try:
        text = str(make_header(decode_header(value)))
    except (LookupError, ValueError, MessageError):
        text = str(value)
    return _FOLD.sub("", text)


def file_name(message_id: str) -> str:
    """Return `000041-000007.eml` for edition 41, reader 7; a hash where there are none."""
    numbers = _MESSAGE_ID.match(message_id)
    if numbers is None:
        kind = "staff" if message_id.startswith("<staff.") else "test"
        return f"{kind}-{sha256(message_id.encode()).hexdigest()[:16]}.eml"
    return f"{int(numbers[1]):06}-{int(numbers[2]):06}.eml"


def _write(path: Path, body: bytes) -> None:
    """Write a file atomically, even if the power fails."""
    draft = path.with_name(f".{path.name}.new")
    with os.fdopen(open_private(draft), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
