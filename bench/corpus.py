"""Articles in Markdown, the same for the same seed, that read like a newspaper's.

Their front matter is what Syndicate, Hugo, Eleventy and Pelican all understand.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

SECTIONS = ("City", "Islands", "Business", "Culture", "Science", "Sport", "Weather", "Opinion")
FIRST, NEWEST = datetime(2019, 1, 7, 6, tzinfo=UTC), datetime(2026, 6, 30, 18, tzinfo=UTC)
_GIVEN = ("Ada", "Bo", "Cleo", "Dag", "Edda", "Finn", "Greta", "Hal")
_FAMILY = ("Alder", "Brook", "Crane", "Dale", "Ebert")
AUTHORS = tuple(f"{given} {family}" for family in _FAMILY for given in _GIVEN)
_THINGS = (
    "harbour", "tram", "bridge", "council", "market", "lighthouse", "ferry", "school", "library",
    "station", "museum", "theatre", "hospital", "archive", "tunnel", "railway", "garden", "square",
    "canal", "island",
)  # fmt: skip
_MATTERS = ("budget", "opening", "repair", "strike", "history")
TAGS = tuple(f"{thing} {matter}" for matter in _MATTERS for thing in _THINGS)
_PEOPLE = (
    "mayor", "engineer", "teacher", "captain", "librarian", "minister", "painter", "shopkeeper",
    "doctor",
)  # fmt: skip
_VERBS = (
    "announced", "delayed", "defended", "questioned", "inspected", "praised", "closed", "opened",
    "measured",
)  # fmt: skip
_QUALITIES = (
    "old", "new", "quiet", "crowded", "northern", "costly", "narrow", "famous", "wooden",
    "unfinished",
)  # fmt: skip
_TIMES = (
    "on Sunday",
    "after years of debate",
    "before the first snow",
    "early this morning",
    "for the third time",
    "without a vote",
    "in front of a small crowd",
    "as the tide went out",
)
_LINKERS = ("while", "because", "although", "and", "so that", "before", "after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article of the corpus."""

    name: str
    """Its file's name without a suffix, which becomes its slug."""
    title: str
    date: datetime
    section: str
    author: str
    tags: tuple[str, ...]
    summary: str
    body: str

    @property
    def text(self) -> str:
        """The file, front matter and body."""
        return (
            f"---\ntitle: {self.title}\ndate: {self.date.isoformat()}\n"
            f"category: {self.section}\nauthor: {self.author}\n"
            f"tags: [{', '.join(self.tags)}]\nsummary: {self.summary}\n---\n\n{self.body}"
        )


def stories(count: int, *, seed: int = 7) -> Iterator[Story]:
    """Make articles, oldest first, spread evenly over the years."""
    step = (NEWEST - FIRST) / max(count - 1, 1)
    for number in range(count):
        yield _Writer(random.Random(f"{seed}.{number}")).story(
            number, FIRST + timedelta(seconds=round((step * number).total_seconds()))
        )


def write(folder: Path, count: int, *, seed: int = 7) -> Path:
    """Write articles into a folder, a file each; return the newest one's file."""
    folder.mkdir(parents=True)
    newest = folder
    for story in stories(count, seed=seed):
        newest = folder / f"{story.name}.md"
        newest.write_text(story.text, encoding="utf-8")
    return newest


def revise(file: Path, note: str) -> None:
    """Change an article as an editor does: a word in the headline and a paragraph at the end."""
    text = file.read_text(encoding="utf-8")
    headline, rest = text.split("\n", 2)[1:]
    file.write_text(f"---\n{headline} {note}\n{rest}\nCorrection {note}.\n", encoding="utf-8")


class _Writer:
    """One article's worth of chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def story(self, number: int, date: datetime) -> Story:
        thing = self._pick(_THINGS)
        title = f"The {self._pick(_QUALITIES)} {thing} {self._pick(_TIMES)}"
        return Story(
            name=f"{thing}-{number:06}",
            title=title,
            date=date,
            section=self._pick(SECTIONS),
            author=self._pick(AUTHORS),
            tags=tuple(self._chance.sample(TAGS, 3)),
            summary=self._sentence(),
            body=self._body(),
        )

    def _body(self) -> str:
        length = self._chance.randint(3000, 5000)
        parts: list[str] = [self._paragraph()]
        special = (self._list, self._quote, self._table, self._code, self._heading)
        while (written := sum(map(len, parts))) < length:
            block = self._chance.choice(special) if len(parts) % 3 == 0 else self._paragraph
            parts.append(block() if written < length - 400 else self._paragraph())
        return "\n\n".join(parts) + "\n"

    def _heading(self) -> str:
        return f"## What the {self._pick(_PEOPLE)} {self._pick(_VERBS)}\n\n{self._paragraph()}"

    def _paragraph(self) -> str:
        sentences = [self._sentence() for _ in range(self._chance.randint(3, 6))]
        sentences[-1] = self._marked(sentences[-1])
        return " ".join(sentences)

    def _marked(self, sentence: str) -> str:
        """Set a link, stress or code into a sentence."""
        word = self._pick(_THINGS)
        form = self._pick((
            f"[the {word}](https://example.org/{word}/?a=1&b=2)",
            f"**the {word}**",
            f"*the {word}*",
            f"`{word}.csv`",
        ))  # fmt: skip
        return f"{sentence[:-1]}, says {form}."

    def _list(self) -> str:
        mark = self._pick(("-", "1."))
        return "\n".join(f"{mark} {self._marked(self._sentence())}" for _ in range(4))

    def _quote(self) -> str:
        return f"> {self._sentence()} {self._sentence()}"

    def _table(self) -> str:
        rows = [
            f"| {self._pick(_THINGS)} | {self._chance.randint(10, 9999)} | {self._pick(_PEOPLE)} |"
            for _ in range(4)
        ]
        return "\n".join(["| place | visitors | in charge |", "|---|---:|---|", *rows])

    def _code(self) -> str:
        words = [self._pick(_THINGS) for _ in range(3)]
        lines = [f"{word} = {self._chance.randint(1, 99)} < limit && open" for word in words]
        return "\n".join(["```", *lines, "```"])

    def _sentence(self) -> str:
        return f"{self._clause().capitalize()} {self._pick(_LINKERS)} {self._clause()}."

    def _clause(self) -> str:
        return (
            f"the {self._pick(_PEOPLE)} {self._pick(_VERBS)} "
            f"the {self._pick(_QUALITIES)} {self._pick(_THINGS)} {self._pick(_TIMES)}"
        )

    def _pick(self, of: Sequence[str]) -> str:
        return self._chance.choice(of)
