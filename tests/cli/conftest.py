"""Commands run as operators run them: another process, its exit code, its two streams."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.fork_server import Ran, command_server

PATIENCE = 120

ARTICLE = """\
---
title: {title}
breaking: {breaking}
section: City
---

All about {title}.
"""


@dataclass(frozen=True)
class Operator:
    """Somebody at a terminal, in the folder of a publication."""

    folder: Path

    def run(self, *words: str, env: dict[str, str] | None = None, own_python: bool = False) -> Ran:
        """Run `syndicate` with these words and more environment; no traceback may ever be seen.

        It gets a Python of its own where that reads the environment, or inherits from the test.
        """
        if not own_python:
            ran = command_server().run(self.folder, *words, timeout=PATIENCE, env=env)
        else:
            done = subprocess.run(  # noqa: PLW1510 - the exit code is what tests look at
                [sys.executable, "-m", "syndicate", *words],
                cwd=self.folder,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **(env or {})},
            )
            ran = Ran(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in ran.err, ran.err
        return ran

    def file(self, slug: str, *, title: str = "", breaking: bool = True) -> None:
        """Save an article."""
        text = ARTICLE.format(title=title or slug.title(), breaking=str(breaking).lower())
        (self.folder / "articles" / f"{slug}.md").write_text(text)

    def configure(self, old: str, new: str) -> None:
        """Change the text of config.toml."""
        config = self.folder / "config.toml"
        text = config.read_text()
        assert old in text
        config.write_text(text.replace(old, new))

    def add(self, tables: str) -> None:
        """Add tables to config.toml."""
        config = self.folder / "config.toml"
        config.write_text(f"{config.read_text()}\n{tables}")

    def catch_mail(self) -> None:
        """Say that mail is caught on this machine, so that its links may lead here."""
        url = 'url = "http://127.0.0.1:8000"\n'
        if f"\n{url}" not in (self.folder / "config.toml").read_text():
            self.configure("[publication]\n", f"[publication]\n{url}")

    def subscribe(self, *rows: str) -> Ran:
        """Import readers of the breaking newsletter."""
        (self.folder / "readers.csv").write_text("\n".join(("email,name", *rows)) + "\n")
        return self.run("subscribers", "import", "readers.csv", "--newsletter", "breaking")


@pytest.fixture(scope="session", autouse=True)
def _close_command_server() -> Iterator[None]:
    yield
    if command_server.cache_info().currsize:
        command_server().close()
        command_server.cache_clear()


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication made by `init`, to be copied."""
    folder = tmp_path_factory.mktemp("initialised")
    made = Operator(folder).run("init", "post")
    assert made.code == 0, made.err
    return folder / "post"


@pytest.fixture
def operator(initialised: Path, tmp_path: Path) -> Operator:
    """An operator in a fresh publication, as `init` makes it."""
    return Operator(shutil.copytree(initialised, tmp_path / "post"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[], Operator]:
    """An operator in an empty folder."""
    return lambda: Operator(tmp_path)
