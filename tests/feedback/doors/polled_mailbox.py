"""A mailbox that is polled once, and the mail in it."""

import threading
from datetime import timedelta
from pathlib import Path

from syndicate.config.sections.feedback import ImapSettings
from syndicate.feedback.doors.imap_mailbox import ImapMailbox
from tests.feedback.doors.taken import Taken


def read(server, user="bounce", take=None, stop=None, timeout=None, **more):
    """Poll once; `timeout` is in seconds."""
    given = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": user}
    settings = ImapSettings.model_validate(given | {"password_env": "BOUNCES"} | more)
    if timeout is not None:
        settings = settings.model_copy(update={"timeout": timedelta(seconds=timeout)})
    taken = Taken() if take is None else take
    ImapMailbox(settings, Path()).read(taken, stop or threading.Event())
    return taken


def mail(*texts):
    return [f"Subject: {text}\n\n{text}\n".encode() for text in texts]
