"""What authors/NAME.md changes in the output: whose pages are rendered, portraits, feeds."""

import json
from io import BytesIO

import pytest
from lxml import html
from PIL import Image

from syndicate.model.articles import Person
from syndicate.web.pages import WebPages
from tests.publish.newsroom import Newsroom

ADA, BO = Person(name="Ada Lind"), Person(name="Bo Falk")
ABOUT = "---\nname: Ada Lind\nrole: City editor\nportrait: ada.png\n---\nShe has a boat.\n"


@pytest.fixture
def newsroom(copy_of, publication):
    return copy_of(publication(publication={"url": "https://post.example"}), fill)


def fill(made: Newsroom) -> None:
    """File an article by Ada, one by Bo and one by both, and a file about Ada."""
    made.file("boats", authors=(ADA,), section="City")
    made.file("trams", authors=(BO,), section="City")
    made.file("both", authors=(ADA, BO))
    write(made, "ada.md", ABOUT)
    draw(made, "ada.png", "#336699")
    made.build()


def write(newsroom: Newsroom, name: str, text: str) -> None:
    folder = newsroom.config.root / "authors"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def draw(newsroom: Newsroom, name: str, colour: str) -> None:
    data = BytesIO()
    Image.new("RGB", (600, 800), colour).save(data, "PNG")
    (newsroom.config.root / "authors" / name).write_bytes(data.getvalue())


def page(newsroom: Newsroom, path: str) -> html.HtmlElement:
    return html.fromstring(newsroom.files()[path].decode())


def written(built) -> set[str]:
    """The pages that were written, without feeds, and without what is written at each build."""
    return {path for path in built.written if path.endswith(".html")}


def test_an_article_ends_with_who_wrote_it(newsroom):
    found = page(newsroom, "articles/boats/index.html")
    (card,) = found.cssselect(".authors .author")
    assert card.text_content().split() == [
        "Ada",
        "Lind",
        "City",
        "editor",
        "She",
        "has",
        "a",
        "boat.",
    ]
    assert [a.get("href") for a in card.cssselect("a")] == ["/authors/ada-lind/"]
    sizes = [(img.get("width"), img.get("alt")) for img in found.cssselect(".face")]
    assert sizes == [("40", ""), ("64", "")]


def test_two_authors_of_whom_one_has_a_portrait_have_none_beside_the_byline(newsroom):
    found = page(newsroom, "articles/both/index.html")
    assert not found.cssselect(".signed .face")
    assert len(found.cssselect(".authors .author")) == 1
    assert not page(newsroom, "articles/trams/index.html").cssselect(".face, .authors")


def test_the_portraits_that_pages_load_are_in_the_output(newsroom):
    files = newsroom.files()
    loaded = {
        img.get("src").removeprefix("/")
        for path in ("articles/boats/index.html", "authors/ada-lind/index.html")
        for img in page(newsroom, path).cssselect(".face")
    }
    assert loaded
    assert loaded <= files.keys()
    with Image.open(BytesIO(files[min(loaded)])) as image:
        assert image.width == image.height


def test_the_authors_page_says_who_it_is(newsroom):
    found = page(newsroom, "authors/ada-lind/index.html")
    assert found.cssselect(".listing .role")[0].text_content() == "City editor"
    assert found.cssselect(".listing .about")[0].text_content().strip() == "She has a boat."
    (face,) = found.cssselect(".listing > header .face")
    assert (face.get("width"), face.get("height")) == ("96", "96")
    data = json.loads(found.cssselect("script[type='application/ld+json']")[0].text)
    assert (data["@type"], data["mainEntity"]["jobTitle"]) == ("ProfilePage", "City editor")
    assert data["mainEntity"]["url"] == "https://post.example/authors/ada-lind/"
    assert data["mainEntity"]["image"].endswith("-512x512.jpg")
    assert found.xpath("//meta[@name='description']/@content") == ["City editor. She has a boat."]
    assert not page(newsroom, "authors/bo-falk/index.html").cssselect(
        ".face, .listing .about, .role"
    )


def test_an_articles_structured_data_knows_its_author(newsroom):
    found = page(newsroom, "articles/both/index.html")
    data = json.loads(found.cssselect("script[type='application/ld+json']")[0].text)
    ada, bo = data["author"]
    assert (ada["jobTitle"], ada["url"]) == (
        "City editor",
        "https://post.example/authors/ada-lind/",
    )
    assert bo == {"@type": "Person", "name": "Bo Falk"}


def test_feeds_have_the_authors_page_and_portrait(newsroom):
    items = json.loads(newsroom.files()["feed.json"])["items"]
    authors = {item["id"]: item["authors"] for item in items}
    (ada,) = authors["urn:test:boats"]
    assert ada["url"] == "https://post.example/authors/ada-lind/"
    assert ada["avatar"].removeprefix("https://post.example/") in newsroom.files()
    assert authors["urn:test:trams"] == [{"name": "Bo Falk"}]


