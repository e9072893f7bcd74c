"""The build: brings the output folder to what the store says.

It asks the store for what changed since the last one, and makes anew what that
touches: pages first, then lists, feeds and sitemaps, so that nothing is named
before it is there. What can't be rendered stays as it was, and the rest goes on.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from syndicate.config import Config
from syndicate.errors import Problem, SyndicateError
from syndicate.publish.build import pagination
from syndicate.publish.build.page_workers import Crew, crew
from syndicate.publish.build.report import ArticleOutcome, BuildReport, OutputFile, TaskOutcome
from syndicate.publish.build.site import SiteFiles, chunk_path
from syndicate.publish.build.tasks import ArticlesTask, Task
from syndicate.publish.build.topic_index import CHUNKS
from syndicate.publish.build.writer import PageWriter
from syndicate.publish.output.compression import TWINS
from syndicate.publish.output.folder import held, told
from syndicate.publish.output.manifest import Manifest, ManifestState
from syndicate.publish.output.media import MediaFault, warnings
from syndicate.render import addresses, fingerprint, topics
from syndicate.render.feeds import topic_formats
from syndicate.render.sitemaps import CHUNK
from syndicate.render.templates import Templates
from syndicate.render.topics import Topic
from syndicate.store import Store
from syndicate.workers.pool import Shard

_HANDFUL = 40
"""Articles of one task."""
_WORTH_A_CREW = 200
"""Articles for which it pays to start processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSummary:
    """What a build did."""

    written: tuple[str, ...]
    """Paths in the output folder, in the order they were written."""
    unchanged: int
    """How many files were made and found to be there already."""
    deleted: tuple[str, ...]
    articles: int
    """How many articles readers can see."""
    warnings: tuple[Problem, ...] = ()
    """Pictures that aren't there, the logo among them."""
    failed: tuple[Problem, ...] = ()
    """Files that could not be made; one that was there before is still there."""


class Publisher:
    """Publishes one publication, again and again; what it learnt it keeps between builds."""

    def __init__(self, store: Store, config: Config, *, compress: bool | None = None) -> None:
        """Publish with pages compressed beside themselves, or not; None: as the last build did."""
        self._store = store
        self._config = config
        self._compress = compress
        self._style = ""
        self._printer: PageWriter | None = None
        self._change = -1

    def publish(
        self, at: datetime, *, number: bool, everything: bool = False, trial: bool = False
    ) -> BuildSummary:
        """Bring the output to what is public at `at`.

        With `number`, what became public by then is given its public number first.
        With `everything`, all is made anew, and what was changed by hand put right; so
        it is after a build that died, since nobody knows how far it went. A `trial`,
        to see another time than now, is marked as such: nobody is told of it.
        Raise StoreError; SyndicateError where the output folder can't be used at all;
        TemplateError where what every page loads can't be made.
        """
        if number:
            with self._store.write() as tx:
                tx.articles.assign_numbers(at)
        output = self._config.output
        with held(output), told(output), closing(Manifest.held(output)) as manifest:
            before = self._state(manifest)
            compress = self._compress
            if compress is None:
                compress = before is not None and before.compress
            printer = self._ready(compress=compress)
            try:
                left_behind = printer.folder.left_behind()
                if everything or left_behind or self._is_past(before, at, compress=compress):
                    before = None
                return self._build(printer, manifest, before, left_behind, at, trial=trial)
            finally:
                printer.folder.close()

    def _build(
        self,
        printer: PageWriter,
        manifest: Manifest,
        before: ManifestState | None,
        left_behind: frozenset[str],
        at: datetime,
        *,
        trial: bool,
    ) -> BuildSummary:
        """Build on what was there `before`, or all anew."""
        with self._store.read() as tx:
            change = tx.published.newest_change()
            if before is None:
                keys = tx.published.keys()
            else:
                window = self._config.publication.breaking_for
                keys = tx.published.changed(
                    before.change, since=before.at, at=at, breaking_for=window
                )
                keys = sorted({*keys, *manifest.pending(), *printer.mended(manifest.missed())})
        known = before is not None and before.change == self._change
        printer.forget(keys if known else None)
        build = _Build(printer, SiteFiles(printer, manifest), at)
        with ExitStack() as stack:
            if len(keys) >= _WORTH_A_CREW:
                build.hire(stack.enter_context(crew(self._config, compress=printer.compress)))
            built = build.of(keys, left_behind, anew=before is None)
        style = self._style if build.complete else ""
        state = ManifestState(
            style=style, compress=printer.compress, change=change, at=at, trial=trial
        )
        manifest.finish(state, build.pending)
        printer.folder.clear()
        self._change = change
        return built

    def _state(self, manifest: Manifest) -> ManifestState | None:
        """Return up to where the last build went; None before the first.

        Raise SyndicateError where the store is empty and was not: all that is published
        would be deleted.
        """
        before = manifest.state()
        with self._store.read() as tx:
            if before and before.change and not tx.published.newest_change():
                raise SyndicateError(
                    f"the store has no articles, but {self._config.output} was built from one "
                    "that had some, so nothing is built: run `syndicate import`, check store.url, "
                    "or empty that folder if the publication begins again"
                )
        return before

    def _is_past(self, before: ManifestState | None, at: datetime, *, compress: bool) -> bool:
        """Whether the last build is none to go on from.

        It rendered in another way, or was of a later time; or somebody emptied the
        folder, where the manifest's hidden file easily stays behind.
        """
        if before is None or (before.style, before.compress) != (self._style, compress):
            return True
        home = self._config.output / addresses.output_path(addresses.HOME)
        return at < before.at or not home.is_file()

    def _ready(self, *, compress: bool) -> PageWriter:
        """Return what renders; a new one where templates changed."""
        templates = Templates.of(self._config, frozen=True)
        style = fingerprint(self._config, templates)
        known = self._printer is not None and self._printer.compress == compress
        if self._printer is None or not known or style != self._style:
            self._style = style
            self._printer = PageWriter(self._store, self._config, templates, compress=compress)
        return self._printer


