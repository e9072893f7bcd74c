"""The files that a publication has once: home page, assets, sitemaps and the list of feeds."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from syndicate.body.figures import without_files
from syndicate.model import front_page, pictures
from syndicate.model.articles import MEDIA, Article
from syndicate.model.front_page import SectionStories
from syndicate.model.people import AuthorProfile
from syndicate.publish.build.tasks import PAGE_SIZE, Missing, OutputFile
from syndicate.publish.build.writer import PageWriter
from syndicate.publish.output import icons
from syndicate.publish.output.media import MediaFolder
from syndicate.publish.records.manifest import Manifest
from syndicate.publish.records.topic_index import SITEMAP_TOPIC, TopicIndex
from syndicate.render import addresses, topics
from syndicate.render.feeds.formats import Feed, topic_formats, write_opml
from syndicate.render.open_search import write_description
from syndicate.render.pages import MIN_ARTICLES
from syndicate.render.sitemaps import CHUNK, NEWS_FOR, NEWS_LIMIT, Sitemaps, newest_change
from syndicate.render.topics import ListPage, Topic, TopicKind

_OWNER = "site"
_SITEMAPS = "sitemaps"
_MIN_SECTIONS, _MAX_SECTIONS = 2, 8
"""Sections of a home page with blocks; more only if an editor configures them."""
_SPARE = 4
"""Stories of a block that are looked up beyond its size, since some may be kept from the page."""
_FEW = 5
"""Stories that the 404 page has, and that of breaking news."""
_BREAKING_SINCE = timedelta(days=30)
"""How far back the page of breaking news looks for them."""


class SiteFiles:
    """Returns these files, to be rendered and written."""

    def __init__(self, writer: PageWriter, manifest: Manifest) -> None:
        self._store = writer.store
        self._config = writer.config
        self._frame = writer.frame
        self._pages = writer.list_pages
        self._sitemaps = Sitemaps(writer.config)
        self.manifest = manifest
        self.index = TopicIndex(manifest.database)

    def assets(self) -> Iterator[OutputFile]:
        """Return style sheets and scripts, the key of IndexNow, and how browsers search here."""
        for path, data in self._frame.assets().items():
            yield OutputFile(path, _OWNER, partial(bytes, data))
        indexnow = self._config.indexnow
        if indexnow.key and indexnow.address:
            yield _file(indexnow.address, indexnow.key.encode, compress=False)
        if self._config.web.search:
            yield _file(addresses.OPENSEARCH, partial(write_description, self._config))

    def logos(self) -> Iterator[tuple[OutputFile, Path, str]]:
        """Return the logos, each with its source and its key in config.toml."""
        for key, address, picture in addresses.logos(self._config):
            source = self._config.path(picture)
            yield _file(address, source.read_bytes, compress=False), source, key

    def icons(self) -> Iterator[OutputFile]:
        """Return the icons at fixed addresses."""
        yield _file(addresses.FAVICON, partial(icons.favicon, self._config), compress=False)
        yield _file(addresses.TOUCH_ICON, partial(icons.touch_icon, self._config), compress=False)

    def edition_media(self, *, everything: bool) -> Iterator[tuple[OutputFile, bool]]:
        """Return the pictures of edition files, each with whether `media/` has it.

        Those that are published are left out, unless `everything` is written again.
        """
        with self._store.read() as tx:
            names = tx.edition_files.media()
        yield from self._lasting_media(names, everything=everything)

    def portraits(self, *, everything: bool) -> Iterator[tuple[OutputFile, bool]]:
        """Return the portraits of authors in the same way."""
        shown = (profile.portrait for profile in self._frame.people if profile.portrait)
        names = [square.src for portrait in shown for square in pictures.portraits(portrait)]
        yield from self._lasting_media(names, everything=everything)

    def authors_page(self) -> Iterator[OutputFile]:
        """Return the page of the authors that have a file; none where nobody is to be on it."""
        cards = [(profile, self._articles_of(profile)) for profile in self._frame.people.listed]
        if cards:
            yield _file(addresses.AUTHORS, partial(self._pages.authors, cards))

    def _articles_of(self, profile: AuthorProfile) -> str | None:
        """Return the address of the list of an author's articles; None where there are none."""
        homes = map(addresses.author, (profile.name, profile.stem))
        return next((home for home in homes if self.index.count_shown(home)), None)

    def unwritten_topics(self) -> list[Topic]:
        """Return the topics without a story whose page or feeds aren't written."""
        return [
            topic
            for topic in self._empty_topics()
            if not all(
                self.manifest.entry(addresses.output_path(topic.home + file))
                for file in ("", *(writer.file for writer in topic_formats(topic, self._config)))
            )
        ]

    def _empty_topics(self) -> list[Topic]:
        """Return the sections and feeds of config.toml that have no story."""
        configured = topics.configured(self._config)
        return [topic for topic in configured if not self.index.count_shown(topic.home)]

    def empty_pages(self, empty: Iterable[Topic]) -> Iterator[OutputFile]:
        """Return the pages of topics without a story."""
        for topic in empty:
            page = ListPage(topic=topic, address=topic.page)
            yield _file(topic.home, partial(self._pages.listing, page, ()))

    def own_page_media(self, *, everything: bool) -> Iterator[tuple[OutputFile, bool]]:
        """Return the pictures of own pages in the same way."""
        shown = (figure for page in self._frame.own_pages for figure in page.figures)
        names = [src for figure in shown if figure.local for src in pictures.list_files(figure)]
        yield from self._lasting_media(names, everything=everything)

    def own_pages(self, *, everything: bool) -> Iterator[OutputFile]:
        """Return the own pages that aren't as they were at the last build."""
        before = set() if everything else set(self.manifest.own_pages())
        for page in self._frame.own_pages:
            if page not in before or not self.manifest.entry(addresses.output_path(page.address)):
                yield _file(page.address, partial(self._pages.own_page, page))

    def _lasting_media(
        self, names: Iterable[str], *, everything: bool
    ) -> Iterator[tuple[OutputFile, bool]]:
        folder = MediaFolder(self._config)
        for src in names:
            if not everything and self.manifest.entry(src) and folder.is_published(src):
                continue
            data = folder.read(src)
            yield OutputFile(src, MEDIA, partial(bytes, data or b"")), data is not None

    def home_pages(self, at: datetime, missing: Missing) -> Iterator[OutputFile]:
        """Return home page, 404 page and breaking news, which change with the newest articles."""
        window = self._config.publication.breaking_for
        size = self.index.size(addresses.HOME)
        pages = max(size - MIN_ARTICLES, 0) // PAGE_SIZE
        newest = self.index.rows(addresses.HOME, pages * PAGE_SIZE, size)
        keys = [row.article for row in newest if not row.withdrawn]
        with self._store.read() as tx:
            flashes = tx.published.breaking(at - max(_BREAKING_SINCE, window), at, limit=_FEW)
            strip = next((flash for flash in flashes if flash.published > at - window), None)

            def load(keys: Sequence[int]) -> list[Article]:
                return [
                    without_files(article, missing.get(article.key, ())).as_of(at, window)
                    for article in tx.published.articles(keys)
                ]

            articles = load(keys)
            sections = self._sections(articles, strip, load)
        older = topics.everything().numbered(pages) if pages else None
        page = partial(self._pages.home, articles, strip, sections=sections, older=older, at=at)
        yield _file(addresses.HOME, page)
        yield _file(addresses.NOT_FOUND, partial(self._pages.not_found, articles[:_FEW]))
        yield _file(addresses.BREAKING, partial(self._pages.breaking, strip, flashes))

    def _sections(
        self,
        newest: Sequence[Article],
        strip: Article | None,
        load: Callable[[Sequence[int]], list[Article]],
    ) -> list[SectionStories]:
        """Return the stories that the sections' blocks on the home page may have.

        The sections are those in the head of pages, in its order, or else the largest; what
        `newest` lacks of their stories is loaded at once.
        """
        sections = list(self._front_sections())
        top = front_page.arrange_top(newest, strip)
        if len(sections) < _MIN_SECTIONS or not top.rest:
            return []
        above = Counter(addresses.section(a.section) for a in top.articles if a.section)
        keys = {
            home: [
                row.article
                for row in self.index.newest(home, front_page.BLOCK + above[home] + _SPARE)
                if not row.withdrawn
            ]
            for home, _ in sections
        }
        known = {article.key: article for article in newest}
        wanted = dict.fromkeys(key for found in keys.values() for key in found if key not in known)
        known |= {article.key: article for article in load(list(wanted)) if wanted}
        return [
            SectionStories(
                title=title,
                address=home,
                stories=[known[key] for key in keys[home] if key in known],
            )
            for home, title in sections
        ]

    def _front_sections(self) -> Iterator[tuple[str, str]]:
        """Yield home and title of the sections that have blocks on the home page."""
        if not self._config.sections:
            for topic in self.index.largest(TopicKind.SECTION, _MAX_SECTIONS):
                yield topic.home, topic.name
        for section in self._config.header_sections:
            home = addresses.section(section.title)
            if self.index.count_shown(home):
                yield home, section.title

    def feed_lists(self) -> Iterator[OutputFile]:
        """Return the page that explains feeds, and their OPML list.

        Both have what config.toml names also while it has no story: its feeds exist.
        """
        followed = self.index.topics() or [topics.everything()]
        feeds = [
            Feed.of(topic, self._config, since=self.index.oldest(topic.home))
            for topic in topics.in_order([*followed, *self._empty_topics()], self._config)
        ]
        yield _file(addresses.SUBSCRIBE, partial(self._pages.subscribe, feeds))
        yield _file(addresses.OPML, partial(write_opml, self._config, feeds))

    def article_sitemaps(self, numbers: Iterable[int] | None = None) -> Iterator[OutputFile]:
        """Return the sitemaps of articles: those with some numbers, or all."""
        size = self.index.size(SITEMAP_TOPIC)
        last = -(-size // CHUNK)
        for number in range(1, last + 1) if numbers is None else numbers:
            if number > last:
                continue
            rows = self.index.rows(SITEMAP_TOPIC, (number - 1) * CHUNK, number * CHUNK)
            entries = [row.note for row in reversed(rows)]
            path = addresses.output_path(sitemap_address(number))
            render, newest = partial(self._sitemaps.articles, entries), newest_change(entries)
            yield OutputFile(path, _SITEMAPS, render, modified=newest, compress=True)

    def sitemaps(self, at: datetime) -> Iterator[OutputFile]:
        """Return the sitemaps of lists and of news, their index, and robots.txt.

        The sitemap of news exists even without news, since search engines may have its
        address; the index leaves it out then.
        """
        with self._store.read() as tx:
            news = tx.published.since(at - NEWS_FOR, at, limit=NEWS_LIMIT)
        pages = self._list_pages()
        owned = self.manifest.owned(_SITEMAPS)
        maps = [(file.path, file.modified) for file in owned if file.path.endswith(".xml")]
        maps.sort(key=lambda entry: (len(entry[0]), entry[0]))
        dates = [modified for _, modified in pages if modified]
        maps.append((addresses.output_path(addresses.sitemap("pages")), max(dates, default=None)))
        if recent := self._sitemaps.newest(news):
            maps.append((addresses.output_path(addresses.sitemap("news")), recent))
        yield _file(addresses.sitemap("pages"), partial(self._sitemaps.pages, pages))
        yield _file(addresses.sitemap("news"), partial(self._sitemaps.news, news))
        yield _file(addresses.SITEMAP, partial(self._sitemaps.index, maps))
        yield _file(addresses.ROBOTS, self._sitemaps.robots, compress=False)

    def _list_pages(self) -> list[tuple[str, str | None]]:
        pages: list[tuple[str, str | None]] = []
        for topic in self.index.topics():
            entry = self.manifest.entry(addresses.output_path(topic.page))
            modified = entry.modified if entry else None
            if topic.kind is TopicKind.EVERYTHING:
                pages.insert(0, (addresses.HOME, modified))
            pages.append((topic.page, modified))
        pages = pages or [(addresses.HOME, None)]
        if self.manifest.entry(addresses.output_path(addresses.AUTHORS)):
            pages.append((addresses.AUTHORS, None))
        return pages + [(page.address, None) for page in self._frame.own_pages]


def sitemap_address(number: int) -> str:
    """Return the address of a sitemap of articles by its number, from 1."""
    return addresses.sitemap(f"articles-{number}")


def _file(address: str, render: Callable[[], bytes], *, compress: bool = True) -> OutputFile:
    return OutputFile(addresses.output_path(address), _OWNER, render, compress=compress)
