"""One publication, written out and served, and one browser, for all tests of pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.config import Config, Newsletter
from syndicate.config.sections.navigation import Section
from syndicate.config.sections.publication import ThemeSettings
from syndicate.render import addresses
from syndicate.render.pages import ArticlePages, ListPages, PageFrame
from syndicate.render.templates import Templates
from syndicate.render.topics import TopicKind
from tests.browser import served
from tests.render.pages import sample_publication
from tests.render.pages.embed_samples import everything
from tests.render.pages.list_samples import ADA, blocks, home, listing, offers

LOGO = ThemeSettings(masthead="logo", logo=Path("a.svg"), logo_dark=Path("b.svg"))
MANY = tuple(f"Tag {number}" for number in range(50))


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return sample_publication.config(tmp_path)


@pytest.fixture
def frame(config: Config) -> PageFrame:
    return PageFrame(config, Templates())


@pytest.fixture
def pages(frame: PageFrame) -> ArticlePages:
    return ArticlePages(frame)


@pytest.fixture
def lists(frame: PageFrame) -> ListPages:
    return ListPages(frame)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole publication as files, with every kind of page in it."""
    folder = tmp_path_factory.mktemp("site")
    sections = tuple(Section(title=name) for name in ("Region", "Port", "Science", "City"))
    config = sample_publication.config(folder, ads=sample_publication.ADS, sections=sections)
    config = config.override(newsletters=(Newsletter(name="briefing", description="At seven."),))
    frame = PageFrame(config, Templates())
    pages, lists = ArticlePages(frame), ListPages(frame)
    articles = sample_publication.edition()
    files = {
        "index.html": home(lists, articles, strip=articles[0], sections=blocks(articles)),
        "breaking.html": lists.breaking(articles[0], articles[:2]),
        "calm.html": lists.breaking(None),
        "empty.html": home(lists, []),
        "withdrawn.html": pages.withdrawn(
            sample_publication.article(retracted_at=sample_publication.AT)
        ),
        "embeds.html": pages.article(sample_publication.article(body=everything())),
        "logo.html": ArticlePages(PageFrame(config.override(theme=LOGO), Templates())).article(
            sample_publication.article()
        ),
        "moved.html": pages.redirect("/articles/story-1/"),
        addresses.output_path(addresses.section("Region")): listing(
            lists, kind=TopicKind.SECTION, name="Region"
        ),
        addresses.output_path(addresses.tag("river")): listing(lists, newer="/", number=2),
        addresses.output_path(addresses.author("Ada Lind")): listing(
            lists,
            kind=TopicKind.AUTHOR,
            name="Ada Lind",
            person=ADA,
            stories=[sample_publication.article(authors=(ADA,), slug="story-1")],
            older="/tags/river/",
        ),
        addresses.output_path(addresses.SUBSCRIBE): lists.subscribe(offers(config, articles)),
        "many/index.html": lists.subscribe(offers(config, [sample_publication.article(tags=MANY)])),
        **frame.assets(),
    }
    cards = [lists.card(article) for article in articles[2:5]]
    for article in articles:
        files[addresses.output_path(article.address)] = pages.article(article, cards=cards)
        files[addresses.output_path(addresses.amp(article))] = pages.amp(article, cards=cards)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    sample_publication.draw(folder / "media")
    return folder


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the publication is served."""
    with served(site) as address:
        yield address
