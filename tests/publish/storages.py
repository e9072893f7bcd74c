"""Storages for the tests of the mirror: real ones of fsspec's, which tell what they were asked."""

import threading
from collections.abc import Callable
from typing import ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem


class Ledger(MemoryFileSystem):
    """Storage in memory that notes what was put and deleted, in order."""

    protocol = "ledger"
    store: ClassVar[dict[str, object]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    done: ClassVar[list[tuple[str, str]]] = []
    """What was done, and where below the mirror's root."""
    before: ClassVar[list[Callable[[str], None]]] = []
    """What is called with each path before anything is done to it; it may raise."""
    _turn = threading.Lock()

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("ledger://"))

    def put_file(self, lpath, rpath, callback=None, mode="overwrite", **kwargs):
        self._note("put", rpath)
        with self._turn:
            super().put_file(lpath, rpath, mode=mode)

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
