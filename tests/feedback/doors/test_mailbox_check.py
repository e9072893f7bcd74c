"""`doctor --connect` logs in to the mailbox of reports, and changes nothing there."""

import pytest

from syndicate.config.sections.feedback import BounceSettings, ImapSettings
from syndicate.deliver.doctor.findings import FindingState
from syndicate.feedback.doors.mailbox_check import check_mailbox
from tests.feedback.doors.imap_servers import PASSWORD, dovecot
from tests.ports import free_port

pytestmark = pytest.mark.neighbours
REPORT = b"Subject: Undelivered Mail Returned to Sender\r\n\r\nSorry\r\n"


@pytest.fixture(scope="module")
def server():
    with dovecot() as running:
        yield running


@pytest.fixture
def check(publication, monkeypatch):
    monkeypatch.setenv("BOUNCES", PASSWORD)

    def run(port, folder="INBOX"):
        imap = ImapSettings(
            host="127.0.0.1",
            port=port,
            security="none",
            username="checked",
            password_env="BOUNCES",
            folder=folder,
        )
        bounces = BounceSettings(address="bounce@in.example.org", imap=imap)
        (found,) = check_mailbox(publication().override(bounces=bounces))
        assert (found.check, found.where) == ("mailbox", f"127.0.0.1:{port}")
        assert not found.fails, "no provider refuses mail because of it"
        return found.state, found.said

    return run


def test_a_mailbox_that_works_says_how_much_waits_and_is_left_as_it_was(check, server):
    assert check(server.port) == (FindingState.OK, "it accepts the login; 0 messages wait in INBOX")
    server.deliver("checked", REPORT)
    for _ in range(2):
        assert check(server.port)[1] == "it accepts the login; 1 message waits in INBOX"
    assert server.folders("checked") == ["INBOX"], "it makes no folders"


def test_a_folder_that_is_not_there_a_wrong_password_and_silence_are_told_apart(
    check, server, monkeypatch
):
    state, said = check(server.port, folder="Returns")
    assert state is FindingState.WRONG
    assert "has no folder 'Returns'" in said

    monkeypatch.setenv("BOUNCES", "wrong")
    state, said = check(server.port)
    assert state is FindingState.WRONG
    assert "refused the login of 'checked'" in said

    monkeypatch.delenv("BOUNCES")
    state, said = check(server.port)
    assert state is FindingState.UNKNOWN
    assert said.startswith("not tried: the password for the mailbox")

    monkeypatch.setenv("BOUNCES", PASSWORD)
    state, said = check(free_port())
    assert state is FindingState.WRONG
    assert said.startswith("nothing listens there")


def test_without_a_mailbox_there_is_nothing_to_check(publication):
    assert list(check_mailbox(publication())) == []
