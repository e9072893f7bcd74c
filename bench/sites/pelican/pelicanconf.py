"""The same publication for Pelican: its own pages and feeds, and what it lacks by a plugin."""

import json
import re
from typing import Any

from pelican import readers, signals
from pelican.generators import ArticlesGenerator, Generator
from pelican.writers import Writer

SITENAME = "Bench Post"
SITESUBTITLE = "News from the harbour, the islands and the coast"
SITEURL = FEED_DOMAIN = "https://news.example.org"
SECTIONS = ("City", "Islands", "Business", "Culture", "Science", "Sport", "Weather", "Opinion")
MENUITEMS = [(section, f"category/{section.lower()}/") for section in SECTIONS]
NEWSLETTER = "The Morning Post"
PROMISE = "What happened on the coast overnight, before your first coffee."
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
PATH = "content"
ARTICLE_PATHS = ["articles"]
THEME = "theme"
SLUGIFY_SOURCE = "basename"
DEFAULT_PAGINATION = 30
DIRECT_TEMPLATES = ["index", "sitemap"]
PAGINATED_TEMPLATES = {"index": None, "category": None, "tag": None, "author": None}
SITEMAP_SAVE_AS = "sitemap.xml"
ARTICLE_URL, ARTICLE_SAVE_AS = "articles/{slug}/", "articles/{slug}/index.html"
CATEGORY_URL, CATEGORY_SAVE_AS = "category/{slug}/", "category/{slug}/index.html"
TAG_URL, TAG_SAVE_AS = "tags/{slug}/", "tags/{slug}/index.html"
AUTHOR_URL, AUTHOR_SAVE_AS = "author/{slug}/", "author/{slug}/index.html"
FEED_ATOM, FEED_RSS = "atom.xml", "rss.xml"
FEED_ALL_ATOM = None
CATEGORY_FEED_ATOM, CATEGORY_FEED_RSS = "category/{slug}/atom.xml", "category/{slug}/rss.xml"
TAG_FEED_ATOM, TAG_FEED_RSS = "tags/{slug}/atom.xml", "tags/{slug}/rss.xml"
AUTHOR_FEED_ATOM, AUTHOR_FEED_RSS = "author/{slug}/atom.xml", "author/{slug}/rss.xml"
FEED_MAX_ITEMS = 50
RSS_FEED_SUMMARY_ONLY = False
MARKDOWN = {
    "extension_configs": {
        "markdown.extensions.fenced_code": {},
        "markdown.extensions.meta": {},
        "markdown.extensions.tables": {},
    }
}


def _minutes(html: str) -> int:
    """Say how long a text takes to read."""
    return max(1, round(len(re.sub(r"<[^>]*>", " ", html).split()) / 220))


JINJA_FILTERS = {"minutes": _minutes}


class Extra(Generator):
    """AMP pages and JSON feeds."""

    articles: ArticlesGenerator

    def generate_output(self, writer: Writer) -> None:
        """Write what Pelican itself has no output for."""
        for article in self.articles.articles:
            writer.write_file(
                f"articles/{article.slug}/amp/index.html",
                self.get_template("amp"),
                self.context,
                article=article,
                url=f"articles/{article.slug}/amp/",
            )
        self._feed("", self.settings["SITENAME"], self.articles.articles)
        for groups in (self.articles.categories, self.articles.authors):
            for group, articles in groups:
                self._feed(group.url, group.name, articles)
        for tag, articles in self.articles.tags.items():
            self._feed(tag.url, tag.name, articles)

    def _feed(self, url: str, title: str, articles: list[Any]) -> None:
        home = f"{SITEURL}/{url}"
        newest = sorted(articles, key=lambda article: article.date, reverse=True)[:50]
        said = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": title,
            "home_page_url": home,
            "feed_url": f"{home}feed.json",
            "items": [_item(article) for article in newest],
        }
        with open(f"{self.output_path}/{url}feed.json", "w", encoding="utf-8") as file:  # noqa: PTH123 - Pelican's own way
            json.dump(said, file, ensure_ascii=False)


def _item(article: Any) -> dict[str, Any]:
    page = f"{SITEURL}/{article.url}"
    return {
        "id": page,
        "url": page,
        "title": article.title,
        "summary": article.summary,
        "content_html": article.content,
        "date_published": article.date.isoformat(),
        "authors": [{"name": article.author.name}],
        "tags": [tag.name for tag in article.tags],
    }


def _remember(generator: ArticlesGenerator) -> None:
    """Keep the articles, each with the three before it in its section, as Neighbors does."""
    Extra.articles = generator
    for _, articles in generator.categories:
        newest_first = sorted(articles, key=lambda article: article.date, reverse=True)
        for at, article in enumerate(newest_first, start=1):
            article.earlier = newest_first[at : at + 3]


class _Plugin:
    """What Pelican takes for a plugin."""

    __name__ = "bench"

    @staticmethod
    def register() -> None:
        """Add the generator, and read a list of tags as YAML writes it."""
        tags = readers.METADATA_PROCESSORS["tags"]
        readers.METADATA_PROCESSORS["tags"] = lambda value, settings: tags(
            value.strip("[]"), settings
        )
        signals.article_generator_finalized.connect(_remember)
        signals.get_generators.connect(_generators)


def _generators(_: object) -> type[Extra]:
    return Extra


PLUGINS = [_Plugin()]
