"""One build: pages first, then lists, feeds and sitemaps, so that no link precedes its target.

A file that can't be rendered stays as it was, and the others are rendered.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain

from syndicate.errors import Problem
from syndicate.publish.build.site_files import SiteFiles, sitemap_address
from syndicate.publish.build.tasks import (
    ArticleOutcome,
    ArticlesTask,
    BuildPlan,
    OutputFile,
    PageWorkers,
    Task,
    TaskOutcome,
    archive_address,
)
from syndicate.publish.build.writer import PageWriter
from syndicate.publish.output.formats import COMPRESSED_SUFFIXES
from syndicate.publish.output.media import MediaFault, media_warnings
from syndicate.publish.records.file_link_index import FileLinkIndex
from syndicate.publish.records.section_order import SectionOrder
from syndicate.publish.records.topic_index import SITEMAP_TOPIC
from syndicate.render import addresses, topics
from syndicate.render.feeds.formats import topic_formats
from syndicate.render.sitemaps import CHUNK
from syndicate.render.topics import Topic
from syndicate.store.articles.section_numbers import NumberedArticle
from syndicate.workers.pool import Shard

_BATCH_SIZE = 40
"""Articles of one task."""


@dataclass(slots=True, kw_only=True)
class BuildSummary:
    """What a build did."""

    written: list[str] = field(default_factory=list)
    """Paths in the output folder, in the order they were written."""
    unchanged: int = 0
    """Files that were rendered and had the same bytes already."""
    deleted: list[str] = field(default_factory=list)
    articles: int = 0
    """Articles that readers can see."""
    warnings: list[Problem] = field(default_factory=list)
    """Missing pictures, the logo among them."""
    failed: list[Problem] = field(default_factory=list)
    """Files that could not be rendered; their last version stays."""


@dataclass(kw_only=True)
class Build:
    """One build, and its results so far."""

    writer: PageWriter
    site: SiteFiles
    at: datetime
    everything: bool
    """Whether nothing of the last build is reused."""
    workers: PageWorkers | None
    """Processes that render, if any."""
    numbered: Sequence[NumberedArticle]
    """The public ones among the articles to render."""
    complete: bool = True
    """Whether everything but articles could be rendered."""
    pending: list[int] = field(default_factory=list)
    """Articles to retry in the next build."""
    summary: BuildSummary = field(default_factory=BuildSummary)
    _faults: list[MediaFault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._config = self.writer.config
        self._manifest = self.site.manifest
        self._index = self.site.index
        self._order = SectionOrder(self._manifest.database, self._config)
        self._links = FileLinkIndex(self._manifest.database)

    def run(self, keys: list[int], unfinished: Iterable[str]) -> BuildSummary:
        """Build, in order.

        Paths in `unfinished`, from a build that died, are deleted unless they are written.
        """
        if self.everything:
            self._manifest.begin_rebuild()
            self._index.clear()
            self._write(self.site.assets())
        self._write_logos()
        self._write_lasting_media(self.site.portraits(everything=self.everything))
        self._write_own_pages()
        self._write_articles(keys)
        self._write_lasting_media(self.site.edition_media(everything=self.everything))
        topics_changed = self._update_topics()
        changed = self._changed_topics()
        missing = self._manifest.missing_files()
        plan = BuildPlan(
            self._index, self._config, changed, self.at, everything=self.everything, missing=missing
        )
        self._run_tasks(plan.pages(shard) for shard in self._shards)
        self._write(self.site.home_pages(self.at, missing))
        empty = self.site.unwritten_topics()
        self._write(self.site.empty_pages(empty))
        self._run_tasks(plan.archives(shard) for shard in self._shards)
        self._run_tasks(plan.subscription_documents(shard) for shard in self._shards)
        self._run_tasks(plan.empty_documents(empty, shard) for shard in self._shards)
        if topics_changed:
            self._write(self.site.feed_lists())
        self._write_authors_page(topics_changed=topics_changed)
        self._write_sitemaps()
        for topic in changed:
            self._delete_surplus(topic, plan)
        for path in (*self._manifest.leftovers(), *unfinished):
            if self._manifest.entry(path) is None:
                self._delete(path)
        self.summary.deleted.sort()
        self.summary.articles = self._index.count_shown(addresses.HOME)
        return self.summary

    # articles

    def _write_articles(self, keys: list[int]) -> None:
        """Write the pages of articles, and those that end with one of them."""
        followers, incomplete = self._reorder(keys), self._manifest.missing_files()
        unlinked, redrawn = set(), set()
        for outcome in self._articles(keys, recopy_media=self.everything):
            lost = self._record(outcome)
            for key, article in outcome.articles.items():
                self._record_article(key, article, lost, outcome)
                if article.page in lost:
                    unlinked.add(key)
                elif incomplete.get(key, {}) != article.missing:
                    redrawn.add(key)
        followers |= self._order.followers(unlinked | redrawn)
        self._order.remove(unlinked)
        for outcome in self._articles(sorted(followers)):
            self._record(outcome)
            self.pending += [key for key, article in outcome.articles.items() if article.failed]
        for picture in self._manifest.unused_pictures():
            self._delete(picture)
        self.summary.warnings += media_warnings(self._faults)

    def _reorder(self, keys: list[int]) -> set[int]:
        """Put articles in the order of their sections; return the others whose pages change."""
        if self.everything:
            self._order.replace(self.numbered)
            return set()
        return self._order.update(keys, self.numbered)

    def _articles(
        self, keys: Sequence[int], *, recopy_media: bool = False
    ) -> Iterator[TaskOutcome]:
        batches = [keys[start : start + _BATCH_SIZE] for start in range(0, len(keys), _BATCH_SIZE)]
        order = self._order
        preceding = order.all_preceding() if self.everything else order.preceding(keys)
        missing = self._manifest.missing_files()

        def task(batch: Sequence[int]) -> ArticlesTask:
            own = {key: preceding[key] for key in batch if preceding.get(key)}
            shown = {key for earlier in own.values() for key in earlier}
            return ArticlesTask(
                keys=tuple(batch),
                at=self.at,
                recopy_media=recopy_media,
                preceding=own,
                missing={key: missing[key] for key in shown if key in missing},
            )

        tasks = [task(batch) for batch in batches]
        return self._outcomes(shard.interleaved(tasks) for shard in self._shards)

    def _record_article(
        self, key: int, article: ArticleOutcome, lost: set[str], outcome: TaskOutcome
    ) -> None:
        listing = None if article.page in lost else article.listing
        if article.failed:
            self.pending.append(key)
        if self.everything:
            self._index.add_all([listing] if listing else [])
        else:
            self._index.update(key, listing)
            failed = {path for path, _ in outcome.failed}
            current = {file.path for file in outcome.files if file.owner == f"{key}"} | failed
            for file in self._manifest.owned(f"{key}"):
                original, _, suffix = file.path.rpartition(".")
                is_copy_of_failed = f".{suffix}" in COMPRESSED_SUFFIXES and original in failed
                if file.path not in current and not is_copy_of_failed:
                    self._delete(file.path)
        self._manifest.set_pictures(key, article.pictures)
        self._manifest.set_missing_files(key, article.missing)
        self._record_links(key, article)

    def _record_links(self, key: int, article: ArticleOutcome) -> None:
        """Record the links to other articles by their files; report those that lead nowhere."""
        if article.links or not self.everything:  # which begins with none
            self._links.replace(key, article.links)
        problems = (Problem(article.source, problem) for problem in article.broken_links)
        self.summary.warnings += problems

    def _update_topics(self) -> bool:
        """Name topics and delete empty ones; return whether the topics changed."""
        if self.everything:
            self._index.count_topics()
            return True
        emptied, changed = self._index.update_topics()
        for home in emptied:
            for file in self._manifest.owned(home):
                self._delete(file.path)
        return changed

    # lists and feeds

    def _changed_topics(self) -> list[Topic]:
        """Return the topics to render; the home topic exists without articles too."""
        if self.everything:
            return self._index.topics() or [topics.everything()]
        homes = [home for home in self._index.changes if home != SITEMAP_TOPIC]
        changed = [topic for home in homes if (topic := self._index.topic(home))]
        return changed or [topics.everything() for home in homes if home == addresses.HOME]

    def _write_sitemaps(self) -> None:
        if self.everything:
            self._write(self.site.article_sitemaps())
        elif SITEMAP_TOPIC in self._index.changes:
            changed = self._index.changed_pages(SITEMAP_TOPIC, CHUNK)
            self._write(self.site.article_sitemaps(changed))
            last = -(-self._index.size(SITEMAP_TOPIC) // CHUNK)
            self._delete_numbered(sitemap_address, last + 1)
        self._write(self.site.sitemaps(self.at))

    def _delete_surplus(self, topic: Topic, plan: BuildPlan) -> None:
        """Delete pages and archives past the last ones of a topic."""
        full = plan.full_pages(topic)
        self._delete_numbered(topic.numbered, full + 2 if full else 1)
        full = plan.full_archives(topic)
        archive = partial(archive_address, topic)
        for writer in topic_formats(topic, self._config):
            self._delete_numbered(archive, full + 2 if full else 1, writer.file)

    def _delete_numbered(
        self, address_of: Callable[[int], str], number: int, file: str = ""
    ) -> None:
        while self._manifest.entry(path := addresses.output_path(address_of(number) + file)):
            self._delete_with_copies(path)
            number += 1

    # files

    def _write_logos(self) -> None:
        """Write the logos, and the icons that are made from one when it has changed."""
        before = len(self.summary.written)
        for file, source, key in self.site.logos():
            if source.is_file():
                self._write([file])
            else:
                self._manifest.keep(file.path)
                self.summary.warnings.append(Problem(key, f"the picture {source} is missing"))
        if self.everything or len(self.summary.written) > before:
            self._write(self.site.icons())

    def _write_lasting_media(self, files: Iterable[tuple[OutputFile, bool]]) -> None:
        """Publish pictures that mail loads; they stay when they are shown no more."""
        for file, is_readable in files:
            if is_readable:
                self._write([file])
            else:
                self._manifest.keep(file.path)

    def _write_own_pages(self) -> None:
        """Write the publication's own pages that changed, and delete those that are gone."""
        self._write_lasting_media(self.site.own_page_media(everything=self.everything))
        self._write(self.site.own_pages(everything=self.everything))
        current = {page.address for page in self.writer.frame.own_pages}
        for page in self._manifest.own_pages():
            if page.address not in current:
                self._delete_with_copies(addresses.output_path(page.address))

    def _write_authors_page(self, *, topics_changed: bool) -> None:
        """Write the page of all authors if anything about them changed; delete it without any."""
        if not topics_changed and self._manifest.people() == self.writer.frame.people:
            return
        files = list(self.site.authors_page())
        self._write(files)
        if not files:
            self._delete_with_copies(addresses.output_path(addresses.AUTHORS))

    def _write(self, files: Iterable[OutputFile]) -> None:
        outcome = TaskOutcome()
        self.writer.write(files, outcome)
        if self._record(outcome):
            self.complete = False

    @property
    def _shards(self) -> list[Shard]:
        return self.workers.shards if self.workers else [Shard(0, 1)]

    def _run_tasks(self, tasks: Iterable[Iterable[Task]]) -> None:
        for outcome in self._outcomes(tasks):
            if self._record(outcome) or outcome.failed:
                self.complete = False

    def _outcomes(self, tasks: Iterable[Iterable[Task]]) -> Iterator[TaskOutcome]:
        if self.workers is not None:
            return self.workers.run_all(tasks)
        return map(self.writer.run, chain.from_iterable(tasks))

    def _record(self, outcome: TaskOutcome) -> set[str]:
        """Record what was written; return paths that failed and have no last version."""
        self.summary.written += outcome.written
        self.summary.unchanged += outcome.unchanged
        self._faults += outcome.faults
        self.summary.failed += outcome.problems
        self._manifest.put(outcome.files)
        lost = set()
        for path, status in outcome.failed:
            entry = self._manifest.keep(path)
            # with another status it is deleted, so that a retracted article doesn't stay
            if entry is None or entry.status != status or not self.writer.folder.has(path):
                self._delete_with_copies(path)
                lost.add(path)
        return lost

    def _delete_with_copies(self, path: str) -> None:
        for suffix in ("", *COMPRESSED_SUFFIXES):
            self._delete(path + suffix)

    def _delete(self, path: str) -> None:
        if self.writer.folder.delete(path):
            self.summary.deleted.append(path)
        self._manifest.remove(path)
