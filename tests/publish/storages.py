"""Storages for the tests of the mirror: real ones of fsspec's, which tell what they were asked."""

import threading
from collections.abc import Callable
from typing import Any, ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem

from syndicate.config import Config
from syndicate.publish.mirror import Mirror


class Ledger(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Storage in memory that notes what was put and deleted, in order."""

    protocol = "ledger"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    done: ClassVar[list[tuple[str, str]]] = []
    """What was done, and where below the mirror's root."""
    before: ClassVar[list[Callable[[str], None]]] = []
    """What is called with each path before anything is done to it; it may raise."""
    _turn = threading.Lock()

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("ledger://"))

    def put_file(self, lpath, rpath, **kwargs):
        self._note("put", rpath)
        with self._turn:
            super().put_file(lpath, rpath, **kwargs)

    def rm_file(self, path):
        self._note("delete", path)
        with self._turn:
            super().rm_file(path)

    def _note(self, what, path):
        below = path.removeprefix("/www/")
        for each in self.before:
            each(below)
        self.done.append((what, below))

    @classmethod
    def clear(cls):
        cls.store.clear()
        cls.done.clear()
        cls.before.clear()
        cls.pseudo_dirs[:] = [""]

    @classmethod
    def files(cls) -> dict[str, bytes]:
        """What lies in the mirror, by its path."""
        return {path.removeprefix("/www/"): file.getvalue() for path, file in cls.store.items()}

    @classmethod
    def paths(cls, what: str) -> list[str]:
        """Where something was done, in order; forget it."""
        found = [path for done, path in cls.done if done == what]
        cls.done[:] = [one for one in cls.done if one[0] != what]
        return found


fsspec.register_implementation("ledger", Ledger, clobber=True)
URL = "ledger://www"


def mirror_of(config: Config) -> Mirror:
    """Return the mirror of a publication that has one, as another process would."""
    mirror = Mirror.of(config)
    assert mirror is not None
    return mirror
