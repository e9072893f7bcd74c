"""Our mail through a real Postfix, and what comes back of it: each bounce lands, once."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bench.fork_server import ForkServer
from syndicate import clock
from syndicate.config import Config
from syndicate.model.deliveries import DeliveryState
from syndicate.model.feedback import FeedbackKind, MatchedBy
from syndicate.schedule.wiring import Services
from syndicate.store import Store
from tests import ROOT
from tests.causes import by_test
from tests.feedback.postfix import Postfix, postfix
from tests.requirements import require
from tests.sample_editions import freeze

pytestmark = [pytest.mark.slow, pytest.mark.neighbours]

MANY = {"gone": 30, "full": 12, "spam": 12, "busy": 6, "late": 20, "fine": 5}
FEW = {"gone": 2, "spam": 1, "late": 2}
ENOUGH = 9
"""So many readers of reports are killed at least."""
"""How many readers there are of each kind; see `ReadersServer`."""
KINDS = {
    "gone": FeedbackKind.HARD_BOUNCE,
    "full": FeedbackKind.SOFT_BOUNCE,
    "spam": FeedbackKind.BLOCKED,
    "late": FeedbackKind.HARD_BOUNCE,
}
"""What is reported of each."""


class Publication:
    """A publication that sends an edition through the Postfix."""

    def __init__(self, folder: Path, domain: str, readers: dict[str, int], **mail: Any) -> None:
        folder.mkdir()
        self.folder, self.domain = folder, domain
        self.url = f"sqlite:///{folder}/syndicate.db"
        self.readers = [f"{word}.{n}" for word, count in readers.items() for n in range(count)]
        self.tables: dict[str, Any] = {
            "publication": {
                "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
                "title": "Post",
                "postal_address": "1 Harbour Street",
            },
            "newsletters": [{"name": "breaking"}],
            "bounces": {"address": f"bounce@{domain}", "pipe": True},
            "mail": {"transport": "smtp", "host": "127.0.0.1", "security": "none", **mail},
        }
        self.store = Store.open(self.url)
        with self.store.write() as tx:
            for reader in self.readers:
                cause = by_test(clock.now())
                tx.subscribers.subscribe(f"{reader}@example.net", "breaking", cause=cause)

    @property
    def config(self) -> Config:
        return Config.model_validate(self.tables | {"root": str(self.folder)})

    def send(self, server: Postfix) -> None:
        """Hand the edition over; the Postfix accepts all of it."""
        self.tables["mail"]["port"] = server.port
        self.tables["bounces"]["maildir"] = str(server.maildir(self.domain))
        freeze(self.store, at=clock.now())
        Services(self.store, self.config).deliver_editions(clock.now(), threading.Event())
        with self.store.read() as tx:
            states = Counter(delivery.state for delivery in tx.deliveries.by_edition(1))
        assert states == {DeliveryState.ACCEPTED: len(self.readers)}

    def came_back(self) -> dict[str, list[tuple[FeedbackKind, MatchedBy]]]:
        """Return what is known of each reader's message."""
        with self.store.read() as tx:
            return {
                delivery.email.partition("@")[0]: [
                    (record.kind, record.matched_by)
                    for record in tx.feedback.by_delivery(1, delivery.subscriber)
                ]
                for delivery in tx.deliveries.by_edition(1)
            }

    def expected(self, *by: MatchedBy) -> dict[str, list[tuple[FeedbackKind, MatchedBy]]]:
        """Return what has to be known; `by` is for the Postfix's reports, and for Exim's."""
        words = {reader: reader.partition(".")[0] for reader in self.readers}
        return {
            reader: [(KINDS[word], by[word == "late"])] if word in KINDS else []
            for reader, word in words.items()
        }

    def assert_once(self) -> None:
        """Nothing was counted or done twice, and nobody has to read anything."""
        words = Counter(reader.partition(".")[0] for reader in self.readers)
        with self.store.read() as tx:
            counts = Counter[str]()
            for (_, outcome), count in tx.held_reports.counts().items():
                counts[outcome] += count
            assert tx.held_reports.count() == 0
            for reader in self.readers:
                person = tx.subscribers.by_email(f"{reader}@example.net")
                assert person is not None
                changes = [change.action.value for change in tx.audit_log.changes(person.key)]
                is_hard = reader.startswith(("gone.", "late."))
                assert changes.count("suppressed") == is_hard, reader
        assert counts["recorded"] == sum(words[word] for word in KINDS)
        # the busy may be taken before the Postfix warns
        assert words["full"] <= counts["delayed"] <= words["full"] + words["busy"]