def build(
    store: Store,
    config: Config,
    *,
    at: datetime,
    number: bool,
    everything: bool = False,
    compress: bool | None = None,
    trial: bool = False,
) -> BuildSummary:
    """Publish once; see `Publisher`."""
    publisher = Publisher(store, config, compress=compress)
    return publisher.publish(at, number=number, everything=everything, trial=trial)


class _Build:
    """One build, and what has become of it so far."""

    def __init__(self, printer: PageWriter, site: SiteFiles, at: datetime) -> None:
        self._config = printer.config
        self._printer = printer
        self._manifest = site.manifest
        self._lists = site.lists
        self._site = site
        self._folder = printer.folder
        self._at = at
        self._crew: Crew | None = None
        self._report = BuildReport()
        self._faults: list[MediaFault] = []
        self.complete = True
        """Whether all but articles could be made."""
        self.pending: list[int] = []
        """Articles to be tried again."""

    def hire(self, crew: Crew) -> None:
        """Have printing done by a crew."""
        self._crew = crew

    def of(self, keys: list[int], left_behind: Iterable[str], *, anew: bool) -> BuildSummary:
        """Build, in order.

        What a build that died has `left_behind` is deleted where nothing is there for it.
        """
        if anew:
            self._manifest.begin_anew()
            self._lists.clear()
            self._put(self._site.assets())
        self._put_logos()
        self._articles(keys, anew=anew)
        offers_differ = self._settle(anew=anew)
        changed = self._changed(anew=anew)
        missing = {key: frozenset(files) for key, files in self._manifest.missed().items()}
        plan = pagination.BuildPlan(
            self._lists, self._config, changed, at=self._at, anew=anew, missing=missing
        )
        self._print(plan.pages(lane) for lane in self._lanes)
        self._put(self._site.front(self._at, missing))
        self._print(plan.archives(lane) for lane in self._lanes)
        self._print(plan.newest(lane) for lane in self._lanes)
        if offers_differ:
            self._put(self._site.offers())
        self._sitemaps(anew=anew)
        for topic in changed:
            self._cut_off(topic)
        self._delete_leftovers(left_behind)
        report = self._report
        return BuildSummary(
            written=tuple(report.written),
            unchanged=report.unchanged,
            deleted=tuple(sorted(report.deleted)),
            articles=self._lists.shown(addresses.HOME),
            warnings=tuple(report.warnings),
            failed=tuple(report.failed),
        )

    # articles

    def _articles(self, keys: list[int], *, anew: bool) -> None:
        lanes = (
            (
                ArticlesTask(keys=tuple(keys[start : start + _HANDFUL]), at=self._at, anew=anew)
                for start in lane.interleaved(range(0, len(keys), _HANDFUL))
            )
            for lane in self._lanes
        )
        for outcome in self._printed(lanes):
            lost = self._record(outcome)
            for key, done in outcome.done.items():
                self._article(key, done, lost, outcome, anew=anew)
        for picture in self._manifest.unshown():
            self._delete(picture)
        self._report.warnings += warnings(self._faults)

    def _article(
        self, key: int, done: ArticleOutcome, lost: set[str], outcome: TaskOutcome, *, anew: bool
    ) -> None:
        listing = None if done.page in lost else done.listing
        if done.failed:
            self.pending.append(key)
        if anew:
            self._lists.fill([listing] if listing else [])
        else:
            self._lists.place(key, listing)
            spoilt = {path for path, _ in outcome.spoilt}
            now = {file.path for file in outcome.files if file.owner == f"{key}"} | spoilt
            for file in self._manifest.owned(f"{key}"):
                if file.path not in now and not (
                    file.path.endswith(TWINS) and file.path.rpartition(".")[0] in spoilt
                ):
                    self._delete(file.path)
        self._manifest.show(key, done.pictures)
        self._manifest.miss(key, done.missing)

    def _settle(self, *, anew: bool) -> bool:
        """Name topics, and take away those that are no more; say whether others are offered."""
        if anew:
            self._lists.count()
            return True
        gone, differ = self._lists.settle()
        for home in gone:
            for file in self._manifest.owned(home):
                self._delete(file.path)
        return differ

    # lists and feeds

    def _changed(self, *, anew: bool) -> list[Topic]:
        """Return the topics to be made; that of everything is there without articles, too."""
        if anew:
            return self._lists.topics() or [topics.everything()]
        homes = [home for home in self._lists.changes if home != CHUNKS]
        found = [topic for home in homes if (topic := self._lists.topic(home))]
        return found or [topics.everything() for home in homes if home == addresses.HOME]

    def _sitemaps(self, *, anew: bool) -> None:
        if anew:
            self._put(self._site.chunks())
        elif CHUNKS in self._lists.changes:
            self._put(self._site.chunks(self._lists.dirty(CHUNKS, CHUNK)))
            number = -(-self._lists.size(CHUNKS) // CHUNK) + 1
            while self._manifest.entry(chunk_path(number)):
                self._delete_with_twins(chunk_path(number))
                number += 1
        self._put(self._site.sitemaps(self._at))

    def _cut_off(self, topic: Topic) -> None:
        """Delete pages and archives past the last ones of a topic."""
        size = self._lists.size(topic.home)
        per = topics.item_limit(topic, self._config)
        full = size // pagination.STORIES
        filled = size // per if topics.has_archives(topic, self._config) else 0
        number = full + 2 if full else 1
        while self._manifest.entry(path := addresses.output_path(topic.numbered(number))):
            self._delete_with_twins(path)
            number += 1
        for each in topic_formats(topic, self._config):
            number = filled + 2 if filled else 1
            while self._manifest.entry(
                path := addresses.output_path(pagination.archive(topic, number) + each.file)
            ):
                self._delete_with_twins(path)
                number += 1

    # files

    def _put_logos(self) -> None:
        for file, source, key in self._site.logos():
            if source.is_file():
                self._put([file])
            else:
                self._manifest.keep(file.path)
                self._report.warnings.append(Problem(key, f"the picture {source} isn't there"))

    def _put(self, files: Iterable[OutputFile]) -> None:
        if self._record(self._printer.put(files)):
            self.complete = False

    @property
    def _lanes(self) -> list[Shard]:
        return self._crew.shards if self._crew else [Shard(0, 1)]

    def _print(self, lanes: Iterable[Iterable[Task]]) -> None:
        for outcome in self._printed(lanes):
            if self._record(outcome) or outcome.spoilt:
                self.complete = False

    def _printed(self, lanes: Iterable[Iterable[Task]]) -> Iterator[TaskOutcome]:
        if self._crew is not None:
            yield from self._crew.run_all(lanes)
        else:
            yield from map(self._printer.print, chain.from_iterable(lanes))

    def _record(self, outcome: TaskOutcome) -> set[str]:
        """Note what was made; return the paths that could not be, and are not there any more."""
        report = self._report
        report.written += outcome.written
        report.unchanged += outcome.unchanged
        self._faults += outcome.faults
        report.failed += outcome.problems
        self._manifest.put(outcome.files)
        return {path for path, status in outcome.spoilt if not self._keep(path, status)}

    def _keep(self, path: str, status: int) -> bool:
        """Leave a file as the last build left it; return whether there is one.

        One that was served otherwise is not kept: a withdrawn article does not stay.
        """
        before = self._manifest.keep(path)
        if before is None or before.status != status or not self._folder.has(path):
            self._delete_with_twins(path)
            return False
        return True

    def _delete_leftovers(self, left_behind: Iterable[str]) -> None:
        for path in self._manifest.leftovers():
            self._delete(path)
        for path in left_behind:
            if self._manifest.entry(path) is None:
                self._delete(path)

    def _delete_with_twins(self, path: str) -> None:
        for suffix in ("", *TWINS):
            self._delete(path + suffix)

    def _delete(self, path: str) -> None:
        if self._folder.delete(path):
            self._report.deleted.append(path)
        self._manifest.remove(path)
