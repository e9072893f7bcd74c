"""The folders of a mailbox: their names as the server has them, made where they don't exist."""

import re

from imap_tools.errors import MailboxFolderCreateError, MailboxFolderSubscribeError
from imap_tools.imap_utf7 import utf7_decode

from syndicate.feedback.doors.imap_session import Misconfigured, ReportMailbox, server_reply

_PERSONAL = re.compile(
    rb'\(\("(?P<prefix>(?:[^"\\]|\\.)*)" (?:NIL|"(?P<delimiter>(?:[^"\\]|\\.)*)")'
)
"""The first personal namespace (RFC 2342)."""
_NO_FOLDER = frozenset({r"\NOSELECT", r"\NONEXISTENT"})


class ImapFolders:
    """The folders of one session."""

    def __init__(self, mailbox: ReportMailbox) -> None:
        self._mailbox = mailbox
        self._ensured: dict[str, str] = {}

    def find(self, name: str) -> str:
        """Return a folder's name on the server, where a "/" in `name` may be another character.

        One that doesn't exist has it in the user's own namespace.
        """
        if name.upper() == "INBOX" or self._exists(name):
            return name
        return self._own_name(name)

    def ensure(self, name: str) -> str:
        """Return a folder's name on the server, and make it where it doesn't exist.

        Raise Misconfigured where it can't be made.
        """
        if name not in self._ensured:
            found = self.find(name)
            if not self._exists(found):
                self._create(found)
            self._ensured[name] = found
        return self._ensured[name]

    def _own_name(self, name: str) -> str:
        """Return the name as it is in the user's own namespace."""
        prefix, delimiter = self._namespace()
        if delimiter and delimiter not in name:
            name = name.replace("/", delimiter)
        is_full = name.upper().startswith(prefix.upper())
        return name if is_full else f"{prefix}{name}"

    def _namespace(self) -> tuple[str, str]:
        """Return the prefix of the user's folders, and what separates a folder from its own."""
        client = self._mailbox.client
        if "NAMESPACE" in client.capabilities:
            status, listed = client.namespace()
            found = _PERSONAL.search(listed[0] or b"") if status == "OK" and listed else None
            if found:
                return _unquoted(found["prefix"]), _unquoted(found["delimiter"] or b"")
        roots = self._mailbox.folder.list("", "")
        delimiter = roots[0].delim if roots else "/"
        return "", "" if delimiter == "NIL" else delimiter

    def _exists(self, name: str) -> bool:
        return any(
            found.name == name and _NO_FOLDER.isdisjoint(map(str.upper, found.flags))
            for found in self._mailbox.folder.list("", name)
        )

    def _create(self, name: str) -> None:
        try:
            self._mailbox.folder.create(name)
        except MailboxFolderCreateError as error:
            reply = server_reply(error)
            if "exist" in reply.lower():  # another process has just made it
                return
            raise Misconfigured(
                f"the folder {name!r} can't be made: {reply}; make it, or name another one in "
                "bounces.imap.done and bounces.imap.unread"
            ) from error
        try:  # so that mail programs show it
            self._mailbox.folder.subscribe(name, value=True)
        except MailboxFolderSubscribeError:
            return


def _unquoted(text: bytes) -> str:
    return utf7_decode(re.sub(rb"\\(.)", rb"\1", text))
