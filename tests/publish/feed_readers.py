"""Real feed readers, each driven as its user would: it asks now, and what it shows is read back."""

import mailbox
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import feedparser
from reader import EntryUpdateStatus, make_reader

from tests.requirements import require


@dataclass(frozen=True)
class Seen:
    """What a reader made of one poll, as ids of articles."""

    new: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    @classmethod
    def between(cls, before: dict[str, str], after: dict[str, str]) -> "Seen":
        """Compare what was shown then and now."""
        new = frozenset(after.keys() - before.keys())
        changed = {one for one in after.keys() & before.keys() if after[one] != before[one]}
        return cls(new, frozenset(changed))


class Follower(Protocol):
    """A reader that follows one feed."""

    first_conditional: int
    """Which of its polls is the first to name what it has, counted from 1."""
    shows_edits: bool
    """Whether what it once filed under an id may still change."""

    def poll(self) -> Seen:
        """Ask once, as it does by itself when its time has come."""

    def shown(self) -> dict[str, str]:
        """Return the titles that its user sees, by the ids of articles."""


class Newsboat:
    """Debian's newsboat; it ends well whatever happens, so its table is read.

    It keeps validators from its second fetch on, so its first two are unconditional.
    """

    first_conditional = 3
    shows_edits = True

    def __init__(self, url: str, folder: Path) -> None:
        require(shutil.which("newsboat"), "newsboat is missing")
        self._folder = folder
        (folder / "urls").write_text(f"{url}\n")
        (folder / "config").write_text("")

    def poll(self) -> Seen:
        before = self.shown()
        run = ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"]
        _run(run, self._folder)
        return Seen.between(before, self.shown())

    def shown(self) -> dict[str, str]:
        return table(self._folder / "cache.db", "SELECT guid, title FROM rss_item")


class Rss2email:
    """Debian's rss2email, set to mail changes too: as an answer to the first mail."""

    first_conditional = 2
    shows_edits = True

    def __init__(self, url: str, folder: Path) -> None:
        require(shutil.which("r2e"), "rss2email is missing")
        self._folder = folder
        self._r2e("new", "me@example.org")
        told = (folder / "rss2email.cfg").read_text()
        for key, value in (
            ("email-protocol", "maildir"),
            ("maildir-path", f"{folder}"),
            ("reply-changes", "True"),
            ("html-mail", "True"),  # else it takes Atom's summary for the text
        ):
            there = next(line for line in told.splitlines() if line.startswith(f"{key} ="))
            told = told.replace(there, f"{key} = {value}")
        (folder / "rss2email.cfg").write_text(told)
        self._r2e("add", "post", url)

    def poll(self) -> Seen:
        before = set(self._mail().keys())
        self._r2e("run")
        mail = self._mail()
        came = [mail[key] for key in set(mail.keys()) - before]
        answers = {each["X-RSS-ID"] for each in came if each["In-Reply-To"]}
        return Seen(frozenset(each["X-RSS-ID"] for each in came) - answers, frozenset(answers))

    def shown(self) -> dict[str, str]:
        """The subjects of the newest mails; the mails of one article are one thread."""
        last: dict[str, str] = {}
        threads: dict[str, str] = {}
        box = self._mail()
        for mail in (box[key] for key in sorted(box.keys(), key=_delivered)):
            article, answered = str(mail["X-RSS-ID"]), mail["In-Reply-To"]
            assert threads.setdefault(article, mail["Message-ID"]) == (
                answered or mail["Message-ID"]
            )
            last[article] = str(mail["Subject"])
        return last

    def _mail(self) -> mailbox.Maildir:
        return mailbox.Maildir(self._folder / "INBOX", factory=None)

    def _r2e(self, *words: str) -> None:
        _run(["r2e", "-c", "rss2email.cfg", "-d", "seen.json", *words], self._folder)


class Feedparser:
    """feedparser as its documentation tells to use it: it hands back what it got as validators."""

    first_conditional = 2
    shows_edits = True

    def __init__(self, url: str, folder: Path) -> None:  # noqa: ARG002 - as the others
        self._url = url
        self._etag = self._modified = None
        self._shown: dict[str, str] = {}

    def poll(self) -> Seen:
        before = dict(self._shown)
        feed = feedparser.parse(self._url, etag=self._etag, modified=self._modified)
        assert not feed.bozo, feed.bozo_exception
        assert feed.status in {200, 226, 304}
        if feed.status != 304:
            self._etag, self._modified = feed.get("etag"), feed.get("modified")
        self._shown |= {entry.id: entry.title for entry in feed.entries}
        return Seen.between(before, self._shown)

    def shown(self) -> dict[str, str]:
        return self._shown


class PythonReader:
    """The library `reader`, which says itself what was new to it and what had changed."""

    first_conditional = 2
    shows_edits = True

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._reader = make_reader(f"{folder}/reader.db")
        self._reader.after_entry_update_hooks.append(
            lambda _, entry, status: self._told[status].add(entry.id)
        )
        self._reader.add_feed(url)
        self._told: dict[EntryUpdateStatus, set[str]] = {}

    def poll(self) -> Seen:
        self._told = {status: set() for status in EntryUpdateStatus}
        self._reader.update_feed(self._url)
        new, changed = (
            frozenset(self._told[status])
            for status in (EntryUpdateStatus.NEW, EntryUpdateStatus.MODIFIED)
        )
        return Seen(new, changed)

    def shown(self) -> dict[str, str]:
        return {entry.id: entry.title or "" for entry in self._reader.get_entries()}


FOLLOWERS: tuple[Callable[[str, Path], Follower], ...] = (
    Newsboat,
    Rss2email,
    Feedparser,
    PythonReader,
)


def _delivered(key: str) -> tuple[int, ...]:
    """Return when a mail was delivered, as a maildir's names say it: seconds and microseconds."""
    return tuple(int(number) for number in re.findall(r"\d+", key)[:2])


def _run(command: list[str], folder: Path) -> None:
    """Run a reader at home in `folder`, with nothing of ours in its environment."""
    home = {"HOME": f"{folder}", "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb"}
    done = subprocess.run(
        command, cwd=folder, env=home, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def table(file: Path, query: str) -> dict[str, str]:
    """Read pairs out of a reader's database; no id is there twice."""
    if not file.exists():
        return {}
    with closing(sqlite3.connect(file)) as database:
        rows: list[tuple[str, str]] = database.execute(query).fetchall()
    shown = dict(rows)
    assert len(shown) == len(rows)
    return shown
