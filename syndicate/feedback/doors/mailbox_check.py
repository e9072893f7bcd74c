"""`doctor --connect`: logs in to the mailbox of reports and looks around; nothing is changed."""

from collections.abc import Iterator
from functools import partial
from threading import Event

from syndicate.config import Config
from syndicate.deliver.doctor.findings import OK, UNKNOWN, WRONG, Finding
from syndicate.errors import DoorUnavailable, SecretUnreadable
from syndicate.feedback.doors.imap_folders import ImapFolders
from syndicate.feedback.doors.imap_session import open_mailbox


def check_mailbox(config: Config) -> Iterator[Finding]:
    """Check that the mailbox of `[bounces.imap]`, where there is one, can be read."""
    imap = config.bounces.imap
    if imap.host is None:
        return
    address = f"{imap.host}:{imap.server_port}"
    finding = partial(Finding, "mailbox", address, demanded=False)
    try:
        with open_mailbox(imap, config.root, Event()) as mailbox:
            folder = ImapFolders(mailbox).find(imap.folder)
            mailbox.folder.set(folder, readonly=True)
            count = mailbox.folder.status(folder, ["MESSAGES"])["MESSAGES"]
    except SecretUnreadable as error:
        yield finding(UNKNOWN, f"not tried: {error}")
    except DoorUnavailable as error:
        yield finding(WRONG, str(error).removeprefix(f"{address}: "))
    else:
        waiting = "1 message waits" if count == 1 else f"{count} messages wait"
        yield finding(OK, f"it accepts the login; {waiting} in {imap.folder}")
