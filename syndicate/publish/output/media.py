"""The files of media/ that articles load: their names, their copies and their faults."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import Problem, SyndicateError
from syndicate.intake.media.article_media import make_mail_rendition
from syndicate.model import pictures
from syndicate.model.articles import MEDIA, Article
from syndicate.model.pictures import is_intact

_LOADED = re.compile(rf'\s(?:src|poster)="({re.escape(MEDIA)}[^"]+)"')


def media_files(article: Article) -> Iterator[str]:
    """Iterate over the files that an article loads; some may come twice."""
    for figure in article.pictures:
        if figure.local:
            yield from pictures.list_files(figure)
    if article.audio and article.audio.local:
        yield article.audio.src
    if MEDIA in article.body:  # rare, and the pattern is slow
        yield from _LOADED.findall(article.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFault:
    """A file of `media/` that can't be published."""

    src: str
    article: str
    """The file or slug of an article that loads it."""
    damaged: bool
    """Whether the file exists, but its content doesn't match its name; else it is missing."""
    published: bool
    """Whether an intact copy is in the output, and stays."""


class MediaFolder:
    """The publication's `media/`, and the copies of its files in the output."""

    def __init__(self, config: Config, locate: Callable[[str], Path] | None = None) -> None:
        """`locate` returns the file of a path in the output; without it, links are followed."""
        self._media = config.media
        self._locate = locate or config.output.joinpath

    def is_published(self, src: str) -> bool:
        """Whether the output has a copy, by name and size; the name is a hash of the content."""
        copy, source = self._locate(src), self._source(src)
        exist = copy.is_file() and source.is_file()
        return exist and copy.stat().st_size == source.stat().st_size

    def read(self, src: str) -> bytes | None:
        """Return the content of a file; None where it is missing or damaged.

        What mail loads of a picture is made where it is missing.
        """
        data = _read_intact(src, self._source(src))
        if data is None and pictures.is_for_mail(src):
            return make_mail_rendition(self._media, src)
        return data

    def read_published(self, src: str) -> bytes | None:
        """Return the content of the copy in the output; None where it is missing or damaged."""
        try:
            return _read_intact(src, self._locate(src))
        except SyndicateError:  # the output has a link there
            return None

    def stamp(self, src: str) -> int:
        """Return the modification time in nanoseconds; 0 where the file is missing."""
        try:
            return self._source(src).stat().st_mtime_ns
        except OSError:
            return 0

    def fault_of(self, src: str, article: Article) -> MediaFault | None:
        """Return why a file can't be published; None where it is intact."""
        # ValueError: the name is impossible for a file
        with suppress(OSError, ValueError), self._source(src).open("rb") as file:
            if is_intact(src, file):
                return None
        return MediaFault(
            src=src,
            article=article.path or article.slug,
            damaged=self.stamp(src) != 0,
            published=self.read_published(src) is not None,
        )

    def missing_of(self, article: Article) -> frozenset[str]:
        """Return the files of an article of which there is no intact copy."""
        absent = {
            src
            for src in {*media_files(article)}
            if not self.is_published(src)
            and self.read(src) is None
            and self.read_published(src) is None
        }
        return without_renditions(article, absent)

    def _source(self, src: str) -> Path:
        return self._media / src.removeprefix(MEDIA)


def without_renditions(article: Article, absent: set[str]) -> frozenset[str]:
    """Leave out the renditions of pictures that are absent themselves."""
    for figure in article.pictures:
        if figure.src in absent:
            absent = absent - {*pictures.list_files(figure)[1:]}
    return frozenset(absent)


def faults_of(articles: Iterable[Article], config: Config) -> list[MediaFault]:
    """Check every file of `media/` that articles load, each once."""
    folder, checked, faults = MediaFolder(config), set[str](), []
    for article in articles:
        for src in media_files(article):
            if src not in checked:
                checked.add(src)
                faults.append(folder.fault_of(src, article))
    return [fault for fault in faults if fault is not None]


def media_warnings(faults: Sequence[MediaFault]) -> Iterator[Problem]:
    """Report faults in a sentence for each kind, with the remedy."""
    for damaged, kind, remedy in (
        (False, "missing", "or copy media/ from the machine that has it."),
        (True, "damaged", "which writes them again."),
    ):
        found = [fault for fault in faults if fault.damaged is damaged]
        if found:
            summary = f"{_summary(found, kind)}. {_consequence(found)}"
            yield Problem("media", f"{summary} Run `syndicate import`, {remedy}")


def _summary(faults: Sequence[MediaFault], kind: str) -> str:
    # renditions share the name of their picture up to the first "-"
    names = (fault.src.rpartition("/")[2].partition(".")[0].partition("-")[0] for fault in faults)
    files, articles = len({*names}), len({fault.article for fault in faults})
    first = faults[0]
    return (
        f"{files:,} {'file is' if files == 1 else 'files are'} {kind}, loaded by "
        f"{articles:,} {'article' if articles == 1 else 'articles'} "
        f"(such as {first.src} in {first.article})"
    )


def _consequence(faults: Sequence[MediaFault]) -> str:
    stays = "The copies that are published stay"
    if all(fault.published for fault in faults):
        return f"{stays}."
    if any(fault.published for fault in faults):
        return f"{stays}; figures without one are published as caption and text."
    return "Their figures are published as caption and text."


def _read_intact(src: str, file: Path) -> bytes | None:
    try:
        data = file.read_bytes()
    except (OSError, ValueError):  # ValueError: the name is impossible for a file
        return None
    return data if is_intact(src, BytesIO(data)) else None
