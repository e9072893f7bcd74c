"""A mail server that takes its time, and writes down each message before it says so.

python -m bench.sink LOG [--cut] [--no-pipelining] [--wait LEAST MOST] [--seed N]

It prints its port and serves until it is terminated. Each message that it takes is a line
of LOG, written before its 250, which follows LEAST to MOST milliseconds later. A sender that
is killed in between can't know. With --cut it breaks connections off as well, at any step;
that is a line too. The log outlives all senders: it says what truly arrived.
"""

import argparse
import asyncio
import os
import random
import re
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parents[1]
_ROOM = 4 * 1024 * 1024
"""Bytes that a message may have."""
_SHORTEST = 200
"""Bytes that every message has."""
_AHEAD = 0.002
"""Seconds in which a command would be there that was sent ahead."""
_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: whatever is still under way is forgotten, and the other side gets an RST."""
_MESSAGE_ID = re.compile(
    rb"^Message-ID: *(?:\r\n )?(<(\d+)\.[^>\s]+>)", re.MULTILINE | re.IGNORECASE
)
OPENING = ("connect", "greeting", "ehlo")
MESSAGE = ("mail", "rcpt", "data", "354", "body", "dot", "logged", "250")
"""Where a connection breaks: when this was read or said, and nothing after it was.

`body` is in its middle; `dot` after all of it, before it is written down; `logged` after that.
"""
DOUBTFUL = frozenset({"354", "body", "dot", "logged"})
"""Where the sender may have sent all of a message and hears nothing."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("--cut", action="store_true", help="Break connections off.")
    parser.add_argument("--no-pipelining", action="store_true", help="Take one command at a time.")
    parser.add_argument("--wait", type=int, nargs=2, default=(20, 200), help="Milliseconds.")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    manner = Manner(
        cuts=asked.cut,
        pipelining=not asked.no_pipelining,
        wait=(asked.wait[0], asked.wait[1]),
        seed=asked.seed,
    )
    asyncio.run(serve(asked.log, manner))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a sink treats those who connect."""

    cuts: bool = False
    """Break off about every thirtieth connection as it opens, and every fifth message."""
    pipelining: bool = True
    wait: tuple[int, int] = (20, 200)
    """Milliseconds between a message's line in the log and its 250: at least, at most."""
    seed: int = 1


