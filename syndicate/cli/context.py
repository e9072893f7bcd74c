"""What a command works with: the config it was pointed at, and the store behind it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syndicate import clock
from syndicate.errors import ConfigError

if TYPE_CHECKING:  # start-up
    from syndicate.config import Config, Newsletter, Segment
    from syndicate.store import Store


@dataclass
class CommandContext:
    """The publication that a command is for; nothing is read before it is needed."""

    path: Path
    port: int | None = None
    """Overrides `web.port`, as an exported PORT does."""
    read_content: bytes | None = None
    """The hash of the file when it was last read, with mistakes or without."""

    @cached_property
    def config(self) -> "Config":
        """The configuration, read once; raise ConfigError with every mistake in it."""
        return self.read()

    def read(self) -> "Config":
        """Read the configuration; raise ConfigError with every mistake in it."""
        from syndicate.config.loading.load import load  # noqa: PLC0415 - start-up

        self.read_content = content_hash(self.path)
        return load(self.path, port=self.port if self.port is not None else exported_port())

    @contextmanager
    def store(self) -> Iterator["Store"]:
        """Open the publication's store for the length of a command."""
        from syndicate.store import Store  # noqa: PLC0415 - start-up

        store = Store.of(self.config)
        try:
            yield store
        finally:
            store.close()

    def newsletter(self, name: str) -> "Newsletter":
        """Find a newsletter by name; raise ConfigError naming those there are."""
        found = self.config.newsletter(name)
        if found is None:
            names = ", ".join(one.name for one in self.config.newsletters) or "none"
            raise ConfigError(
                f"no newsletter is called {name!r} in {self.path.name}; there is: {names}"
            )
        return found

    def segment(self, name: str) -> "Segment":
        """Find a segment by name; raise ConfigError naming those there are."""
        found = self.config.segment(name)
        if found is None:
            names = ", ".join(one.name for one in self.config.segments) or "none"
            raise ConfigError(
                f"no segment is called {name!r} in {self.path.name}; there is: {names}"
            )
        return found

    def time(self, text: str | None) -> datetime:
        """Read `--at`, in the publication's zone unless it names one; default: now."""
        if text is None:
            return clock.now()
        try:
            return clock.parse_time(text, self.config.publication.timezone)
        except (ValueError, OverflowError) as error:
            raise ConfigError(
                f'--at {text!r} — expected a time such as "2026-11-24T07:00" or '
                '"2026-11-24T07:00+01:00"'
            ) from error


def content_hash(path: Path) -> bytes | None:
    """Return a hash of a file's content; None where it can't be read."""
    try:
        return blake2b(path.read_bytes()).digest()
    except OSError:
        return None


def exported_port() -> int | None:
    """Return the PORT of the environment, if there is one; raise ConfigError for nonsense."""
    port = os.environ.get("PORT", "").strip()
    if not port:
        return None
    if not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - TCP
        raise ConfigError(f"PORT = {port!r} — expected a port number such as 8000")
    return int(port)


def command_context(context: typer.Context) -> CommandContext:
    """Return the Context of the running command."""
    found = context.find_object(CommandContext)
    assert found is not None
    return found


At = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="Act as if it were TIME. Default: now.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
