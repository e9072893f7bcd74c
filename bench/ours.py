"""Syndicate as the measurements run it: a publication in a folder of its own, and its commands."""

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import corpus

_ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
"""Python may keep what it compiled: pip does so when it installs, and no user waits for it."""
_HERE = Path(__file__).parents[1]
CONFIG = """\
[publication]
id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
title = "Bench Post"
url = "https://news.example.org"
description = "News from the harbour, the islands and the coast"

[syndication]
archives = false

[publish]
compress = false

[web]
url = "https://news.example.org"

[[newsletters]]
name = "morning"
title = "The Morning Post"
description = "What happened on the coast overnight, before your first coffee."
"""
"""What is published, as the peers publish it; without compression and archives, which they lack."""
_SECTION = """
[[sections]]
title = "{}"
"""
WITHOUT_SEARCH = ("[web]\n", "[web]\nsearch = false\n")
"""What is replaced in the configuration to leave out the index of the search, which peers lack."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication that the measurements fill, build and throw away."""

    root: Path

    @classmethod
    def make(cls, root: Path, *, search: bool = True) -> Self:
        """Write its configuration into a folder."""
        config = CONFIG if search else CONFIG.replace(*WITHOUT_SEARCH)
        sections = "".join(map(_SECTION.format, corpus.SECTIONS))
        root.mkdir(parents=True, exist_ok=True)
        (root / "config.toml").write_text(config + sections, encoding="utf-8")
        return cls(root)

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def articles(self) -> Path:
        return self.root / "articles"

    @property
    def output(self) -> Path:
        return self.root / "feeds"

    def forget(self) -> None:
        """Empty store and output."""
        for file in self.root.glob("syndicate.db*"):
            file.unlink()
        self.clear()

    def clear(self) -> None:
        """Empty the output, with the record of what is in it."""
        shutil.rmtree(self.output, ignore_errors=True)

    def command(self, *words: str | Path) -> tuple[str, ...]:
        """Return a command line of Syndicate's for this publication."""
        python = (sys.executable, "-m", "syndicate")
        return (*python, "--config", str(self.config), *map(str, words))

    def running(self) -> "Running":
        """Hold the publication open in a process, with everything in it built."""
        return Running(self)


class Running:
    """A process that holds a publication open, as `run` does, and imports what it is given."""

    def __init__(self, publication: Publication) -> None:
        words = (sys.executable, "-m", "bench.running", str(publication.config))
        self._process = subprocess.Popen(  # ended by __exit__
            words, cwd=_HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.first = self._answer()["build"]
        """Seconds of the build that it began with."""

    def publish(self, file: Path) -> dict[str, float]:
        """File an article and build; return the seconds of each."""
        assert self._process.stdin
        print(file, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the process that holds the publication open has ended; see above")
        answer: dict[str, float] = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()


def timed(command: tuple[str, ...], folder: Path) -> float:
    """Run a command to its end; return its seconds. End the measurement where it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=folder,
        env=_ENVIRONMENT,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        said = done.stderr.decode(errors="replace")[-2000:]
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{said}")
    return seconds
