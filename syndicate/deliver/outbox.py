"""The way out where there is no mail server: every message becomes a file to look at.

A message's file is named by its edition and reader, so handing it over twice
leaves one file, and the file itself is the evidence that it arrived.
"""

import os
import re
from collections.abc import Iterator
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
from syndicate.deliver.smtp.relay import BodyInvited, Envelope, Event, MessageAnswered, SmtpReply
from syndicate.errors import RelayUnavailable, TemporaryFailure
from syndicate.private_file import FOLDER_MODE, open_private

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*\.eml")
_NUMBERS = re.compile(r"<(\d+)\.(\d+)\.")
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_HEAD = 64 * 1024


class Outbox:
    """A folder of messages: written to like a relay, read like an inbox."""

    def __init__(self, folder: Path, *, sessions: int = 4) -> None:
        self.folder = folder
        self.settings = RelaySettings.from_server(SmtpServer(host="outbox", connections=sessions))

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return the outbox of a publication."""
        return cls(config.path(config.mail.outbox), sessions=config.mail.connections)

    def open(self) -> "OutboxSession":
        """Make the folder; raise RelayUnavailable when that can't be done."""
        try:
            self.folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise RelayUnavailable(
                f"mail.outbox: {self.folder} can't be made: {error.strerror}"
            ) from error
        return OutboxSession(self)

    def arrived(self, message_id: str) -> bool | None:
        """Whether this very message is there; one of another store under its name isn't it."""
        kept = self.get(file_name(message_id))
        return kept is not None and kept.message_id == message_id

    def messages(self) -> "list[OutboxMessage]":
        """Return what is there, newest first; nothing is opened yet."""
        found = sorted(self._files(), key=lambda file: (-file.stat().st_mtime_ns, file.name))
        return [OutboxMessage(Path(file.path)) for file in found]

    def get(self, name: str) -> "OutboxMessage | None":
        """Return one message by its file name, or None: also for any other path."""
        path = self.folder / name
        return OutboxMessage(path) if _NAME.fullmatch(name) and path.is_file() else None

    def __str__(self) -> str:
        return str(self.folder)

    def _files(self) -> Iterator[os.DirEntry[str]]:
        if self.folder.is_dir():
            with os.scandir(self.folder) as entries:
                yield from (e for e in entries if _NAME.fullmatch(e.name) and e.is_file())


class OutboxSession:
    """Writes messages into the folder, each at once or not at all."""

    spent = False
    handed = True

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._offered: list[Envelope] = []
        self._events: list[Event] = []
        self.taken = 0

    @property
    def stuck(self) -> bool:
        """Whether there is something to tell."""
        return bool(self._events)

    def fileno(self) -> int:
        """Return -1: nothing is ever waited for."""
        return -1

    def offer(self, envelope: Envelope, size: int) -> None:  # noqa: ARG002 - a session's question
        """Take every envelope."""
        self._offered.append(envelope)
        self._events.append(BodyInvited())

    def hand_over(self, *message: bytes, tame: bool = False) -> None:  # noqa: ARG002 - as above
        """Write the message; it is put off when there is no room or no right to."""
        path = self._outbox.folder / file_name(self._offered.pop(0).message_id)
        try:
            _write(path, b"".join(message))
        except OSError as error:
            reason = f"{path} can't be written: {error.strerror}"
            self._events.append(MessageAnswered(SmtpReply(452, reason), TemporaryFailure(reason)))
        else:
            self.taken += 1
            self._events.append(MessageAnswered(SmtpReply(250, f"kept as {path.name}")))

    def move(self, now: float, *, readable: bool = True) -> list[Event]:  # noqa: ARG002 - as above
        """Tell what came of it."""
        events, self._events = self._events, []
        return events

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True)
class OutboxMessage:
    """A message of the outbox; its file is read when something of it is asked for."""

    path: Path

    @property
    def name(self) -> str:
        """Its file name, by which `Outbox.get` finds it."""
        return self.path.name

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return self._header("Subject")

    @property
    def to(self) -> str:
        """Whom it is for, decoded."""
        return self._header("To")

    @property
    def message_id(self) -> str:
        """The Message-ID, with its angle brackets."""
        return self._header("Message-ID").strip()

    @property
    def date(self) -> datetime:
        """What its Date says; else when the file was written."""
        try:
            stated = parsedate_to_datetime(self._header("Date"))
        except ValueError:
            stated = None
        written = datetime.fromtimestamp(self.path.stat().st_mtime, UTC)
        return stated.astimezone(UTC) if stated is not None and stated.tzinfo else written

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Every header field in its order, decoded."""
        return [(name, _decoded(value)) for name, value in self._head.items()]

    @cached_property
    def html(self) -> str:
        """The HTML part; empty when there is none."""
        return self._part("html")

    @cached_property
    def text(self) -> str:
        """The text part; empty when there is none."""
        return self._part("plain")

    @property
    def source(self) -> str:
        """The file as it is."""
        return self.path.read_bytes().decode("utf-8", "replace")

    @cached_property
    def _head(self) -> Message:
        with self.path.open("rb") as file:
            head = file.read(_HEAD).partition(b"\r\n\r\n")[0]
        return message_from_string(head.decode("utf-8", "replace"))

    def _header(self, name: str) -> str:
        return _decoded(self._head[name] or "")

    def _part(self, subtype: str) -> str:
        whole = message_from_bytes(self.path.read_bytes(), policy=default)
        part = whole.get_body((subtype,))
        return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


def _decoded(value: str | Header) -> str:
    """Decode a header field as mail programs do.

    Not by `email.policy.default`: it recurses into the comments of an address, and a name may
    be made of parentheses.
    """
    try:
        text = str(make_header(decode_header(value)))
    except (LookupError, ValueError, MessageError):
        text = str(value)
    return _FOLD.sub("", text)


def file_name(message_id: str) -> str:
    """Return `000041-000007.eml` for edition 41, reader 7; a test copy's is made of its id."""
    numbers = _NUMBERS.match(message_id)
    if numbers is None:
        return f"test-{sha256(message_id.encode()).hexdigest()[:16]}.eml"
    return f"{int(numbers[1]):06}-{int(numbers[2]):06}.eml"


def _write(path: Path, body: bytes) -> None:
    """Write a file that is there whole or not at all, after a power cut too."""
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
