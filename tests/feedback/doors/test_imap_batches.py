"""How many messages of the mailbox are fetched at once."""

import re
from pathlib import Path
from threading import Event

import pytest

from syndicate.config.sections.feedback import ImapSettings
from syndicate.feedback.doors.door import READ_BYTES
from syndicate.feedback.doors.imap_mailbox import ImapMailbox
from tests.feedback.doors.imap_servers import PASSWORD, ScriptedMailbox
from tests.feedback.doors.taken import Taken

pytestmark = pytest.mark.neighbours


def test_no_more_is_fetched_at_once_than_the_beginnings_of_four_large_messages(monkeypatch):
    monkeypatch.setenv("BOUNCES", PASSWORD)
    large, small = 3 * READ_BYTES, READ_BYTES // 2
    sizes = dict(enumerate([large, large, large, small, small, large, large, small], start=1))
    uids = " ".join(map(str, sizes))

    def answer(command):
        lines = [f"* 1 FETCH (UID {uid} RFC822.SIZE {size})\r\n" for uid, size in sizes.items()]
        listed = "".join(lines) if "RFC822.SIZE" in command else ""
        return f"{listed}TAG OK done\r\n".encode()

    search = f"* SEARCH {uids}\r\nTAG OK done\r\n".encode()
    with ScriptedMailbox(search=search, fetch=answer) as server:
        given = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": "x"}
        settings = ImapSettings.model_validate(given | {"password_env": "BOUNCES"})
        ImapMailbox(settings, Path()).read(Taken(), Event())
        fetches = [re.match(r"UID FETCH (\S+) \(UID BODY", line) for line in server.commands]

    assert [found[1] for found in fetches if found] == ["1,2,3,4,5", "6,7,8"]
