"""Whether what is recorded is on the disk before a body leaves: a sender watched by strace.

python -m bench.flushes [--messages N]

Killing a process proves the order of steps, and nothing of the disk: what the system took, it
keeps. So each call of a sender on SQLite is noted: whatever it wrote into the log of its store
has to be flushed (fdatasync) before the first byte of any body is sent. strace is Debian's; it
ends with 1 where a body left too early.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bench.sender import Sender
from bench.sink import Manner, running

_HERE = Path(__file__).parents[1]
_CALLS = "fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg"
_RUN = "import json, sys; from bench import sender; sender.run(*json.loads(sys.argv[1]))"
_LINE = re.compile(r"(?P<thread>\d+) +(?P<said>.*)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_UNFINISHED = "<unfinished ...>"
_DONE = re.compile(r"(?P<call>\w+)\((?P<file>\d+<[^>]*>).* = (?P<result>\d+)$")
_FLUSHES = frozenset({"fsync", "fdatasync"})
_BODY = 1000
"""Bytes that a body has at least, and an envelope has not."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=1000)
    asked = parser.parse_args()
    if shutil.which("strace") is None:
        sys.exit("There is no strace: apt-get install strace")
    watched = Watched()
    with tempfile.TemporaryDirectory(prefix="bench-flushes-") as name:
        folder = Path(name)
        with running(folder / "sink.log", Manner(wait=(0, 0))) as sink:
            trace(folder, sink.port, asked.messages)
            taken = sink.count()
        with (folder / "trace").open(encoding="utf-8", errors="replace") as lines:
            watched.read(lines)
    print(
        f"{taken:,} messages, {watched.flushes:,} flushes: {watched.flushes / taken:.2f} each; "
        f"{watched.early} of {watched.bodies:,} bodies left too early"
    )
    if taken < asked.messages or watched.bodies < taken or watched.early:
        sys.exit("That was not to be.")


def trace(folder: Path, port: int, messages: int) -> None:
    """Hand an edition over with every call noted."""
    sender = Sender.make(f"sqlite:///{folder}/syndicate.db", folder, port, readers=messages)
    _, *arguments = sender.call(0)
    command = ["strace", "-f", "-y", "-e", f"trace={_CALLS}", "-o", str(folder / "trace")]
    command += [sys.executable, "-c", _RUN, json.dumps(arguments)]
    subprocess.run(command, cwd=_HERE, check=True)


@dataclass(slots=True)
class Watched:
    """What the calls of a process come to."""

    flushes: int = 0
    """Of the store's log."""
    bodies: int = 0
    early: int = 0
    """Bodies that left while something in the log was not flushed."""
    _unflushed: bool = False
    _unfinished: dict[str, str] = field(default_factory=dict)
    """What each thread is about to do."""

    def read(self, lines: Iterable[str]) -> None:
        """Take in what strace wrote."""
        for line in lines:
            if (found := _LINE.match(line.rstrip("\n"))) is None:
                continue
            thread, said = found["thread"], found["said"]
            if said.endswith(_UNFINISHED):
                self._unfinished[thread] = said.removesuffix(_UNFINISHED)
                continue
            if resumed := _RESUMED.match(said):
                said = self._unfinished.pop(thread, "") + resumed[1]
            if done := _DONE.match(said):
                self._note(done["call"], done["file"], int(done["result"]))

    def _note(self, call: str, file: str, result: int) -> None:
        if file.endswith("-wal>"):
            self._unflushed = call not in _FLUSHES
            self.flushes += call in _FLUSHES
        elif ("socket" in file or "TCP" in file) and result > _BODY:
            self.bodies += 1
            self.early += self._unflushed


if __name__ == "__main__":
    main()