async def serve(log: Path, manner: Manner) -> None:
    """Serve on a port of the system's choice until it is killed: what it notes is in the log."""
    chance = random.Random(manner.seed)
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await _Visit(reader, writer, file, manner, chance).go_on()
        with suppress(OSError):
            writer.close()

    server = await asyncio.start_server(welcome, "127.0.0.1", 0, limit=_ROOM)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class _Visit:
    """One connection, from its greeting to its end."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        log: int,
        manner: Manner,
        chance: random.Random,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._log = log
        self._manner = manner
        self._chance = chance
        self._breaks_at = self._draw(OPENING, 30)
        self._recipient = ""

    async def go_on(self) -> None:
        self._note("connected")
        self._reached("connect")
        self._say("220 sink.example")
        self._reached("greeting")
        while line := await self._reader.readline():
            match line.decode("ascii", "replace").strip().partition(" ")[0].upper():
                case "EHLO":
                    self._reached("ehlo")
                    self._say("250-sink.example", *self._offers())
                case "MAIL":
                    self._breaks_at = self._draw(MESSAGE, 5)
                    await self._answer("mail", "250 2.1.0 go on")
                case "RCPT":
                    self._recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                    await self._answer("rcpt", "250 2.1.5 go on")
                case "DATA":
                    await self._answer("data", "354 go on")
                    self._reached("354")
                    await self._take()
                case "QUIT":
                    self._say("221 2.0.0 bye")
                    return
                case _:
                    self._say("250 2.0.0 fine")

    async def _take(self) -> None:
        """Read a message, write it down, wait, and say that it was taken."""
        if self._breaks_at == "body":
            await self._reader.readexactly(self._chance.randint(1, _SHORTEST))
            self._reached("body")
        message = await self._reader.readuntil(b"\r\n.\r\n")
        self._reached("dot")
        named = _MESSAGE_ID.search(message)
        if named is None:
            self._note("fault a message without an id of ours")
            self._say("554 5.6.0 no id")
            return
        self._note(f"arrived {named[1].decode()} {self._recipient} {named[2].decode()}")
        await self._pause()
        self._reached("logged")
        self._say("250 2.0.0 taken")
        self._reached("250")

    async def _pause(self) -> None:
        least, most = self._manner.wait
        seconds = self._chance.uniform(least, most) / 1000
        if self._manner.pipelining:
            await asyncio.sleep(seconds)
        else:
            await self._nothing_ahead(seconds)

    async def _answer(self, step: str, words: str) -> None:
        if not self._manner.pipelining:
            await self._nothing_ahead(_AHEAD)
        self._reached(step)
        self._say(words)

    async def _nothing_ahead(self, seconds: float) -> None:
        """Wait, and note it where something was sent that had to wait for our answer."""
        with suppress(TimeoutError):
            if await asyncio.wait_for(self._reader.read(1), seconds):
                self._note("fault sent ahead, which was not offered")
            raise ConnectionAbortedError

    def _offers(self) -> tuple[str, ...]:
        return ("250-PIPELINING", "250 8BITMIME") if self._manner.pipelining else ("250 8BITMIME",)

    def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())

    def _draw(self, steps: tuple[str, ...], every: int) -> str:
        """Choose where to break off; nowhere but once in so many times."""
        step = self._chance.choice(steps)
        return step if self._chance.randrange(every) == 0 and self._manner.cuts else ""

    def _reached(self, step: str) -> None:
        if step != self._breaks_at:
            return
        self._note(f"cut {step}")
        if self._chance.random() < 0.5:
            connection = self._writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._writer.transport.abort()
        raise ConnectionAbortedError

    def _note(self, line: str) -> None:
        os.write(self._log, f"{line}\n".encode())


# for those who run one


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that was taken, whether its sender heard so or not."""

    message_id: str
    reader: str
    """The address of its envelope."""
    edition: int

    @property
    def number(self) -> int:
        """Which of the edition's readers it is for: the second number of its Message-ID."""
        return int(self.message_id.split(".")[1])


class Sink:
    """A sink that runs, and its log."""

    def __init__(self, log: Path, port: int) -> None:
        self.log = log
        self.port = port
        self._read = 0
        self._count = 0

    def count(self) -> int:
        """Return how many messages were taken so far; cheap, to be asked again and again."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        self._count += sum(line.startswith(b"arrived ") for line in whole.splitlines())
        return self._count

    def arrivals(self) -> list[Arrival]:
        """Return every message that was taken, each as often as it was."""
        fields = [line.split(" ") for line in self._lines("arrived ")]
        return [Arrival(mid, reader, int(edition)) for mid, reader, edition in fields]

    def connections(self) -> int:
        """Return how often somebody connected."""
        return sum(1 for _ in self._lines("connected"))

    def cuts(self) -> Counter[str]:
        """Count where connections were broken off."""
        return Counter(self._lines("cut "))

    def faults(self) -> list[str]:
        """Return what senders did that they may not."""
        return list(self._lines("fault "))

    def _lines(self, kind: str) -> Iterator[str]:
        for line in self.log.read_text("ascii").splitlines():
            if line.startswith(kind):
                yield line.removeprefix(kind)


@contextmanager
def running(log: Path, manner: Manner) -> Iterator[Sink]:
    """Start a sink in a process of its own, and end it; the log stays."""
    words = [sys.executable, "-m", "bench.sink", str(log), "--seed", str(manner.seed)]
    words += ["--wait", *map(str, manner.wait)]
    words += ["--cut"] * manner.cuts + ["--no-pipelining"] * (not manner.pipelining)
    with subprocess.Popen(words, cwd=_HERE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Sink(log, int(process.stdout.readline()))
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