@dataclass
class Pipe:
    """Has `syndicate bounce` run for the Postfix, and kills it at its first try of each message.

    The Postfix starts its pipe as another user, who can't read this checkout. So it starts a
    program that hands the message on, and ends as that process ended.
    """

    folder: Path
    config: Path
    chance: random.Random = field(default_factory=lambda: random.Random(19))
    kills: int = 0
    codes: list[int] = field(default_factory=list)
    _tried: set[bytes] = field(default_factory=set)

    PROGRAM = """\
import os, socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[1])
    s.sendall(sys.stdin.buffer.read())
    s.shutdown(socket.SHUT_WR)
    code = int(s.recv(16))
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Listen; yield the command for the Postfix."""
        program, address = self.folder / "hand_on.py", self.folder / "pipe"
        program.write_text(self.PROGRAM)
        program.chmod(0o644)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            address.chmod(0o777)
            listener.listen(10)
            threads = [threading.Thread(target=self._serve, args=[listener]) for _ in range(2)]
            for thread in threads:
                thread.start()
            try:
                yield f"/usr/bin/python3 {program} {address}"
            finally:
                for _ in threads:
                    with socket.socket(socket.AF_UNIX) as last:
                        last.connect(str(address))
                for thread in threads:
                    thread.join(60)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                message = lines.read()
                if not message:  # it is over
                    return
                connection.sendall(b"%d" % self._run(message))

    def _run(self, message: bytes) -> int:
        command = (sys.executable, "-m", "syndicate", "--config", str(self.config), "bounce")
        is_first = message not in self._tried
        self._tried.add(message)
        with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdin is not None
            process.stdin.write(message)
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.chance.uniform(0.05, 0.7) if is_first else 60)
            process.kill()
        self.kills += process.returncode == -signal.SIGKILL
        self.codes.append(process.returncode)
        return process.returncode


@pytest.fixture(scope="module")
def tokens(tmp_path_factory) -> Publication:
    """A publication each of whose messages has an envelope sender of its own."""
    folder = tmp_path_factory.mktemp("tokens") / "post"
    return Publication(folder, "tokens.example.org", MANY, **{"from": "news@example.org"})


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Publication:
    """A publication whose relay takes no envelope sender but that of the newsletter."""
    folder, domain = tmp_path_factory.mktemp("plain") / "post", "plain.example.org"
    return Publication(folder, domain, MANY, verp=False, **{"from": f"news@{domain}"})


@pytest.fixture(scope="module")
def piped(tmp_path_factory) -> Publication:
    """A publication that gets its bounces from the mail server's pipe."""
    folder = tmp_path_factory.mktemp("piped") / "post"
    return Publication(folder, "piped.example.org", FEW, **{"from": "news@example.org"})


@pytest.fixture(scope="module")
def server(tokens, plain, piped, tmp_path_factory) -> Iterator[tuple[Postfix, Pipe]]:
    """A Postfix that has sent all of it, and got rid of all reports."""
    require(os.access("/usr/bin/python3", os.X_OK), "Debian's python3")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(open_folder()))
        config = piped.folder / "config.toml"
        pipe = Pipe(folder, config)
        command = stack.enter_context(pipe.running())
        maildirs, pipes = (tokens.domain, plain.domain), {piped.domain: command}
        started = stack.enter_context(postfix(*maildirs, pipes=pipes))
        publication = piped.tables["publication"]
        config.write_text(
            f"[publication]\nid = {publication['id']!r}\ntitle = 'Post'\n"
            f"postal_address = 'x'\n[[newsletters]]\nname = 'breaking'\n"
            f"[bounces]\naddress = 'bounce@{piped.domain}'\npipe = true\n"
        )
        for post in (piped, tokens, plain):
            post.send(started)
        started.expire("full", 2 * MANY["full"])
        started.await_idle()
        started.readers.join()
        started.await_idle()
        yield started, pipe
        for post in (piped, tokens, plain):
            post.store.close()


@contextlib.contextmanager
def open_folder() -> Iterator[str]:
    """Make a folder that other users get to, unlike pytest's."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="syndicate-pipe-") as name:
        Path(name).chmod(0o755)
        yield name


def read_until_killed_no_more(post: Publication, server: Postfix, seed: int) -> int:
    """Have processes read the Maildir, each killed in the middle; return how many were."""
    chance, kills = random.Random(seed), 0
    tables = json.dumps(post.tables | {"root": str(post.folder)})
    with ForkServer("tests.feedback.poller_processes") as fork_server:
        while left := len(server.arrived(post.domain)):
            assert kills < 1000
            if kills < ENOUGH or chance.random() < 1 / 4:
                fork_server.start("poll_and_die", post.url, tables, chance.randrange(1 << 30))
                kills += fork_server.wait_killed()
                continue
            fork_server.start("poll", post.url, tables)
            enough = left - chance.randint(0, 5)
            while len(server.arrived(post.domain)) >= enough and not fork_server.has_exited(0.001):
                pass
            fork_server.has_exited(chance.uniform(0, 0.02))
            kills += fork_server.kill()
    return kills


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("tokens", (MatchedBy.RETURN_PATH, MatchedBy.RETURN_PATH)),
        ("plain", (MatchedBy.ENVELOPE_ID, MatchedBy.MESSAGE_ID)),
    ],
)
def test_each_bounce_lands_on_its_delivery_once_however_often_the_reader_is_killed(
    name, by, server, request
):
    post, (relay, _) = request.getfixturevalue(name), server
    assert len(relay.arrived(post.domain)) > 70
    kills = read_until_killed_no_more(post, relay, seed=19)
    assert post.came_back() == post.expected(*by)
    post.assert_once()
    assert kills >= ENOUGH


def test_a_pipe_loses_nothing_however_often_it_is_killed(piped, server):
    _, pipe = server
    assert piped.came_back() == piped.expected(MatchedBy.RETURN_PATH, MatchedBy.RETURN_PATH)
    piped.assert_once()
    assert set(pipe.codes) <= {0, -signal.SIGKILL}
    assert pipe.kills
