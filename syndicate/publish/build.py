"""The build: brings the output folder to what the store says.

Pictures first, then pages, lists, feeds and sitemaps, so that nothing is named
before it is there. What can't be rendered stays as it was, and the rest goes on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from syndicate.config import Config
from syndicate.errors import Problem
from syndicate.model.articles import Article
from syndicate.publish.site import File, Site, Snapshot
from syndicate.publish.writer import Output
from syndicate.render.feeds import Entry
from syndicate.render.feeds.channel import entry
from syndicate.render.templates import Templates
from syndicate.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What a build did."""

    written: tuple[str, ...]
    """Paths in the output folder, in the order they were written."""
    unchanged: int
    deleted: tuple[str, ...]
    articles: int
    """How many articles readers can see."""
    warnings: tuple[Problem, ...] = ()
    """Pictures that aren't there, the logo among them."""
    failed: tuple[Problem, ...] = ()
    """Files that could not be made; one that was there before is still there."""


def build(store: Store, config: Config, *, at: datetime, number: bool) -> Built:
    """Write the output of a publication as of `at`.

    With `number`, what became public by then is given its public number first.
    Raise StoreError; SyndicateError where the output folder can't be used at all;
    TemplateError where what every page loads can't be made.
    """
    if number:
        with store.write() as tx:
            tx.articles.give_numbers(at)
    with Output.open(config.output) as output:
        snapshot = Snapshot.of(store, at)  # held already: an older one must not come later
        return _Build(config, Site(config, Templates.of(config), snapshot), output).of(snapshot)


class _Build:
    """One build, and what has become of it so far."""

    def __init__(self, config: Config, site: Site, output: Output) -> None:
        self._config = config
        self._site = site
        self._output = output
        self._written: list[str] = []
        self._unchanged = 0
        self._entries: dict[str, Entry | None] = {}
        self._warnings: list[Problem] = []
        self._failed: list[Problem] = []

    def of(self, snapshot: Snapshot) -> Built:
        """Build everything, in order."""
        self._put_all(self._site.assets())
        self._put_logo()
        self._put_pictures()
        articles = [article for article in snapshot.articles if self._put_article(article)]
        self._put_all(self._site.notices())
        self._put_all(self._site.lists(articles))
        self._put_all(self._site.feeds(articles, self._entry))
        self._put_all(self._site.sitemaps(articles))
        return Built(
            deleted=tuple(self._output.finish()),
            written=tuple(self._written),
            unchanged=self._unchanged,
            articles=len(articles),
            warnings=tuple(self._warnings),
            failed=tuple(self._failed),
        )

    def _put_article(self, article: Article) -> bool:
        """Write the pages of an article; return whether there is one to lead readers to."""
        there = self._put(self._site.page(article))
        amp = self._site.amp_page(article)
        if there and amp:
            self._put(amp)
        return there

    def _put_logo(self) -> None:
        if logo := self._site.logo():
            file, source = logo
            self._put_picture(
                file, source, Problem("publication.logo", f"the picture {source} isn't there")
            )

    def _put_pictures(self) -> None:
        for file, article in self._site.pictures():
            where = article.path or article.slug
            self._put_picture(
                file,
                self._site.source(file.path),
                Problem(where, f"the picture {file.path} isn't there"),
            )

    def _put_picture(self, file: File, source: Path, missing: Problem) -> None:
        """Copy a picture; where it is `missing`, the one of the last build stays."""
        if source.is_file():
            self._put(file)
        else:
            self._output.keep(file.path)
            self._warnings.append(missing)

    def _entry(self, article: Article) -> Entry | None:
        """Tell an article once for all feeds; None, and a problem, where it can't be told."""
        if article.id not in self._entries:
            try:
                self._entries[article.id] = entry(self._config, article)
            except Exception as error:  # noqa: BLE001 - one article never breaks the feeds
                self._entries[article.id] = None
                where = article.path or article.slug
                self._failed.append(Problem(where, f"left out of the feeds: {_said(error)}"))
        return self._entries[article.id]

    def _put_all(self, files: Iterable[File]) -> None:
        for file in files:
            self._put(file)

    def _put(self, file: File) -> bool:
        """Make and write a file; return whether there is one now, be it the old one."""
        try:
            changed = not self._is_there(file) and self._output.put(
                file.path,
                file.render(),
                status=file.status,
                location=file.location,
                made_of=file.made_of,
            )
        except Exception as error:  # noqa: BLE001 - one file never breaks the others
            self._failed.append(Problem(file.path, _said(error)))
            return self._output.keep(file.path, status=file.status)
        if changed:
            self._written.append(file.path)
        else:
            self._unchanged += 1
        return True

    def _is_there(self, file: File) -> bool:
        """Whether a file need not be made: it would be what it is."""
        return file.made_of is not None and self._output.has(file.path, file.made_of)


def _said(error: Exception) -> str:
    """Return an error as an operator reads it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
