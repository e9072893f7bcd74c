"""A Postfix of our own on the loopback, and behind it the mail server of the readers.

The Postfix takes our mail, passes it on, and sends its reports to the bounce addresses: to a
Maildir, or through its pipe. The readers' server does by an address what its name says.
"""

import os
import re
import smtplib
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

import bench.postfix
from bench import yardsticks
from tests.ports import free_port
from tests.requirements import require
from tests.until import until

_NOBODY = 65534
_SETTINGS = """\
recipient_delimiter = +
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
delay_warning_time = 1s
virtual_mailbox_domains = {maildirs}
virtual_mailbox_maps = inline:{{{{ {boxes} }}}}
virtual_mailbox_base = {{work}}/mail
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
transport_maps = inline:{{{{ {transports} }}}}
relay_domains = {pipes}
syndicate_destination_recipient_limit = 1
syndicate_destination_concurrency_limit = 2
default_destination_concurrency_limit = 20
"""
_PIPE = "{name} unix - n n - 4 pipe flags=DR user=nobody argv={command}\n"
_PATIENCE = 180
"""Seconds. A queue file that is still locked when its turn comes rests for a minute, whatever the
settings say (`qmgr_active_feed`)."""
_EXIM = """\
Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: {sender}
Auto-Submitted: auto-replied
X-Failed-Recipients: {recipient}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1tHx-{number}@mx.example.net>

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {recipient}
    host store.example.net [192.0.2.7]
    SMTP error from remote mail server after RCPT TO:<{recipient}>:
    550 5.1.1 <{recipient}>: Recipient address rejected: User unknown

------ This is a copy of the message, including all the headers. ------

{headers}
"""
"""What Exim sends, which has no form that a program could rely on."""


class ReadersServer:
    """The server behind the Postfix; the first word of an address says what becomes of a message.

    `gone` is unknown, `full` is full until the Postfix gives up (see `Postfix.expire`), `spam` is
    refused by policy, `busy` is refused for now and taken then, and `late` is accepted and bounces afterwards.
    Any other is accepted.
    """

    def __init__(self) -> None:
        self.relay = 0
        """The port of the Postfix."""
        self.accepted: list[str] = []
        self._tried: set[str] = set()
        self._reports: list[threading.Thread] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        word = address.partition(".")[0]
        is_first = address not in self._tried
        self._tried.add(address)
        if word == "gone":
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        if word == "spam":
            return "554 5.7.1 message content rejected as spam"
        if word == "full" or (word == "busy" and is_first):
            return "452 4.2.2 mailbox full" if word == "full" else "450 4.2.0 try again"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        (recipient,) = envelope.rcpt_tos
        self.accepted.append(recipient)
        if recipient.startswith("late."):
            report = threading.Thread(target=self._bounce, args=[envelope, recipient])
            self._reports.append(report)
            report.start()
        return "250 2.0.0 taken"

    def _bounce(self, envelope: Envelope, recipient: str) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        head = BytesHeaderParser().parsebytes(content)
        headers = "\n".join(f"{name}: {value}" for name, value in head.items())
        values = {"sender": envelope.mail_from, "recipient": recipient, "headers": headers}
        report = _EXIM.format(**values, number=len(self._reports))
        with smtplib.SMTP("127.0.0.1", self.relay, timeout=60) as relay:
            relay.sendmail("", [str(envelope.mail_from)], report)

    def join(self) -> None:
        """Wait until all reports are on their way."""
        for report in self._reports:
            report.join(60)


@dataclass
class Postfix:
    """A running Postfix."""

    work: Path
    port: int
    readers: ReadersServer

    def maildir(self, domain: str) -> Path:
        """The Maildir of a domain; it is there once something has arrived."""
        return self.work / "mail" / domain

    def arrived(self, domain: str) -> list[Path]:
        """What is in the Maildir of a domain."""
        return sorted((self.maildir(domain) / "new").glob("*"))

    def log(self) -> str:
        """The log of the Postfix."""
        return (self.work / "maillog").read_text()

    def expire(self, word: str, count: int) -> None:
        """Give up messages to readers of a kind, once it has warned the sender of each."""
        ours, warned = rf"\b(\w+): to=<{word}\.", r"\b(\w+): sender delay notification"

        def found() -> set[str]:
            log = self.log()
            return set(re.findall(ours, log)).intersection(re.findall(warned, log))

        def are_gone() -> bool:
            # again and again: it misses what is just moved from one queue to another
            subprocess.run(command, input=ids, capture_output=True, check=True)
            return not any(file.name.encode() in ids for file in self._queue())

        self._until(lambda: len(found()) >= count)
        command = (yardsticks.tool("postsuper") or "postsuper", "-c", str(self.work), "-e", "-")
        ids = "\n".join(found()).encode()
        self._until(are_gone)

    def await_idle(self) -> None:
        """Wait until its queue is empty."""
        self._until(lambda: not self._queue())

    def _queue(self) -> list[Path]:
        # twice the deferred: what is tried again meanwhile would be seen in neither
        queues = ("deferred", "maildrop", "incoming", "active", "deferred")
        files = [file for name in queues for file in (self.work / "queue" / name).rglob("*")]
        return [file for file in files if file.is_file()]

    def _until(self, condition: Callable[[], object]) -> None:
        """Wait; where it takes too long, the log says why."""
        try:
            until(condition, _PATIENCE)
        except AssertionError as error:
            left = "\n".join(map(str, self._queue()))
            end = "\n".join(self.log().splitlines()[-60:])
            raise AssertionError(f"{error}; in the queue:\n{left}\nin the log:\n{end}") from None


@contextmanager
def postfix(*maildirs: str, pipes: Mapping[str, str] | None = None) -> Iterator[Postfix]:
    """Run a Postfix; `maildirs` are the domains that it delivers to a Maildir each.

    `pipes` are commands by the domain whose mail they get.
    """
    require(not bench.postfix.missing(), f"no Postfix of our own: {bench.postfix.missing()}")
    pipes, readers = pipes or {}, ReadersServer()
    behind = Controller(readers, hostname="127.0.0.1", port=free_port(), ready_timeout=60)
    names = {domain: f"syndicate{number or ''}" for number, domain in enumerate(pipes)}
    boxes = ", ".join(f"{{{{ @{domain} = {domain}/ }}}}" for domain in maildirs)
    transports = ", ".join(f"{{{{ {domain} = {name}: }}}}" for domain, name in names.items())
    settings = _SETTINGS.format(
        nobody=_NOBODY,
        maildirs=" ".join(maildirs),
        boxes=boxes,
        transports=transports,
        pipes=" ".join(pipes),
    )
    services = "".join(_PIPE.format(name=names[name], command=pipes[name]) for name in pipes)
    behind.start()
    try:
        running = bench.postfix.postfix(behind.port, settings=settings, services=services, wakeup=1)
        with running as (port, work):
            (work / "mail").mkdir()
            os.chown(work / "mail", _NOBODY, _NOBODY)
            readers.relay = port
            try:
                yield Postfix(work, port, readers)
            finally:
                readers.join()
    finally:
        behind.stop()