def test_a_change_renders_the_authors_pages_and_articles_and_no_others(newsroom):
    assert not newsroom.build().written
    write(newsroom, "ada.md", ABOUT.replace("City editor", "Chief reporter"))
    assert written(newsroom.build()) == {
        "articles/boats/index.html",
        "articles/boats/amp/index.html",
        "articles/both/index.html",
        "articles/both/amp/index.html",
        "authors/ada-lind/index.html",
        "authors/index.html",
    }
    assert not newsroom.build().written


def test_a_page_has_everybody_with_a_file_by_name_and_leads_to_what_they_wrote(newsroom):
    write(newsroom, "bo.md", "---\nname: bo falk\n---\nTrams.\n")
    write(newsroom, "zoe.md", "---\nname: Zoe Ang\nrole: Publisher\n---\n")
    newsroom.build()
    people = page(newsroom, "authors/index.html")
    assert [" ".join(card.text_content().split()) for card in people.cssselect(".author")] == [
        "Ada Lind City editor She has a boat.",
        "bo falk Trams.",
        "Zoe Ang Publisher",
    ]
    assert people.xpath("//a[@rel='author']/@href") == ["/authors/ada-lind/", "/authors/bo-falk/"]
    (face,) = people.cssselect(".face")
    assert (face.get("width"), face.get("loading")) == ("96", "lazy")
    assert face.get("src").removeprefix("/") in newsroom.files()
    assert b"/authors/</loc>" in newsroom.files()["sitemaps/pages.xml"]
    assert page(newsroom, "authors/bo-falk/index.html").xpath("//header/p/a/@href") == ["/authors/"]


def test_the_page_of_authors_follows_their_files_and_their_first_articles(newsroom):
    write(newsroom, "zoe.md", "---\nname: Zoe Ang\n---\n")
    newsroom.build()
    assert "authors/index.html" not in newsroom.build().written
    newsroom.file("fares", authors=(Person(name="Zoe Ang"),))
    assert "authors/index.html" in newsroom.build().written
    newsroom.file("bells", authors=(Person(name="Zoe Ang"),))
    assert "authors/index.html" not in newsroom.build().written
    for name in ("ada", "zoe"):
        (newsroom.config.root / f"authors/{name}.md").unlink()
    assert "authors/index.html" in newsroom.build().deleted
    assert b"/authors/</loc>" not in newsroom.files()["sitemaps/pages.xml"]
    assert not page(newsroom, "authors/ada-lind/index.html").cssselect("header .kind a")


def test_every_foot_leads_to_the_page_of_authors_while_there_is_one(newsroom):
    place = "//footer//a[@href='/authors/' or @href='https://post.example/authors/']"
    feet = ["index.html", "articles/trams/index.html", "articles/trams/amp/index.html", "404.html"]
    web = WebPages(newsroom.config)
    for text, linked in ((ABOUT, 1), (ABOUT.replace("role:", "listed: false\nrole:"), 0)):
        write(newsroom, "ada.md", text)
        newsroom.build()
        assert {len(page(newsroom, path).xpath(place)) for path in feet} == {linked}
        assert len(html.fromstring(bytes(web.busy().body)).xpath(place)) == linked


def test_who_has_left_keeps_the_page_and_is_not_listed(newsroom):
    write(newsroom, "ada.md", ABOUT.replace("role:", "listed: false\nrole:"))
    assert "authors/index.html" in newsroom.build().deleted
    found = page(newsroom, "authors/ada-lind/index.html")
    assert found.cssselect(".listing .role")
    assert not found.xpath("//a[@href='/authors/']")


def test_a_new_portrait_is_published_and_shown(newsroom):
    before = newsroom.files()
    draw(newsroom, "ada.png", "#993333")
    newsroom.build()
    after = newsroom.files()
    new = {path for path in after.keys() - before.keys() if path.startswith("media/")}
    (face,) = page(newsroom, "authors/ada-lind/index.html").cssselect(".listing > header .face")
    assert face.get("src").removeprefix("/") in new


def test_who_has_a_file_no_more_is_shown_without(newsroom):
    (newsroom.config.root / "authors/ada.md").unlink()
    newsroom.build()
    assert not page(newsroom, "articles/boats/index.html").cssselect(".face, .authors")
    assert not page(newsroom, "authors/ada-lind/index.html").cssselect(".face, .listing .about")


def test_a_file_with_a_mistake_is_reported_and_changes_nothing_that_is_published(newsroom):
    before = newsroom.files()
    write(newsroom, "ada.md", "---\nnaem: Ada Lind\n---\n")
    write(newsroom, "bo.md", "---\nname: Bo Falk\nrole: Poet\n---\n")
    built = newsroom.build()
    assert [str(problem) for problem in built.warnings] == [
        "authors/ada.md:2: naem is unknown; did you mean name?"
    ]
    assert "authors/bo-falk/index.html" in built.written
    for path in ("articles/boats/index.html", "authors/ada-lind/index.html"):
        assert newsroom.files()[path] == before[path]


def test_what_is_built_by_and_by_is_what_is_built_at_once(newsroom, tmp_path):
    write(newsroom, "ada.md", ABOUT.replace("City editor", "Chief reporter"))
    newsroom.build()
    by_and_by = newsroom.files()
    newsroom.build(everything=True)
    assert newsroom.files() == by_and_by
