"""Publications with an edition frozen for many readers, which is handed over again and again.

Each pass has a copy of the store as it was after the freeze, on SQLite and on PostgreSQL.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Self

import psycopg
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bench import audience, messages, ours, passes
from bench.passes import Sent
from syndicate import clock
from syndicate.config import load
from syndicate.model.editions import Content
from syndicate.store import Store

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
FILE = "sqlite:///syndicate.db"
"""In the folder of the config that names it."""
_MOST_MESSAGES = 100_000_000
"""In a session: none is renewed, as none of smtp-source's is."""
_CONFIG = """\
[publication]
id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
title = "Morning Post"
url = "https://post.example"
postal_address = "1 Harbour Street, Exampleton"

[store]
url = "{url}"

[[newsletters]]
name = "news"

[bounces]
address = "bounce@news.example.org"
pipe = true

[mail]
from = "Morning Post <news@example.org>"
transport = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
connections = {connections}
max_messages = {most}
"""
_KEY = """
[[mail.dkim]]
selector = "{kind}"
key_file = "{file}"
"""
_numbers = count(1)
_HERE = Path(__file__).parents[1]


def config(
    folder: Path, url: str, *, port: int = 25, connections: int = 1, keys: Sequence[Path] = ()
) -> Path:
    """Write a configuration into a folder; return its file."""
    text = _CONFIG.format(url=url, port=port, connections=connections, most=_MOST_MESSAGES)
    text += "".join(_KEY.format(kind=file.stem, file=file) for file in keys)
    written = folder / "config.toml"
    written.write_text(text, encoding="utf-8")
    return written


def write_keys(folder: Path) -> tuple[Path, ...]:
    """Write a private key of each kind."""
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = {
        "rsa": rsa.generate_private_key(65537, 2048).private_bytes(*form),
        "ed25519": ed25519.Ed25519PrivateKey.generate().private_bytes(*form),
    }
    for kind, pem in made.items():
        (folder / f"{kind}.pem").touch(mode=0o600)
        (folder / f"{kind}.pem").write_bytes(pem)
    return tuple(folder / f"{kind}.pem" for kind in made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A store in which an edition waits for its readers."""

    folder: Path
    url: str
    readers: int
    frozen: float
    """Seconds that the freeze took."""

    @classmethod
    def make(cls, folder: Path, url: str, readers: int, said: Content | None = None) -> Self:
        """Let so many readers in from a file, and freeze an edition for them: 60 KB, 30 places."""
        said = said or messages.content(messages.markers())
        folder.mkdir()
        written = config(folder, url)
        audience.write(folder / "readers.csv", readers)
        words = ("subscribers", "import", str(folder / "readers.csv"), "--newsletter", "news")
        ours.timed(passes.python("syndicate", "--config", written, *words), _HERE)
        store = Store.of(load(written))
        frozen = audience.freeze(store, said, at=clock.now())
        store.close()
        return cls(folder=folder, url=url, readers=readers, frozen=frozen)

    @contextmanager
    def copy(self) -> Iterator["Ledger"]:
        """Give another of the same, for one pass."""
        folder = self.folder.with_name(f"pass-{next(_numbers)}")
        folder.mkdir()
        if self.url == FILE:
            shutil.copy(self.folder / "syndicate.db", folder)
        with database(self.url, like=self.url) as url:
            yield replace(self, folder=folder, url=url)
        shutil.rmtree(folder)

    def send(
        self,
        port: int,
        connections: int,
        keys: Sequence[Path] = (),
        *,
        seconds: float | None = None,
    ) -> Sent:
        """Hand over what is due: all of it, or as much as some seconds allow."""
        sent = passes.run(self.command(port, connections, keys, seconds=seconds))
        if seconds is None and sent.count != self.readers:
            raise SystemExit(f"{sent.count:,} of {self.readers:,} were accepted")
        return sent

    def command(
        self,
        port: int,
        connections: int,
        keys: Sequence[Path] = (),
        *,
        seconds: float | None = None,
    ) -> tuple[str, ...]:
        """Return the command that does so, its configuration written."""
        written = config(self.folder, self.url, port=port, connections=connections, keys=keys)
        words = () if seconds is None else ("--seconds", seconds)
        return passes.python("bench.draining", written, *words)

    def accepted(self) -> int:
        """Ask how many readers were served."""
        store = Store.of(load(self.folder / "config.toml"))
        try:
            with store.read() as tx:
                (edition,) = tx.editions.all()
                return tx.deliveries.totals(edition.key).accepted
        finally:
            store.close()


# databases


@contextmanager
def servers(*, sqlite_only: bool) -> Iterator[dict[str, str]]:
    """Give the address of each kind of database that there is."""
    if sqlite_only:
        yield {SQLITE: FILE}
        return
    with audience.postgresql() as address:
        yield {SQLITE: FILE, POSTGRESQL: address}


@contextmanager
def database(server: str, like: str | None = None) -> Iterator[str]:
    """Make a database, empty or as another is; forget it at the end. A file's is its folder's."""
    if server == FILE:
        yield server
        return
    address = server.replace("+psycopg", "")
    name = f"bench_{next(_numbers)}"
    template = f" TEMPLATE {_name(like)}" if like else ""
    with psycopg.connect(address, autocommit=True) as server_side:
        server_side.execute(f"CREATE DATABASE {name}{template}".encode())
    yield server.replace(f"/{_name(server)}?", f"/{name}?")
    with psycopg.connect(address, autocommit=True) as server_side:
        server_side.execute(f"DROP DATABASE {name}".encode())


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]
