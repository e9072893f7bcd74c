"""Liferea on a screen that nobody sees, told over D-Bus when to ask."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path

from tests.publish.feed_readers import Seen, table
from tests.requirements import require
from tests.until import until

_PINGS = 15
_PAUSE = 0.2
"""Seconds between two pings. What it got it has parsed and filed after so many of them, which its
main loop answers, if that changes anything: however slow it and its machine are."""
_UP = 60
"""Seconds that it may take to come up."""


class Liferea:
    """Debian's Liferea; `following` starts and ends it.

    By its `itemset.c` what has the same id is the same: it keeps the first version
    that it saw, whatever a feed says later.
    """

    first_conditional = 2
    shows_edits = False

    def __init__(
        self, url: str, folder: Path, environment: dict[str, str], told: Callable[[], list[int]]
    ) -> None:
        self._database = folder / "data/liferea/liferea.db"
        self._environment = environment
        self._url: str | None = url
        self._told = told
        """The statuses of what it was answered."""

    def poll(self) -> Seen:
        """Ask; its first question is that of the subscription."""
        before, answers = self._rows(), len(self._told())
        url, self._url = self._url, None
        self.call(*(("Subscribe", url) if url else ("Refresh",)))
        until(lambda: len(self._told()) > answers and self._told()[-1])
        if self._told()[-1] != HTTPStatus.NOT_MODIFIED:
            for _ in range(_PINGS):
                if self._rows() != before:
                    break
                time.sleep(_PAUSE)
                assert self.call("Ping")
        return Seen.between(before, self._rows())

    def shown(self) -> dict[str, str]:
        """Return the titles in its list."""
        return table(self._database, "SELECT source_id, title FROM items")

    def call(self, method: str, *words: str) -> bool:
        """Call it over D-Bus; tell whether it said yes."""
        name, path = "org.gnome.feed.Reader", "/org/gnome/feed/Reader"
        command = ["gdbus", "call", "--session", "-d", name, "-o", path, "-m", f"{name}.{method}"]
        done = subprocess.run(
            [*command, *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=_UP,
            check=False,
        )
        return done.stdout.strip() == "(true,)"

    def _rows(self) -> dict[str, str]:
        """What it keeps of each article; an edit may leave the title alone."""
        return table(self._database, "SELECT source_id, title || description FROM items")


@contextmanager
def following(url: str, folder: Path, told: Callable[[], list[int]]) -> Iterator[Liferea]:
    """Bring Liferea up with no feeds but this one to come, and end it.

    `told` says with which statuses this one was answered so far.
    """
    for program, package in (
        ("liferea", "liferea"),
        ("Xvfb", "xvfb"),
        ("dbus-daemon", "dbus-daemon"),
        ("gdbus", "libglib2.0-bin"),
    ):
        require(shutil.which(program), f"{package} is missing")
    (folder / "config/liferea").mkdir(parents=True)
    (folder / "config/liferea/feedlist.opml").write_text('<opml version="1.0"><body/></opml>')
    home = {
        "HOME": f"{folder}",
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "XDG_CONFIG_HOME": f"{folder}/config",
        "XDG_DATA_HOME": f"{folder}/data",
        "XDG_CACHE_HOME": f"{folder}/cache",
        "GSETTINGS_BACKEND": "memory",
        "NO_AT_BRIDGE": "1",
        # root has no sandbox to put its pages into
        "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
    }
    with ExitStack() as stack:
        screen = stack.enter_context(_told(["Xvfb", "-nolisten", "tcp", "-displayfd", "1"], home))
        home["DISPLAY"] = f":{screen}"
        bus = ["dbus-daemon", "--session", "--nofork", "--print-address"]
        home["DBUS_SESSION_BUS_ADDRESS"] = stack.enter_context(_told(bus, home))
        stack.enter_context(_running(["liferea"], home))
        liferea = Liferea(url, folder, home, told)
        end = time.monotonic() + _UP
        while not liferea.call("Ping"):
            assert time.monotonic() < end, "Liferea did not come up"
            time.sleep(0.2)
        yield liferea


@contextmanager
def _told(command: list[str], environment: dict[str, str]) -> Iterator[str]:
    """Run a program; what it says first is where it can be reached."""
    with _running(command, environment) as process:
        assert process.stdout
        yield process.stdout.readline().strip()


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE if command[0] != "liferea" else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
