"""The context of a command: the publication's config and store, and shared options."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from typer import Argument, Option

from syndicate import clock
from syndicate.cli.console import log_events
from syndicate.errors import ConfigError
from syndicate.model.subscribers import Actor, Cause

if TYPE_CHECKING:  # start-up
    from syndicate.config import Config, Newsletter, Schedule
    from syndicate.config.sections.newsletters import Segment
    from syndicate.schedule.wiring import Services
    from syndicate.store import Store

_YEARS = range(1970, 3000)
"""In which years times are understood; near the ends of the calendar no slots can be computed."""
_Named = TypeVar("_Named", "Newsletter", "Segment", "Schedule")


@dataclass
class CommandContext:
    """The publication that a command works on; config and store are loaded when needed."""

    path: Path
    port: int | None = None
    """Overrides `web.port`, as the PORT environment variable does."""
    config_hash: bytes | None = None
    """The hash of the config file as last read, valid or not."""

    @cached_property
    def config(self) -> "Config":
        """The configuration, loaded once; raise ConfigError with every mistake in it."""
        return self.read()

    def read(self) -> "Config":
        """Load the configuration; raise ConfigError with every mistake in it."""
        from syndicate.config.loading.load import load  # noqa: PLC0415 - start-up

        self.config_hash = content_hash(self.path)
        port, exported = self.port, os.environ.get("PORT", "").strip()
        if port is None and exported:
            if not re.fullmatch(r"[0-9]+", exported) or int(exported) > 65535:  # noqa: PLR2004 - TCP
                raise ConfigError(f"PORT = {exported!r} — expected a port number such as 8000")
            port = int(exported)
        return load(self.path, port=port)

    def store(self) -> "closing[Store]":
        """Open the store, and close it after the block."""
        from syndicate.store import Store  # noqa: PLC0415 - start-up

        return closing(Store.of(self.config))

    @contextmanager
    def services(self) -> Iterator["Services"]:
        """Open the store for what publishes and sends, and log its events."""
        from syndicate.schedule.wiring import Services  # noqa: PLC0415 - start-up

        log_events()
        with self.store() as store:
            yield Services(store, self.config)

    def newsletter(self, name: str) -> "Newsletter":
        """Find a newsletter by name; raise ConfigError if there is none."""
        return self.find("newsletter", name, self.config.newsletters)

    def segment(self, name: str) -> "Segment":
        """Find a segment by name; raise ConfigError if there is none."""
        return self.find("segment", name, self.config.segments)

    def find(self, kind: str, name: str, items: Sequence[_Named]) -> _Named:
        """Find what has a name; raise ConfigError naming those there are."""
        for item in items:
            if item.name == name:
                return item
        names = ", ".join(item.name for item in items)
        known = f"there is: {names}" if names else "there is none"
        raise ConfigError(f"no {kind} is called {name!r} in {self.path.name}; {known}")

    def time(self, text: str | None) -> datetime:
        """Parse `--at`, in the publication's time zone unless it names one; default: now."""
        if text is None:
            return clock.now()
        at = None
        with suppress(ValueError, OverflowError):
            at = clock.parse_time(text, self.config.publication.timezone)
        if at is None or at.year not in _YEARS:
            raise ConfigError(
                f'--at {text!r} — expected a time such as "2026-11-24T07:00" or '
                '"2026-11-24T07:00+01:00"'
            )
        return at


def content_hash(path: Path) -> bytes | None:
    """Hash a file's content; None if it can't be read."""
    try:
        return blake2b(path.read_bytes()).digest()
    except OSError:
        return None


def by_operator(command: str, why: str = "") -> Cause:
    """Return the cause of a change that an operator makes now with a command."""
    return Cause(who=Actor.OPERATOR, how=f"syndicate {command}", at=clock.now(), why=why)


def check_option(option: str, value: str, kind: Any, expected: str) -> None:
    """Raise ConfigError unless an option's value is valid as a `kind` of value in the config."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - start-up

    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise ConfigError(f"{option} {value!r} — {expected}") from error


At = Annotated[
    str | None, Option("--at", metavar="TIME", help="Act as if it were TIME. Default: now.")
]
MAX_ID = 2**31 - 1
EditionId = Annotated[int, Argument(min=1, max=MAX_ID, help="Its id, as in `editions`.")]
AsJson = Annotated[bool, Option("--json", help="Print JSON, for scripts.")]
