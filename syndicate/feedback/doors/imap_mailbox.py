"""The mailbox that reports arrive in, polled by IMAP (RFC 9051).

A message is moved only after its effect is committed. Where the process ends in between, the
next poll hands it on once more; it is recognised, changes nothing, and is moved then. No UID
is kept from one poll to the next, so it doesn't matter when the server renumbers its messages.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from imap_tools.errors import (
    MailboxCopyError,
    MailboxDeleteError,
    MailboxExpungeError,
    MailboxFetchError,
    MailboxMoveError,
    MailboxUidsError,
)
from imap_tools.utils import check_command_status, encode_folder

from syndicate.config.sections.feedback import ImapSettings
from syndicate.errors import DoorUnavailable
from syndicate.feedback.doors.door import READ_BYTES, Disposal, Take
from syndicate.feedback.doors.imap_folders import ImapFolders
from syndicate.feedback.doors.imap_session import ReportMailbox, open_mailbox

_Result = tuple[str, list[Any]]
"""The status, and what the server sent before it."""
_BATCH = 50
"""Messages that are moved at once."""
_BATCH_BYTES = 4 * READ_BYTES
"""Bytes of messages that are fetched at once: of each the first READ_BYTES at most."""
_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
_BODY = re.compile(rb'\bBODY\[\](?:<0>)? "(?P<text>[^"\\]*)"', re.IGNORECASE)
"""A body that is no literal: servers may send a short one as a quoted string."""


class ImapMailbox:
    """The folder that reports arrive in, and the two that they are moved to."""

    name = "imap"

    def __init__(self, settings: ImapSettings, root: Path) -> None:
        self._settings = settings
        self._root = root
        """Where the path of a password's file begins."""

    def read(self, take: Take, stop: Event) -> None:
        """Hand on what is in the folder by UID, the lowest first; see `ReportDoor`."""
        try:
            with open_mailbox(self._settings, self._root, stop) as mailbox:
                _FolderReader(mailbox, self._settings, take, stop).read()
        except DoorUnavailable:
            if not stop.is_set():
                raise


class _FolderReader:
    """Reads the folder in one session."""

    def __init__(
        self, mailbox: ReportMailbox, settings: ImapSettings, take: Take, stop: Event
    ) -> None:
        self._mailbox = mailbox
        self._take = take
        self._stop = stop
        self._folders = ImapFolders(mailbox)
        self._folder = settings.folder
        self._targets = {Disposal.DONE: settings.done, Disposal.FOR_A_PERSON: settings.unread}

    def read(self) -> None:
        self._mailbox.folder.set(self._folders.find(self._folder))
        uids = self._find()
        for start in range(0, len(uids), _BATCH):
            sizes = self._sizes(uids[start : start + _BATCH])
            for group in _groups(sizes):
                taken = self._take_group(group, sizes)
                for disposal, messages in taken.items():
                    if disposal in self._targets:
                        self._move(messages, self._targets[disposal])
                if self._stop.is_set():
                    return

    def _find(self) -> list[int]:
        """Return the UIDs of the folder; those that anybody has seen, too."""
        found = self._uid("SEARCH", "UNDELETED")
        check_command_status(found, MailboxUidsError)
        return sorted(int(uid) for part in found[1] if part for uid in part.split())

    def _sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Return the size of each that is still there."""
        sizes = {}
        for item in self._fetch(uids, "(UID RFC822.SIZE)"):
            text = item if isinstance(item, bytes) else item[0]
            uid, size = _UID.search(text), _SIZE.search(text)
            if uid and size and int(uid[1]) in uids:
                sizes[int(uid[1])] = int(size[1])
        return dict(sorted(sizes.items()))

    def _take_group(
        self, uids: Sequence[int], sizes: Mapping[int, int]
    ) -> dict[Disposal, list[int]]:
        """Fetch the beginnings of messages, and hand them on."""
        taken: dict[Disposal, list[int]] = defaultdict(list)
        bodies = {uid: b"" for uid in uids if not sizes[uid]}
        parts = f"(UID BODY.PEEK[]<0.{READ_BYTES}>)"
        bodies |= _bodies(self._fetch([uid for uid in uids if sizes[uid]], parts))
        for uid in uids:
            if uid not in bodies:  # it has disappeared
                continue
            if self._stop.is_set():
                break
            taken[self._take(bodies[uid])].append(uid)
            self._mailbox.guard.extend()
        return taken

    def _fetch(self, uids: Sequence[int], parts: str) -> list[bytes | tuple[bytes, bytes]]:
        """Fetch parts of messages; what has disappeared is left out."""
        if not uids:
            return []
        fetched = self._uid("FETCH", _joined(uids), parts)
        if fetched[0] != "OK" and not set(uids) <= set(self._find()):
            return []  # some servers answer so when one has disappeared: the next poll has the rest
        check_command_status(fetched, MailboxFetchError)
        return [item for item in fetched[1] if item]

    def _move(self, uids: Sequence[int], name: str) -> None:
        """Move messages to a folder that is made where it doesn't exist."""
        folder = self._folders.ensure(name)
        target = encode_folder(folder)
        moved = self._uid("MOVE", _joined(uids), target) if self._offers("MOVE") else None
        if moved is None:
            copied = self._uid("COPY", _joined(uids), target)
            if self._failed(copied, uids):
                check_command_status(copied, MailboxCopyError)
            self._delete(uids)
        elif self._failed(moved, uids):
            check_command_status(moved, MailboxMoveError)

    def _delete(self, uids: Sequence[int]) -> None:
        """Delete what was copied, and nothing else where the server can do so (RFC 4315)."""
        stored = self._uid("STORE", _joined(uids), "+FLAGS.SILENT", r"(\Deleted)")
        check_command_status(stored, MailboxDeleteError)
        if self._offers("UIDPLUS"):
            expunged = self._uid("EXPUNGE", _joined(uids))
        else:
            expunged = self._mailbox.client.expunge()
        check_command_status(expunged, MailboxExpungeError)

    def _failed(self, result: _Result, uids: Sequence[int]) -> bool:
        """Whether messages could not be moved, unless another process has done it."""
        return result[0] != "OK" and bool(set(uids) & set(self._find()))

    def _offers(self, extension: str) -> bool:
        return extension in self._mailbox.client.capabilities

    def _uid(self, command: str, *arguments: str | bytes) -> _Result:
        self._mailbox.guard.extend()
        # imaplib takes bytes as well, such as an encoded name
        return self._mailbox.client.uid(command, *arguments)  # type: ignore[arg-type]


def _groups(sizes: Mapping[int, int]) -> Iterator[list[int]]:
    """Divide messages so that each group is fetched at once."""
    group: list[int] = []
    total = 0
    for uid, size in sizes.items():
        read = min(size, READ_BYTES)
        if total + read > _BATCH_BYTES:
            yield group
            group, total = [], 0
        group.append(uid)
        total += read
    if group:
        yield group


def _bodies(items: Sequence[bytes | tuple[bytes, bytes]]) -> dict[int, bytes]:
    """Return the messages in a response to FETCH; the UID may come before or after each.

    An empty one has just been removed by another process.
    """
    bodies, waiting = {}, None
    for item in items:
        head, body = (item, None) if isinstance(item, bytes) else item
        uid = _UID.search(head)
        if body is None and (quoted := _BODY.search(head)):
            body = quoted["text"]
        if uid and body is not None:
            bodies[int(uid[1])] = body
        elif uid and waiting is not None:
            bodies[int(uid[1])] = waiting
        waiting = body if uid is None else None
    return {uid: body for uid, body in bodies.items() if body}


def _joined(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))
