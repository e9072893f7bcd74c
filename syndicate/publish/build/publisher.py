"""The publisher: updates the output folder from the store, build after build.

It asks the store which articles changed since the last build, and renders what they
affect. After a build that died, or where templates changed, it renders everything.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from syndicate.config import Config
from syndicate.errors import Problem, SyndicateError
from syndicate.intake.authors.author_files import AuthorFiles, AuthorReading
from syndicate.intake.pages.page_files import PageFiles, PageReading
from syndicate.model.own_pages import OwnPage
from syndicate.model.people import NOBODY, People
from syndicate.publish.build.build import Build, BuildSummary
from syndicate.publish.build.search_update import update_search_index
from syndicate.publish.build.site_files import SiteFiles
from syndicate.publish.build.tasks import PageWorkers, Task, TaskOutcome
from syndicate.publish.build.writer import PageWriter
from syndicate.publish.output.folder import locked, write_errors_reported
from syndicate.publish.records.file_link_index import FileLinkIndex
from syndicate.publish.records.manifest import Manifest, ManifestState
from syndicate.publish.records.search_index import SEARCH_NAME, delete_search_index
from syndicate.publish.records.topic_index import TopicIndex
from syndicate.render import addresses, fingerprint
from syndicate.render.templates import Templates
from syndicate.store import Store, Transaction
from syndicate.workers.pool import start_workers

_MIN_ARTICLES_FOR_WORKERS = 200
"""With fewer articles, starting processes takes longer than it saves."""
_WORKER_DIED = "a build process died, perhaps because memory ran out"


class Publisher:
    """Builds one publication repeatedly, and keeps its templates and caches between builds."""

    def __init__(self, store: Store, config: Config, *, compress: bool | None = None) -> None:
        """`compress`: whether pages have compressed copies; None: as in the last build."""
        self._store = store
        self._config = config
        self._compress = compress
        self._author_files = AuthorFiles(config=config)
        self._page_files = PageFiles(config=config)
        self._style = ""
        self._writer: PageWriter | None = None
        self._change = -1
        """The change of the store that the writer's caches are up to date with."""

    def publish(
        self, at: datetime, *, number: bool, everything: bool = False, trial: bool = False
    ) -> BuildSummary:
        """Update the output to what is public at `at`.

        With `number`, articles that have become public get their public numbers first.
        With `everything`, all files are rendered and changes by hand undone; so they are
        after a build that died. A `trial`, of another time than now, notifies nobody.
        Raise StoreError; SyndicateError where the output folder can't be used at all;
        TemplateError where the files that every page loads can't be rendered.
        """
        if number:
            with self._store.write() as tx:
                tx.articles.assign_numbers(at)
        output, authors = self._config.output, self._author_files.read()
        pages = self._page_files.read()
        with (
            locked(output),
            write_errors_reported(output),
            Manifest.opened_for_build(output) as manifest,
        ):
            last = self._last_state(manifest)
            before = last is not None and last.compress
            compress = before if self._compress is None else self._compress
            people = _with_earlier(authors, manifest)
            own_pages = pages.with_earlier(manifest.own_pages())
            writer = self._current_writer(people, own_pages, compress=compress)
            try:
                unfinished = writer.folder.clean_up()
                if everything or unfinished or self._is_outdated(last, at, compress=compress):
                    last = None
                changes = _BuildInput(
                    last=last, unfinished=unfinished, authors=authors, pages=pages
                )
                summary = self._build(writer, manifest, changes, at, trial=trial)
                self._update_search(summary, at, everything=everything)
                return summary
            finally:
                writer.folder.close()

    def _build(
        self,
        writer: PageWriter,
        manifest: Manifest,
        changes: "_BuildInput",
        at: datetime,
        *,
        trial: bool,
    ) -> BuildSummary:
        """Render the changes since the last build, or everything where there was none."""
        last, people, site = changes.last, writer.frame.people, SiteFiles(writer, manifest)
        with self._store.read() as tx:
            change = tx.published.newest_change()
            keys = self._changed(tx, writer, site, last, at) if last else tx.published.keys()
            numbered = tx.section_numbers.public(at, keys if last else None)
        is_cache_current = last is not None and last.change == self._change
        writer.fragments.forget(keys if is_cache_current else None)
        own_pages = writer.frame.own_pages
        pool = start_page_workers(self._config, people, own_pages, compress=writer.compress)
        with pool if len(keys) >= _MIN_ARTICLES_FOR_WORKERS else nullcontext() as workers:
            build = Build(
                writer=writer,
                site=site,
                at=at,
                everything=last is None,
                workers=workers,
                numbered=numbered,
            )
            summary = build.run(keys, changes.unfinished)
        summary.warnings += changes.warnings
        manifest.set_people(people)
        manifest.set_own_pages(own_pages)
        style = self._style if build.complete else ""
        state = ManifestState(style, writer.compress, change, at, trial)
        manifest.finish(state, build.pending)
        writer.folder.clear_journal()
        self._change = change
        return summary

    def _changed(
        self,
        tx: Transaction,
        writer: PageWriter,
        site: SiteFiles,
        last: ManifestState,
        at: datetime,
    ) -> list[int]:
        """Return the articles whose pages may differ from those of the last build."""
        window, manifest = self._config.publication.breaking_for, site.manifest
        changed = tx.published.changed(last.change, since=last.at, at=at, breaking_for=window)
        repaired = writer.repaired(manifest.missing_files())
        before, now = manifest.people().by_slug.items(), writer.frame.people.by_slug.items()
        slugs = {slug for slug, _ in before ^ now}  # of whom something else is shown
        linking = _linking_to(changed, tx, FileLinkIndex(manifest.database))
        by_people = _articles_by(slugs, site.index)
        return sorted({*changed, *manifest.pending(), *repaired, *linking, *by_people})

    def _update_search(self, summary: BuildSummary, at: datetime, *, everything: bool) -> None:
        """Bring the search index up to date; a failure stops no build, and the next tries again."""
        output = self._config.output
        if not self._config.web.search:
            delete_search_index(output)
            return
        try:
            update_search_index(self._store, output, at, everything=everything)
        except SyndicateError as error:
            summary.failed.append(Problem(SEARCH_NAME, str(error)))

    def _last_state(self, manifest: Manifest) -> ManifestState | None:
        """Return the state of the last build; None before the first.

        Raise SyndicateError where the store is empty and was not: everything published
        would be deleted.
        """
        last = manifest.state()
        with self._store.read() as tx:
            if last and last.change and not tx.published.newest_change():
                raise SyndicateError(
                    f"the store has no articles, but {self._config.output} was built from one "
                    "that had some, so nothing is built: run `syndicate import`, check store.url, "
                    "or empty that folder if the publication starts over"
                )
        return last

    def _is_outdated(self, last: ManifestState | None, at: datetime, *, compress: bool) -> bool:
        """Whether the last build can't be continued.

        It rendered differently, or was of a later time; or the folder was emptied, where
        the manifest, a hidden file, is easily left.
        """
        if last is None or (last.style, last.compress) != (self._style, compress):
            return True
        home = self._config.output / addresses.output_path(addresses.HOME)
        return at < last.at or not home.is_file()

    def _current_writer(
        self, people: People, own_pages: tuple[OwnPage, ...], *, compress: bool
    ) -> PageWriter:
        templates = Templates(self._config.templates, frozen=True)
        style = fingerprint(self._config, templates, own_pages, people)
        writer, wanted = self._writer, (compress, people, own_pages)
        shown = writer and (writer.compress, writer.frame.people, writer.frame.own_pages)
        if writer is None or shown != wanted or style != self._style:
            writer = PageWriter(
                self._store, self._config, templates, people, own_pages, compress=compress
            )
            self._writer, self._style = writer, style
        return writer


