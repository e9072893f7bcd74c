"""Writes the files of a build: renders articles, lists and feeds, and puts them in the folder.

A task names articles by their keys, so it travels to another process as a few
numbers. A file that can't be rendered is reported, its last version stays, and the
others are written.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from syndicate.body.compiler import compile_body, is_current
from syndicate.body.figures import without_files
from syndicate.body.file_links import broken_links, list_targets, with_addresses
from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.errors import Problem, StoreError
from syndicate.model.articles import MEDIA, Article, CompiledBody, Person
from syndicate.model.own_pages import OwnPage
from syndicate.model.people import NOBODY, People
from syndicate.publish.build.entry_fragments import FragmentRenderer, ListTeaser
from syndicate.publish.build.tasks import (
    ArticleOutcome,
    ArticlesTask,
    FeedDocumentTask,
    OutputFile,
    PageBatch,
    Task,
    TaskOutcome,
    error_text,
)
from syndicate.publish.output.folder import OutputFolder
from syndicate.publish.output.formats import COMPRESSED_SUFFIXES, compressed
from syndicate.publish.output.media import MediaFolder, media_files, without_renditions
from syndicate.publish.records.manifest import PublishedFile
from syndicate.publish.records.topic_index import ListedArticle
from syndicate.render import addresses, topics
from syndicate.render.article_end import StoryCard
from syndicate.render.feeds.channel import build_channel, rfc3339
from syndicate.render.feeds.formats import topic_formats
from syndicate.render.pages import ArticlePages, ListPages, PageFrame
from syndicate.render.sitemaps import Sitemaps
from syndicate.render.templates import Templates
from syndicate.render.topics import ListPage, TopicKind
from syndicate.store import Store


class PageWriter:
    """Renders and writes for one publication; `compress`: pages have compressed copies too."""

    def __init__(
        self,
        store: Store,
        config: Config,
        templates: Templates,
        people: People = NOBODY,
        own_pages: tuple[OwnPage, ...] = (),
        *,
        compress: bool = False,
    ) -> None:
        self.store = store
        self.config = config
        self.frame = PageFrame(config, templates, people, own_pages)
        self.list_pages = ListPages(self.frame)
        self._article_pages = ArticlePages(self.frame)
        self._sitemaps = Sitemaps(config)
        self.folder = OutputFolder(config.output)
        self._media = MediaFolder(config, self.folder.locate)
        self.compress = compress
        self.fragments = FragmentRenderer(store, config, self.list_pages)

    def run(self, task: Task) -> TaskOutcome:
        """Do a task; raise StoreError where the store can't be read."""
        outcome = TaskOutcome()
        if isinstance(task, ArticlesTask):
            self._articles(task, outcome)
        elif isinstance(task, PageBatch):
            self.fragments.set_missing(task.missing)
            others = [key for page in task.pages for key in page.others]
            teasers = self.fragments.teasers(others, outcome, at=task.at)
            first = [page.lead for page in task.pages if page.lead is not None]
            leads = self.fragments.leads(first, outcome, at=task.at)
            self.write((self._page(page, leads, teasers) for page in task.pages), outcome)
        else:
            self.fragments.set_missing(task.missing)
            self.write(self._document(task, outcome), outcome)
        return outcome

    def write(self, files: Iterable[OutputFile], outcome: TaskOutcome) -> None:
        """Render and write files, and record in `outcome` what became of them."""
        for file in files:
            self._put(file, outcome)

    def repaired(self, missing: Mapping[int, Mapping[str, int]]) -> Iterator[int]:
        """Iterate over articles whose missing files exist now, or were replaced."""
        for key, files in missing.items():
            if any(self._media.stamp(file) != stamp for file, stamp in files.items()):
                yield key

    # articles

    def _articles(self, task: ArticlesTask, outcome: TaskOutcome) -> None:
        with self.store.read() as tx:
            articles = tx.published.articles(task.keys)
            bodies = tx.published.compiled_bodies(task.keys)
            old_addresses = tx.published.old_addresses(task.keys)
            targets = tx.file_links.find(articles)
        bodies |= self._compile([a for a in articles if not is_current(bodies.get(a.key))])
        cards = self._cards(articles, task, outcome)
        for article in articles:
            body, old = bodies.get(article.key), old_addresses.get(article.key, [])
            end = [card for key in task.preceding.get(article.key, ()) if (card := cards[key])]
            shown = with_addresses(article, targets, task.at)
            written = self._article(
                shown, body if shown is article else None, old, end, task=task, outcome=outcome
            )
            if shown is not article and article.is_public(task.at):
                links = list_targets(article, targets)
                broken = tuple(broken_links(article, targets, task.at))
                written = replace(
                    written, source=article.path or article.slug, links=links, broken_links=broken
                )
            outcome.articles[article.key] = written

    def _cards(
        self, articles: Sequence[Article], task: ArticlesTask, outcome: TaskOutcome
    ) -> Mapping[int, StoryCard | None]:
        """Return the articles with which the pages of others end, by their keys."""
        self.fragments.set_missing(task.missing)
        shown = {key for keys in task.preceding.values() for key in keys}
        found = self.fragments.cards(sorted(shown), outcome, articles)
        return {key: found.get(key) for key in shown}

    def _compile(self, articles: Sequence[Article]) -> dict[int, CompiledBody]:
        """Compile bodies again where an older version compiled them, and store the results."""
        compiled = []
        for article in articles:
            with suppress(Exception):  # rendering the page reports the error
                compiled.append((article, compile_body(article, slug=article.slug)))
        with suppress(StoreError):  # the next build tries again
            if compiled:
                with self.store.write() as tx:
                    tx.articles.save_compiled_bodies(compiled)
        return {article.key: body for article, body in compiled}

    def _article(
        self,
        article: Article,
        body: CompiledBody | None,
        old_addresses: Sequence[str],
        cards: Sequence[StoryCard],
        *,
        task: ArticlesTask,
        outcome: TaskOutcome,
    ) -> ArticleOutcome:
        owner, path = f"{article.key}", addresses.output_path(article.address)
        if article.retracted_at is not None and article.number is not None:
            render = partial(self._article_pages.withdrawn, article)
            written = self._put(OutputFile(path, owner, render, status=410), outcome)
            self.write(self._redirects(article, old_addresses), outcome)
            listing = self._listing(article, withdrawn=True)
            return ArticleOutcome(page=path, listing=listing, failed=not written)
        if not article.is_public(task.at):
            return ArticleOutcome(page=path)
        pictures = tuple(dict.fromkeys(media_files(article)))
        missing = self._copy_media(pictures, article, task, outcome) if pictures else {}
        if missing:
            article, body = without_files(article, missing), None
        shown = article.as_of(task.at, self.config.publication.breaking_for)
        failures = len(outcome.failed)
        render = partial(self._article_pages.article, shown, body, cards)
        written = self._put(OutputFile(path, owner, render, compress=self.compress), outcome)
        if written and self.config.amp.enabled:
            amp_path = addresses.output_path(addresses.amp(article))
            render = partial(self._article_pages.amp, shown, body, cards)
            self._put(OutputFile(amp_path, owner, render, compress=self.compress), outcome)
        self.write(self._redirects(article, old_addresses), outcome)
        return ArticleOutcome(
            page=path,
            listing=self._listing(article) if written else None,
            pictures=pictures,
            missing=missing,
            failed=len(outcome.failed) > failures,
        )

    def _copy_media(
        self, files: Sequence[str], article: Article, task: ArticlesTask, outcome: TaskOutcome
    ) -> dict[str, int]:
        """Copy the files of an article; return those that readers can't load, with their stamps.

        Where `media/` lacks a file, the published copy stays.
        """
        absent = set()
        for src in files:
            if not task.recopy_media and self._media.is_published(src):
                continue
            data = self._media.read(src)
            if data is None:
                data = self._media.read_published(src)
                if fault := self._media.fault_of(src, article):
                    outcome.faults.append(fault)
            if data is None:
                absent.add(src)
            else:
                self._put(OutputFile(src, MEDIA, partial(bytes, data)), outcome)
        return {src: self._media.stamp(src) for src in sorted(without_renditions(article, absent))}

    def _redirects(self, article: Article, old_addresses: Sequence[str]) -> Iterator[OutputFile]:
        target, owner = article.address, f"{article.key}"
        render = partial(self._article_pages.redirect, target)
        for path in map(addresses.output_path, old_addresses):
            yield OutputFile(path, owner, render, status=301, location=target)

    def _listing(self, article: Article, *, withdrawn: bool = False) -> ListedArticle:
        listed = topics.article_topics(article, self.config)
        return ListedArticle(
            article=article.key,
            age=(EPOCH - article.published) // timedelta(microseconds=1),
            id=article.id,
            topics=tuple((topic.home, topic.kind, topic.name) for topic in listed),
            withdrawn=withdrawn,
            sitemap="" if withdrawn else self._sitemaps.entry(article),
        )

    # lists

    def _page(
        self,
        page: ListPage,
        leads: Mapping[int, ListTeaser | None],
        found: Mapping[int, ListTeaser | None],
    ) -> OutputFile:
        lead = None if page.lead is None else leads.get(page.lead)
        teasers = [teaser for key in page.others if (teaser := found.get(key))]
        newest = max((shown.modified for shown in (lead, *teasers) if shown), default=None)
        written, first = [teaser.html for teaser in teasers], lead.html if lead else ""
        return OutputFile(
            addresses.output_path(page.address),
            page.topic.home,
            partial(self.list_pages.listing, page, written, self._person(page), lead=first),
            modified=rfc3339(newest) if newest else None,
            compress=True,
        )

    def _person(self, page: ListPage) -> Person | None:
        """Return the author of an author's page, as in its newest article."""
        if page.topic.kind is not TopicKind.AUTHOR:
            return None
        with self.store.read() as tx:
            articles = tx.published.articles(page.articles[:1])
        people = (person for article in articles for person in article.authors)
        return next((p for p in people if addresses.author(p.name) == page.topic.home), None)

    # feeds

    def _document(self, task: FeedDocumentTask, outcome: TaskOutcome) -> Iterator[OutputFile]:
        full = topics.full_text(task.topic, self.config)
        entries = self.fragments.entries(task.articles, outcome, full=full, at=task.at)
        head = build_channel(self.config, task.topic, entries, task.archive)
        owner, settled = task.topic.home, task.archive is not None and task.archive.archived
        for writer in topic_formats(task.topic, self.config):
            path = addresses.output_path(task.folder + writer.file)
            fragments = [entry.fragments[writer.file] for entry in entries]
            render = partial(writer.write_document, head, fragments)
            yield OutputFile(path, owner, render, compress=True, settled=settled)

    # files

    def _put(self, file: OutputFile, outcome: TaskOutcome) -> bool:
        """Render and write a file; return whether it exists now, perhaps in its last version."""
        try:
            data = file.render()
            self._write(file, file.path, data, outcome)
            if file.compress and (self.compress or self.config.publish.compress):
                for suffix in COMPRESSED_SUFFIXES:
                    self._write(file, file.path + suffix, compressed(data, suffix), outcome)
        except Exception as error:  # noqa: BLE001 - one file never breaks the others
            outcome.problems.append(Problem(file.path, error_text(error)))
            outcome.failed.append((file.path, file.status))
            return self.folder.has(file.path) and file.status == 200  # noqa: PLR2004 - OK
        return True

    def _write(self, file: OutputFile, path: str, data: bytes, outcome: TaskOutcome) -> None:
        if self.folder.put(path, data):
            outcome.written.append(path)
        else:
            outcome.unchanged += 1
        outcome.files.append(
            PublishedFile(
                path=path,
                owner=file.owner,
                sha256=hashlib.sha256(data).hexdigest(),
                size=len(data),
                status=file.status,
                location=file.location,
                modified=file.modified,
                settled=file.settled,
            )
        )
