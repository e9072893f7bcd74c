"""The printer: makes files of what the store says, one task after the other.

A task names articles by their keys, so it travels to another process as a few
numbers. A file that can't be made is one that can't be made: it is told, what
was there before stays, and the rest goes on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from syndicate.body import compile_body, is_current
from syndicate.body.missing_media import without_files
from syndicate.clock import EPOCH
from syndicate.config import Config
from syndicate.errors import Problem, StoreError
from syndicate.model.articles import MEDIA, Article, Person, Status
from syndicate.model.compiled_body import CompiledBody
from syndicate.publish.build.entry_fragments import EntryFragments, FragmentRenderer
from syndicate.publish.build.report import ArticleOutcome, OutputFile, TaskOutcome, said
from syndicate.publish.build.tasks import (
    ArticlesTask,
    FeedDocumentTask,
    ListPageTask,
    PageBatch,
    Task,
)
from syndicate.publish.build.topic_index import ListedArticle
from syndicate.publish.output.compression import TWINS, twin
from syndicate.publish.output.folder import OutputFolder
from syndicate.publish.output.manifest import PublishedFile
from syndicate.publish.output.media import MediaFolder, media, summarised
from syndicate.render import addresses, topics
from syndicate.render.article_view import ArticleViews
from syndicate.render.feeds import FeedWriter, channel, topic_formats
from syndicate.render.feeds.channel import rfc3339
from syndicate.render.pages.amp_page import AmpPages
from syndicate.render.pages.article_page import ArticlePages
from syndicate.render.pages.list_pages import ListPages
from syndicate.render.pages.page_frame import PageFrame
from syndicate.render.sitemaps import Sitemaps
from syndicate.render.templates import Templates
from syndicate.render.topics import TopicKind
from syndicate.store import Store


class PageWriter:
    """Prints for one publication; `compress` says whether pages have twins, too."""

    def __init__(
        self, store: Store, config: Config, templates: Templates, *, compress: bool = False
    ) -> None:
        self.store = store
        self.config = config
        views = ArticleViews(config)
        self.frame = PageFrame(config, templates)
        self.list_pages = ListPages(self.frame)
        self._article_pages = ArticlePages(self.frame, views)
        self._amp = AmpPages(config, templates, views)
        self._sitemaps = Sitemaps(config)
        self.folder = OutputFolder(config.output)
        self._media = MediaFolder(config, self.folder.place)
        self.compress = compress
        self._teller = FragmentRenderer(store, config, self.list_pages)

    def print(self, task: Task) -> TaskOutcome:
        """Do a task; raise StoreError where the store can't be read."""
        outcome = TaskOutcome()
        if isinstance(task, ArticlesTask):
            self._articles(task, outcome)
        elif isinstance(task, PageBatch):
            self._teller.do_without(task.missing)
            keys = [key for page in task.pages for key in page.articles]
            self._teller.learn(keys, outcome, at=task.at)
            for page in task.pages:
                self._put_all(self._page(page, outcome, at=task.at), outcome)
        else:
            self._teller.do_without(task.missing)
            self._put_all(self._document(task, outcome), outcome)
        return outcome

    def put(self, files: Iterable[OutputFile]) -> TaskOutcome:
        """Make files that others have laid out."""
        outcome = TaskOutcome()
        self._put_all(files, outcome)
        return outcome

    def mended(self, missed: Mapping[int, Mapping[str, int]]) -> Iterator[int]:
        """Iterate over articles whose missing files were put in their place, or replaced."""
        for key, files in missed.items():
            if any(self._media.stamp(file) != stamp for file, stamp in files.items()):
                yield key

    def forget(self, keys: Iterable[int] | None = None) -> None:
        """Tell articles anew the next time; all of them without `keys`."""
        self._teller.forget(keys)

    # articles

    def _articles(self, task: ArticlesTask, outcome: TaskOutcome) -> None:
        with self.store.read() as tx:
            articles = tx.published.articles(task.keys)
            galleys = tx.published.compiled_bodies(task.keys)
            before = tx.published.old_addresses(task.keys)
        galleys |= self._set_again([a for a in articles if not is_current(galleys.get(a.key))])
        for article in articles:
            galley, old = galleys.get(article.key), before.get(article.key, [])
            outcome.done[article.key] = self._article(article, galley, old, task, outcome)

    def _set_again(self, articles: Sequence[Article]) -> dict[int, CompiledBody]:
        """Cut bodies by this version's rules, where an older one did, and keep what comes of it."""
        again = {}
        for article in articles:
            with suppress(Exception):  # its page will say what is wrong
                again[article.key] = compile_body(article, slug=article.slug)
        with suppress(StoreError):  # the next build does it, then
            if again:
                with self.store.write() as tx:
                    tx.articles.save_compiled_bodies(
                        [(a, again[a.key]) for a in articles if a.key in again]
                    )
        return again

    def _article(
        self,
        article: Article,
        galley: CompiledBody | None,
        old_addresses: Sequence[str],
        task: ArticlesTask,
        outcome: TaskOutcome,
    ) -> ArticleOutcome:
        owner, path = f"{article.key}", addresses.output_path(addresses.page(article))
        if article.retracted_at is not None and article.number is not None:
            notice = OutputFile(
                path=path,
                owner=owner,
                render=partial(self._article_pages.withdrawn, article),
                status=410,
            )
            there = self._put(notice, outcome)
            self._put_all(self._redirects(article, old_addresses), outcome)
            listing = self._listing(article, withdrawn=True)
            return ArticleOutcome(page=path, listing=listing, failed=not there)
        if article.status is Status.DRAFT or article.retracted_at or article.published > task.at:
            return ArticleOutcome(page=path)
        pictures = tuple(dict.fromkeys(media(article)))
        missing = self._copy(pictures, article, outcome, anew=task.anew) if pictures else {}
        if missing:
            article, galley = without_files(article, missing), None
        shown = article.as_of(task.at, self.config.publication.breaking_for)
        spoilt = len(outcome.spoilt)
        page = OutputFile(
            path=path,
            owner=owner,
            render=partial(self._article_pages.article, shown, galley),
            packed=self.compress,
        )
        there = self._put(page, outcome)
        if there and self.config.amp.enabled:
            amp = OutputFile(
                path=addresses.output_path(addresses.amp(article)),
                owner=owner,
                render=partial(self._amp.article, shown, galley),
                packed=self.compress,
            )
            self._put(amp, outcome)
        self._put_all(self._redirects(article, old_addresses), outcome)
        listed = self._listing(article) if there else None
        failed = len(outcome.spoilt) > spoilt
        return ArticleOutcome(
            page=path, listing=listed, pictures=pictures, missing=missing, failed=failed
        )

    def _copy(
        self, files: Sequence[str], article: Article, outcome: TaskOutcome, *, anew: bool
    ) -> dict[str, int]:
        """Copy what an article loads; return what readers can't load, each with its stamp.

        Where `media/` lacks a file, the copy that is published stays.
        """
        absent = set()
        for src in files:
            if not anew and self._media.is_published(src):
                continue
            data = self._media.read(src)
            if data is None:
                data = self._media.read_published(src)
                if fault := self._media.fault_of(src, article):
                    outcome.faults.append(fault)
            if data is None:
                absent.add(src)
            else:
                self._put(OutputFile(path=src, owner=MEDIA, render=partial(bytes, data)), outcome)
        return {src: self._media.stamp(src) for src in sorted(summarised(article, absent))}

    def _redirects(self, article: Article, old_addresses: Sequence[str]) -> Iterator[OutputFile]:
        to = addresses.page(article)
        for address in old_addresses:
            yield OutputFile(
                path=addresses.output_path(address),
                owner=f"{article.key}",
                render=partial(self._article_pages.redirect, to),
                status=301,
                location=to,
            )

    def _listing(self, article: Article, *, withdrawn: bool = False) -> ListedArticle:
        return ListedArticle(
            article=article.key,
            age=_age(article.published),
            id=article.id,
            topics=tuple(
                (t.home, t.kind, t.name) for t in topics.article_topics(article, self.config)
            ),
            withdrawn=withdrawn,
            sitemap="" if withdrawn else self._sitemaps.entry(article),
        )

    # lists

    def _page(
        self, task: ListPageTask, outcome: TaskOutcome, *, at: datetime
    ) -> Iterator[OutputFile]:
        """Lay out one page of a topic's list."""
        teasers = self._teller.teasers(task.articles, outcome, at=at)
        newest = max((teaser.modified for teaser in teasers), default=None)
        yield OutputFile(
            path=addresses.output_path(task.address),
            owner=task.topic.home,
            render=partial(
                self.list_pages.listing,
                task.topic,
                [teaser.html for teaser in teasers],
                address=task.address,
                person=self._person(task),
                number=task.number,
                newer=task.newer,
                older=task.older,
            ),
            modified=rfc3339(newest) if newest else None,
            packed=True,
        )

    def _person(self, task: ListPageTask) -> Person | None:
        """Return the author whose page it is, as the newest story there has them."""
        if task.topic.kind is not TopicKind.AUTHOR:
            return None
        with self.store.read() as tx:
            stories = tx.published.articles(task.articles[:1])
        people = (person for story in stories for person in story.authors)
        return next((p for p in people if addresses.author(p.name) == task.topic.home), None)

    # feeds

    def _document(self, task: FeedDocumentTask, outcome: TaskOutcome) -> Iterator[OutputFile]:
        """Lay out one document of a topic's feed, in each of its formats."""
        full = topics.full_text(task.topic, self.config)
        told = self._teller.told(task.rows, outcome, full=full)
        head = channel.build_channel(
            self.config,
            task.topic,
            updated=max((one.modified for one in told), default=EPOCH),
            has_audio=any(one.heard for one in told),
            archive=task.archive,
            deleted=tuple(one.tombstone for one in told if one.tombstone),
        )
        for each in topic_formats(task.topic, self.config):
            yield OutputFile(
                path=addresses.output_path(task.folder + each.file),
                owner=task.topic.home,
                render=partial(self._joined, each, head, told),
                packed=True,
                settled=task.archive is not None and task.archive.archived,
            )

    @staticmethod
    def _joined(
        each: FeedWriter, head: channel.FeedChannel, told: Sequence[EntryFragments]
    ) -> bytes:
        return each.write_document(head, (one.fragments[each.file] for one in told))

    # files

    def _put_all(self, files: Iterable[OutputFile], outcome: TaskOutcome) -> None:
        for file in files:
            self._put(file, outcome)

    def _put(self, file: OutputFile, outcome: TaskOutcome) -> bool:
        """Make and write a file; return whether there is one now, be it the old one."""
        try:
            data = file.render()
            self._write(file, file.path, data, outcome)
            if file.packed and (self.compress or self.config.publish.compress):
                for suffix in TWINS:
                    self._write(file, file.path + suffix, twin(data, suffix), outcome)
        except Exception as error:  # noqa: BLE001 - one file never breaks the others
            outcome.problems.append(Problem(file.path, said(error)))
            outcome.spoilt.append((file.path, file.status))
            return self.folder.has(file.path) and file.status == 200  # noqa: PLR2004 - OK
        return True

    def _write(self, file: OutputFile, path: str, data: bytes, outcome: TaskOutcome) -> None:
        put = self.folder.put(path, data)
        if put.changed:
            outcome.written.append(path)
        else:
            outcome.unchanged += 1
        outcome.files.append(
            PublishedFile(
                path=path,
                owner=file.owner,
                sha256=put.sha256,
                size=put.size,
                status=file.status,
                location=file.location,
                modified=file.modified,
                settled=file.settled,
            )
        )


def _age(published: datetime) -> int:
    since = EPOCH - published
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
