"""IMAP servers on the loopback: Dovecot as Debian has it, and one that misbehaves as scripted."""

import contextlib
import imaplib
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.ports import free_port
from tests.requirements import require
from tests.until import until

PASSWORD = "correct horse"
_NOBODY = 65534
_CONFIG = """\
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
base_dir = {work}/run
state_dir = {work}/state
log_path = {work}/log
protocols = imap
listen = 127.0.0.1
first_valid_uid = 1
mail_driver = maildir
mail_path = {work}/mail/%{{user}}
auth_mechanisms = plain login
auth_failure_delay = 0
passdb static {{
  password = {password}
}}
userdb static {{
  fields {{
    uid = {nobody}
    gid = {nobody}
    home = {work}/mail/%{{user}}
  }}
}}
namespace inbox {{
  inbox = yes
  prefix = {prefix}
  separator = {separator}
}}
ssl = {ssl}
{certificate}
imap_capability {{
{lacking}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = {ssl}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running Dovecot: any user exists, with the same password."""

    work: Path
    port: int
    tls_port: int
    prefix: str

    @contextlib.contextmanager
    def client(self, user: str) -> Iterator[imaplib.IMAP4]:
        """Log in with Python's own client."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=60) as client:
            client.login(user, PASSWORD)
            yield client

    def deliver(self, user: str, *messages: bytes, folder: str = "INBOX") -> None:
        """Put messages into a mailbox."""
        with self.client(user) as client:
            for message in messages:
                status, reply = client.append(folder, "", "", message)
                assert status == "OK", reply

    def content(self, user: str, folder: str) -> list[bytes]:
        """Return the messages of a folder, without carriage returns."""
        with self.client(user) as client:
            status, _ = client.select(f'"{self.prefix if folder != "INBOX" else ""}{folder}"')
            assert status == "OK", folder
            _, listed = client.search(None, "ALL")
            messages = []
            for number in listed[0].decode().split():
                _, (fetched, *_) = client.fetch(number, "(BODY.PEEK[])")
                assert isinstance(fetched, tuple)
                messages.append(fetched[1].replace(b"\r\n", b"\n"))
            return messages

    def count(self, user: str) -> int:
        """Count the messages of the inbox, by their files."""
        home = self.work / "mail" / user
        folders = (home / "new", home / "cur")
        return sum(1 for folder in folders for _ in folder.glob("*"))

    def folders(self, user: str) -> list[str]:
        """Return the names of the folders, as the server has them."""
        with self.client(user) as client:
            _, listed = client.list()
        lines = [line.decode() for line in listed if isinstance(line, bytes)]
        return sorted(re.split(r'"[./]" ', line)[1].strip('"') for line in lines)


@contextlib.contextmanager
def dovecot(
    *, prefix: str = "", separator: str = "/", tls: Path | None = None, lacking: str = ""
) -> Iterator[Dovecot]:
    """Run a Dovecot of our own; `tls` is a folder with certificate and key, for STARTTLS and TLS.

    `lacking` are extensions that it doesn't offer, by name.
    """
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin")
    require(program, "Dovecot (Debian: dovecot-imapd)")
    require(os.geteuid() == 0, "root, to start a Dovecot")
    # pytest's own folder is closed to the users that its processes run as
    with tempfile.TemporaryDirectory(prefix="syndicate-dovecot-") as name:
        work, port, tls_port = Path(name), free_port(), 0
        work.chmod(0o755)
        for folder in ("run", "state", "mail"):
            (work / folder).mkdir()
        os.chown(work / "mail", _NOBODY, _NOBODY)
        certificate = ""
        if tls is not None:
            tls_port = free_port()
            files = (("cert", "certificate.pem"), ("key", "key.pem"))
            certificate = "\n".join(
                f"ssl_server_{key}_file = {shutil.copy(tls / file, work)}" for key, file in files
            )
        (work / "dovecot.conf").write_text(
            _CONFIG.format(
                work=work,
                password=PASSWORD,
                nobody=_NOBODY,
                prefix=prefix,
                separator=separator,
                ssl="no" if tls is None else "yes",
                certificate=certificate,
                port=port,
                tls_port=tls_port,
                lacking="\n".join(f"  {name} = no" for name in lacking.split()),
            )
        )
        server = subprocess.Popen([str(program), "-F", "-c", str(work / "dovecot.conf")])
        try:
            until(lambda: _answers(port) or server.poll() is not None)
            assert server.poll() is None, (work / "log").read_text()
            yield Dovecot(work, port, tls_port, prefix)
        finally:
            server.terminate()
            server.wait(60)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(4) == b"* OK"
    except OSError:
        return False


CUT = b""
"""Instead of an answer: close the connection."""
Answer = bytes | Callable[[str], bytes]


class ScriptedMailbox:
    """An IMAP server that gives the answers it was given.

    An answer is for a command, or for the command after UID: `login`, `search`, `fetch`. It is
    bytes or a function of the command's line, and `TAG` in it becomes the command's tag.
    """

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = {
            "greeting": b"* OK ready\r\n",
            "capability": b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS NAMESPACE\r\nTAG OK done\r\n",
            "namespace": b'* NAMESPACE (("" "/")) NIL NIL\r\nTAG OK done\r\n',
            "select": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1]\r\nTAG OK [READ-WRITE]\r\n",
            "list": b'* LIST () "/" "Processed"\r\n* LIST () "/" "Not understood"\r\nTAG OK done\r\n',
            "search": b"* SEARCH\r\nTAG OK done\r\n",
            "logout": b"* BYE\r\nTAG OK done\r\n",
            **answers,
        }
        self.commands: list[str] = []
        self.over = threading.Event()
        """Set when it closes: what keeps a client waiting waits for this."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(20)

    def silent(self, _: str) -> bytes:
        """Answer nothing until it closes."""
        self.over.wait()
        return CUT

    def _begin(self, act: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self._begin(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as lines:
            self._answer(connection, "greeting", "", "")
            while line := lines.readline().decode("utf-8", "replace").strip():
                tag, _, command = line.partition(" ")
                self.commands.append(command)
                verb = command.removeprefix("UID ").partition(" ")[0].lower()
                self._answer(connection, verb, tag, command)

    def _answer(self, connection: socket.socket, verb: str, tag: str, command: str) -> None:
        answer = self.answers.get(verb, b"TAG OK done\r\n")
        reply = answer(command) if callable(answer) else answer
        if reply == CUT:
            raise ConnectionAbortedError
        connection.sendall(reply.replace(b"TAG", tag.encode()))