@dataclass(frozen=True, slots=True, kw_only=True)
class _BuildInput:
    """What a build starts from."""

    last: ManifestState | None
    """The last build, to be continued; None to render everything."""
    unfinished: frozenset[str]
    """The paths of a build that died."""
    authors: AuthorReading
    pages: PageReading

    @property
    def warnings(self) -> list[Problem]:
        """What is wrong with the files about authors and with those of own pages."""
        texts = (*self.authors.refused, *self.authors.warnings)
        texts += (*self.pages.refused, *self.pages.warnings)
        parts = (text.partition(": ") for text in texts)
        return [Problem(where, message) for where, _, message in parts]


def _with_earlier(authors: AuthorReading, manifest: Manifest) -> People:
    """Return the authors, with what their files said before of those that can't be used now."""
    if not authors.refused_files:
        return authors.people
    before = (who for who in manifest.people() if who.file in authors.refused_files)
    return People((*authors.people, *before))


def _articles_by(slugs: Iterable[str], index: TopicIndex) -> list[int]:
    """Return the articles by authors, whose lists are marked as changed."""
    homes = map(addresses.author_page, slugs)
    return [key for home in homes if index.size(home) for key in index.mark_changed(home)]


def _linking_to(changed: Sequence[int], tx: Transaction, links: FileLinkIndex) -> set[int]:
    """Return the articles that link to changed ones by their files."""
    return links.linking_to(changed, tx.file_links.paths(changed)) if links.articles() else set()


def start_page_workers(
    config: Config, people: People = NOBODY, own_pages: tuple[OwnPage, ...] = (), *, compress: bool
) -> AbstractContextManager[PageWorkers]:
    """Start processes that write pages, and end them when the context exits."""
    begin = partial(_create_writer, config, people, own_pages, compress=compress)
    return start_workers(begin, preload=__name__, crash_message=_WORKER_DIED)


def _create_writer(
    config: Config, people: People, own_pages: tuple[OwnPage, ...], *, compress: bool
) -> Callable[[Task], TaskOutcome]:
    templates = Templates(config.templates, frozen=True)
    store = Store.of(config)
    return PageWriter(store, config, templates, people, own_pages, compress=compress).run
